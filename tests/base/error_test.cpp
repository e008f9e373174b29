#include "pdmp/error.h"

#include <gtest/gtest.h>

namespace pdmp {
namespace {

TEST(Error, CarriesKindAndMessage) {
  const Error error(ErrorKind::data, "expected 2 classes, found 1");
  EXPECT_EQ(error.kind(), ErrorKind::data);
  EXPECT_STREQ(error.what(), "expected 2 classes, found 1");
}

TEST(Error, ExitCodes) {
  EXPECT_EQ(exit_code(ErrorKind::usage), 2);
  EXPECT_EQ(exit_code(ErrorKind::data), 1);
  EXPECT_EQ(exit_code(ErrorKind::io), 1);
  EXPECT_EQ(exit_code(ErrorKind::busy), 75);
  EXPECT_EQ(exit_code(ErrorKind::interrupted), 130);
}

}  // namespace
}  // namespace pdmp

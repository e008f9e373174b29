#include "pdmp/error.h"

#include <gtest/gtest.h>

namespace pdmp {
namespace {

TEST(Error, CarriesKindAndMessage) {
  const Error error(ErrorKind::data, "expected 2 classes, found 1");
  EXPECT_EQ(error.kind(), ErrorKind::data);
  EXPECT_STREQ(error.what(), "expected 2 classes, found 1");
}

TEST(Error, CarriesWhatTheMessageSaysAsFields) {
  const Error error(ErrorKind::usage, "run.toml:3: lr: expected a number, found 'x'; leave `lr` out",
                    {.option = "lr", .expected = "a number", .found = "x", .file = "run.toml", .line = 3});
  EXPECT_STREQ(error.what(), "run.toml:3: lr: expected a number, found 'x'; leave `lr` out");
  EXPECT_EQ(error.option(), "lr");
  EXPECT_EQ(error.expected(), "a number");
  EXPECT_EQ(error.found(), "x");
  EXPECT_EQ(error.file(), "run.toml");
  EXPECT_EQ(error.line(), 3);
  const Error again(ErrorKind::data, "the same", error.details());
  EXPECT_EQ(again.option(), "lr");
  EXPECT_EQ(again.line(), 3);
}

TEST(Error, FieldsAreEmptyWhereNobodyGivesThem) {
  const Error error(ErrorKind::io, "no");
  EXPECT_EQ(error.option() + error.expected() + error.found() + error.file(), "");
  EXPECT_EQ(error.line(), 0);
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

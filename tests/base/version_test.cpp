#include "pdmp/version.h"

#include <gmock/gmock.h>

namespace pdmp {
namespace {

TEST(Version, OfHeaderAndLibraryIsOne) {
  EXPECT_STREQ(version(), PDMP_VERSION);
  EXPECT_THAT(version(), ::testing::MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+"));
}

}  // namespace
}  // namespace pdmp

#include "data/decode/pixels.h"

#include <gtest/gtest.h>

namespace pdmp::data {
namespace {

TEST(Pixels, RowsFollowEachOtherWithoutGaps) {
  const Pixels pixels(2, 3, 3);
  EXPECT_EQ(pixels.row(1) - pixels.row(0), 9);
  EXPECT_EQ(pixels.data(), pixels.row(0));
  EXPECT_FALSE(pixels.empty());
}

TEST(Pixels, CopiesShareTheBytes) {
  const Pixels pixels(1, 1, 1), copy = pixels;
  *copy.data() = 7;
  EXPECT_EQ(*pixels.data(), 7);
}

TEST(Pixels, WithoutAnySideThereAreNone) {
  EXPECT_TRUE(Pixels().empty());
  EXPECT_TRUE(Pixels(0, 4, 3).empty());
}

}  // namespace
}  // namespace pdmp::data

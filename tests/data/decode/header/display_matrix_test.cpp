#include "data/decode/header/display_matrix.h"

#include <array>
#include <gtest/gtest.h>

namespace pdmp::data {
namespace {

constexpr int32_t kOne = 1 << 16, kLast = 1 << 30;

int orientation(int32_t a, int32_t b, int32_t c, int32_t d) {
  const std::array<int32_t, 9> matrix = {a, b, 0, c, d, 0, 0, 0, kLast};
  return orientation_of_matrix(matrix.data());
}

TEST(DisplayMatrix, GivesTheEightOrientationsOfExif) {
  EXPECT_EQ(orientation(kOne, 0, 0, kOne), 1);
  EXPECT_EQ(orientation(-kOne, 0, 0, kOne), 2);
  EXPECT_EQ(orientation(-kOne, 0, 0, -kOne), 3);
  EXPECT_EQ(orientation(kOne, 0, 0, -kOne), 4);
  EXPECT_EQ(orientation(0, kOne, kOne, 0), 5);
  EXPECT_EQ(orientation(0, kOne, -kOne, 0), 6);
  EXPECT_EQ(orientation(0, -kOne, -kOne, 0), 7);
  EXPECT_EQ(orientation(0, -kOne, kOne, 0), 8);
}

TEST(DisplayMatrix, ScaleAndRoundingDoNotMatter) {
  EXPECT_EQ(orientation(3 * kOne, 0, 0, 2 * kOne), 1);
  EXPECT_EQ(orientation(300, kOne, -kOne, 300), 6);  // 89.7 degrees
  EXPECT_EQ(orientation(0, 0, 0, 0), 1);
}

TEST(DisplayMatrix, OtherAnglesAreNone) {
  EXPECT_EQ(orientation(kOne, kOne, -kOne, kOne), 0);
  EXPECT_EQ(orientation(kOne, kOne / 2, -kOne / 2, kOne), 0);
}

}  // namespace
}  // namespace pdmp::data

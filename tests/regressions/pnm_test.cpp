// PBM, PGM and PPM, binary and plain: Pillow's values.
#include <gtest/gtest.h>

#include "data/decode/image/image.h"
#include "support/expect_error.h"
#include "support/media/tensors.h"
#include "support/pattern_picture.h"
#include "support/temporary_directory.h"

namespace pdmp {
namespace {

using testing::expect_error;
using testing::TemporaryDirectory;
using Values = std::vector<int64_t>;

Values decoded(const std::string& file, int64_t channels = 1) {
  const TemporaryDirectory directory;
  return testing::values(image_tensor(directory.write("a.ppm", file), channels));
}

TEST(Pnm, BitsThatAreSetAreBlack) {
  const Values expected = {255, 0, 0, 255, 0, 255, 255, 255, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255};
  EXPECT_EQ(decoded("P4\n9 2\n" + std::string("\x68\x80\x80\0", 4)), expected);
  EXPECT_EQ(decoded("P1 9 2\n011010001\n1 0 0 0 0 0 0 0 0\n"), expected);
}

TEST(Pnm, SamplesAreScaledAndRounded) {
  EXPECT_EQ(decoded("P5 3 1 2\n" + std::string("\0\1\2", 3)), (Values{0, 128, 255}));  // half way: to even
  EXPECT_EQ(decoded("P2 # gray\n3 1\n100\n0 50 99"), (Values{0, 128, 252}));
  EXPECT_EQ(decoded("P5 2 1 255\nAz"), (Values{'A', 'z'}));
  EXPECT_EQ(decoded("P6 1 1 1023\n" + std::string("\x02\0\0\4\3\xFF", 6), 3), (Values{128, 1, 255}));
  EXPECT_EQ(decoded("P3 1 1 15 15 0 7", 3), (Values{255, 0, 119}));
}

TEST(Pnm, SixteenBitsOfGrayKeepTheirUpperByte) {
  EXPECT_EQ(decoded("P5 2 1 65535\n" + std::string("\1\xFF\xFE\0", 4)), (Values{1, 254}));
  EXPECT_EQ(decoded("P2 1 1 1023 512"), (Values{128}));
}

TEST(Pnm, WhatIsCutIsRefused) {
  for (const char* file : {"P5 2 2 255\nabc", "P4 9 2\nabc", "P6 1 1 255\nab", "P5 1 1 300\na", "P2 2 1 9\n1",
                           "P1 3 1\n01", "P2 1 1 9\n10", "P5 0 1 255\n", "P5 1 1 0\na", "P5 1 1 65536\nab", "P5 x"}) {
    expect_error(ErrorKind::data, {"a.ppm", "PGM"}, [&] { decoded(file); });
  }
  expect_error(ErrorKind::data, {"a.ppm", "64 million pixels"}, [] { decoded("P6 30000 30000 255 abc"); });
}

}  // namespace
}  // namespace pdmp

#include "data/encode/encode_jpeg.h"

#include <gtest/gtest.h>

#include "base/files/file.h"
#include "data/decode/image/image.h"
#include "support/expect_error.h"
#include "support/media/tensors.h"
#include "support/temporary_directory.h"

namespace pdmp::data {
namespace {

using testing::expect_error;
using testing::TemporaryDirectory;

Tensor gradient(int64_t height, int64_t width) {
  const Tensor x = torch::arange(width).unsqueeze(0), y = torch::arange(height).unsqueeze(1);
  return torch::stack({200 - x + 0 * y, 100 + y + 0 * x, 50 + x + 0 * y}, 2).to(torch::kUInt8);
}

int64_t largest_difference(const Tensor& a, const Tensor& b) {
  return (a.to(torch::kInt64) - b.to(torch::kInt64)).abs().max().item<int64_t>();
}

TEST(WriteJpeg, KeepsThePictureToTheLastRowAndColumn) {
  const TemporaryDirectory directory;
  for (const auto& [height, width] : {std::pair<int64_t, int64_t>{64, 96}, {67, 97}, {5, 3}, {1, 1}}) {
    write_jpeg(directory / "a.jpg", gradient(height, width));
    const Tensor found = image_tensor(directory / "a.jpg");
    ASSERT_EQ(found.sizes(), (std::vector<int64_t>{height, width, 3}));
    EXPECT_LE(largest_difference(found, gradient(height, width)), 6) << height << 'x' << width;
  }
}

TEST(WriteJpeg, LosesMoreAtLowerQuality) {
  const TemporaryDirectory directory;
  const Tensor noise = torch::randint(256, {64, 64, 3}, torch::kInt64).to(torch::kUInt8);
  write_jpeg(directory / "fine.jpg", noise, 100);
  write_jpeg(directory / "usual.jpg", noise);
  write_jpeg(directory / "coarse.jpg", noise, 10);
  EXPECT_GT(std::filesystem::file_size(directory / "fine.jpg"), std::filesystem::file_size(directory / "usual.jpg"));
  EXPECT_GT(std::filesystem::file_size(directory / "usual.jpg"), std::filesystem::file_size(directory / "coarse.jpg"));
}

// The last and coarsest steps of libjpeg at quality 95: 10 of 99 for brightness and for colour.
TEST(WriteJpeg, QuantisesAsLibjpegAt95) {
  const TemporaryDirectory directory;
  write_jpeg(directory / "a.jpg", gradient(16, 16));
  const std::string bytes = read_file(directory / "a.jpg");
  const size_t table = bytes.find("\xFF\xDB");
  ASSERT_NE(table, std::string::npos);
  const std::string brightness = bytes.substr(table + 5, 64);  // in zigzag order
  EXPECT_EQ(brightness.substr(1, 8), std::string("\1\1\1\1\1\2\1\1", 8));
  EXPECT_EQ(brightness[63], 10);
}

TEST(WriteJpeg, RefusesWhatItCannotWrite) {
  const TemporaryDirectory directory;
  expect_error(ErrorKind::data, {"JPEG", "4, 4, 1"}, [&] {
    write_jpeg(directory / "a.jpg", torch::zeros({4, 4, 1}, torch::kUInt8));
  });
  expect_error(ErrorKind::data, {"image", "Float"}, [&] { write_jpeg(directory / "a.jpg", torch::zeros({4, 4, 3})); });
  expect_error(ErrorKind::usage, {"quality", "0"}, [&] { write_jpeg(directory / "a.jpg", gradient(4, 4), 0); });
  expect_error(ErrorKind::io, {"no/a.jpg"}, [&] { write_jpeg(directory / "no/a.jpg", gradient(4, 4)); });
}

}  // namespace
}  // namespace pdmp::data

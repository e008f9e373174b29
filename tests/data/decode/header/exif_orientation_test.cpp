#include "data/decode/header/exif_orientation.h"

#include <gtest/gtest.h>

#include "base/files/file.h"
#include "data/decode/image/image.h"
#include "data/encode/encode_jpeg.h"
#include "support/media/tensors.h"
#include "support/temporary_directory.h"

namespace pdmp::data {
namespace {

using testing::TemporaryDirectory;

std::string number(uint32_t value, size_t width, bool little) {
  std::string bytes;
  for (size_t i = 0; i < width; ++i) {
    bytes += static_cast<char>(value >> 8 * (little ? i : width - 1 - i) & 0xFFu);
  }
  return bytes;
}

// A TIFF block with two entries: the camera's maker, and the orientation.
std::string tiff(uint32_t orientation, bool little) {
  const auto n = [&](uint32_t value, size_t width) { return number(value, width, little); };
  return (little ? "II" : "MM") + n(42, 2) + n(8, 4) + n(2, 2) +                    // directory at 8, two entries
         n(0x010F, 2) + n(2, 2) + n(3, 4) + std::string("ab\0\0", 4) +              // Make
         n(0x0112, 2) + n(3, 2) + n(1, 4) + n(orientation, 2) + n(0, 2) + n(0, 4);  // Orientation, one short
}

std::string with_exif(const std::string& jpeg, const std::string& block) {
  const std::string body = std::string("Exif\0\0", 6) + block;
  return jpeg.substr(0, 2) + "\xFF\xE1" + number(static_cast<uint32_t>(body.size() + 2), 2, false) + body +
         jpeg.substr(2);
}

// [[1, 2, 3], [4, 5, 6]]
Tensor stored() { return torch::arange(1, 7).to(torch::kUInt8).reshape({2, 3, 1}); }

TEST(ExifOrientation, TurnsEachOfTheEight) {
  const std::vector<std::vector<std::vector<int64_t>>> upright = {
      {{1, 2, 3}, {4, 5, 6}},    // 1: row 0 is the top, column 0 the left
      {{3, 2, 1}, {6, 5, 4}},    // 2: top, right
      {{6, 5, 4}, {3, 2, 1}},    // 3: bottom, right
      {{4, 5, 6}, {1, 2, 3}},    // 4: bottom, left
      {{1, 4}, {2, 5}, {3, 6}},  // 5: left, top
      {{4, 1}, {5, 2}, {6, 3}},  // 6: right, top
      {{6, 3}, {5, 2}, {4, 1}},  // 7: right, bottom
      {{3, 6}, {2, 5}, {1, 4}},  // 8: left, bottom
  };
  for (size_t i = 0; i < upright.size(); ++i) {
    const Tensor turned = tensor_of(turn_upright(pixels_of(stored()), static_cast<int>(i) + 1));
    for (size_t y = 0; y < upright[i].size(); ++y) {
      for (size_t x = 0; x < upright[i][y].size(); ++x) {
        EXPECT_EQ(turned[static_cast<int64_t>(y)][static_cast<int64_t>(x)].item<int64_t>(), upright[i][y][x]) << i + 1;
      }
    }
  }
}

TEST(ExifOrientation, IsReadInBothByteOrders) {
  const std::string jpeg("\xFF\xD8\xFF\xDA\0\2\xFF\xD9", 8);
  for (uint32_t orientation = 1; orientation <= 8; ++orientation) {
    EXPECT_EQ(exif_orientation(with_exif(jpeg, tiff(orientation, true))), static_cast<int>(orientation));
    EXPECT_EQ(exif_orientation(with_exif(jpeg, tiff(orientation, false))), static_cast<int>(orientation));
  }
}

TEST(ExifOrientation, IsReadFromPngAndWebp) {
  const std::string block = tiff(6, false);
  const auto size = static_cast<uint32_t>(block.size());
  EXPECT_EQ(exif_orientation("\x89PNG\r\n\x1A\n" + number(size, 4, false) + "eXIf" + block + "crc_"), 6);
  const std::string webp = "RIFF" + number(size + 12, 4, true) + "WEBP" + "EXIF" + number(size, 4, true) + block;
  EXPECT_EQ(exif_orientation(webp), 6);
}

TEST(ExifOrientation, IsAsStoredWhereThereIsNothingSensible) {
  const std::string jpeg("\xFF\xD8\xFF\xDA\0\2\xFF\xD9", 8);
  EXPECT_EQ(exif_orientation(jpeg), 1);
  EXPECT_EQ(exif_orientation(""), 1);
  EXPECT_EQ(exif_orientation(with_exif(jpeg, tiff(0, true))), 1);
  EXPECT_EQ(exif_orientation(with_exif(jpeg, tiff(9, true))), 1);
  const std::string block = tiff(6, true);
  for (size_t length = 0; length + 8 < block.size(); ++length) {  // cut anywhere before the value
    EXPECT_EQ(exif_orientation(with_exif(jpeg, block.substr(0, length))), 1) << length;
  }
  std::string far = block;
  far.replace(4, 4, "\xF0\xFF\xFF\xFF");  // the directory lies behind the end
  EXPECT_EQ(exif_orientation(with_exif(jpeg, far)), 1);
}

// A photo of a telephone held upright: the sensor's rows are columns.
TEST(ExifOrientation, DecodeImageTurnsPhotosAndCutsTheTurnedOnes) {
  const TemporaryDirectory directory;
  const Tensor picture = (torch::arange(40 * 56 * 3) % 251).to(torch::kUInt8).reshape({40, 56, 3});
  write_jpeg(directory / "a.jpg", picture);
  const std::string jpeg = read_file(directory / "a.jpg");
  directory.write("turned.jpg", with_exif(jpeg, tiff(6, false)));
  const Tensor upright = tensor_of(turn_upright(decode_image(directory / "a.jpg"), 6));
  ASSERT_EQ(upright.sizes(), (std::vector<int64_t>{56, 40, 3}));
  EXPECT_TRUE(torch::equal(image_tensor(directory / "turned.jpg"), upright));
  const CropBox box{7, 3, 31, 22};
  const Tensor part = image_tensor(directory / "turned.jpg", 3, [&](int64_t height, int64_t width) {
    EXPECT_EQ(height, 56);
    EXPECT_EQ(width, 40);
    return box;
  });
  EXPECT_TRUE(torch::equal(part, crop(upright, box)));
}

}  // namespace
}  // namespace pdmp::data

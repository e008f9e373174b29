#include "data/decode/image/decode_jpeg.h"

#include <gtest/gtest.h>
#include <string>

#include "base/files/file.h"
#include "data/files/limits.h"
#include "support/coded_jpeg.h"
#include "support/expect_error.h"
#include "support/golden.h"
#include "support/media/tensors.h"

namespace pdmp::data {
namespace {

Tensor decode(const std::string& name, std::string_view bytes, int64_t channels, const ChoosePart& part = {}) {
  const FileLimits limits;
  return tensor_of(decode_jpeg(FileReading(name, limits), bytes, channels, part));
}

using testing::coded_jpeg;
using testing::expect_error;
using testing::golden;

std::string golden_bytes(const std::string& name) { return read_file(golden(name)); }

struct Coding {
  int horizontal = 2, vertical = 2;  // samples of brightness for one of colour
  bool progressive = false, grey = false;
};

// A picture of noise, coded with libjpeg itself.
std::string coded(int64_t height, int64_t width, const Coding& coding) {
  torch::manual_seed(height * 1000 + width);
  const Tensor picture = torch::randint(256, {height, width, coding.grey ? 1 : 3}, torch::kUInt8);
  return coded_jpeg(picture, coding.grey ? JCS_GRAYSCALE : JCS_RGB, [&](jpeg_compress_struct& info) {
    if (!coding.grey) {
      info.comp_info[0].h_samp_factor = coding.horizontal;
      info.comp_info[0].v_samp_factor = coding.vertical;
    }
    if (coding.progressive) jpeg_simple_progression(&info);
  });
}

std::vector<int64_t> pixel(const Tensor& picture, int64_t y, int64_t x) {
  const Tensor values = picture[y][x].to(torch::kInt64);
  return {values.data_ptr<int64_t>(), values.data_ptr<int64_t>() + values.numel()};
}

std::vector<int64_t> sums(const Tensor& picture) {
  const Tensor values = picture.to(torch::kInt64).sum(torch::IntArrayRef{0, 1});
  return {values.data_ptr<int64_t>(), values.data_ptr<int64_t>() + values.numel()};
}

using Numbers = std::vector<int64_t>;

// Expected numbers: Pillow 13, convert("RGB") and convert("L") of that.
TEST(DecodeJpeg, GivesPillowsPixels) {
  for (const char* name : {"gradient.jpg", "progressive.jpg"}) {
    const Tensor picture = decode(name, golden_bytes(name), 3);
    ASSERT_EQ(picture.sizes(), (Numbers{24, 32, 3})) << name;
    EXPECT_EQ(sums(picture), (Numbers{95254, 88320, 83259})) << name;
    EXPECT_EQ(pixel(picture, 0, 0), (Numbers{0, 1, 2})) << name;
    EXPECT_EQ(pixel(picture, 12, 16), (Numbers{128, 121, 113})) << name;
    EXPECT_EQ(pixel(picture, 23, 31), (Numbers{249, 229, 218})) << name;
    EXPECT_EQ(sums(decode(name, golden_bytes(name), 1)), (Numbers{89809})) << name;
  }
}

TEST(DecodeJpeg, GivesPillowsPixelsOfCmyk) {
  const Tensor picture = decode("cmyk.jpg", golden_bytes("cmyk.jpg"), 3);
  EXPECT_EQ(sums(picture), (Numbers{95208, 88320, 82944}));
  EXPECT_EQ(pixel(picture, 0, 0), (Numbers{0, 0, 0}));
  EXPECT_EQ(pixel(picture, 12, 16), (Numbers{128, 120, 111}));
  EXPECT_EQ(pixel(picture, 23, 31), (Numbers{248, 230, 216}));
  EXPECT_EQ(sums(decode("cmyk.jpg", golden_bytes("cmyk.jpg"), 1)), (Numbers{89769}));
}

TEST(DecodeJpeg, GreyIsTheSameInThreeChannels) {
  const std::string bytes = coded(21, 37, {.grey = true});
  const Tensor grey = decode("grey.jpg", bytes, 1);
  EXPECT_TRUE(torch::equal(decode("grey.jpg", bytes, 3), grey.expand({21, 37, 3})));
}

// Whatever the sampling of colours, wherever the part lies.
TEST(DecodeJpeg, APartIsThatOfTheWholePicture) {
  constexpr int64_t kHeight = 83, kWidth = 139;
  for (const Coding& coding : {Coding{2, 2}, Coding{2, 2, true}, Coding{1, 1}, Coding{2, 1}, Coding{1, 2}, Coding{4, 1},
                               Coding{4, 1, true}, Coding{.grey = true}}) {
    const std::string bytes = coded(kHeight, kWidth, coding);
    RandomStream random(5);
    for (const int64_t channels : {1, 3}) {
      const Tensor whole = decode("a.jpg", bytes, channels);
      for (int i = 0; i < 60; ++i) {
        CropBox box;
        box.height = random.integer(1, kHeight);
        box.width = random.integer(1, kWidth);
        box.top = random.integer(0, kHeight - box.height);
        box.left = random.integer(0, kWidth - box.width);
        const Tensor part = decode("a.jpg", bytes, channels, [&](int64_t height, int64_t width) {
          EXPECT_EQ(height, kHeight);
          EXPECT_EQ(width, kWidth);
          return box;
        });
        ASSERT_TRUE(torch::equal(part, crop(whole, box)))
            << coding.horizontal << 'x' << coding.vertical << (coding.progressive ? " progressive " : " ") << box.top
            << ' ' << box.left << ' ' << box.height << 'x' << box.width;
      }
    }
  }
}

TEST(DecodeJpeg, RefusesLostDataAndToleratesStrayBytes) {
  std::string damaged = coded(64, 64, {});
  damaged.replace(damaged.size() / 2, 40, std::string(40, '\xFF'));
  expect_error(ErrorKind::data, {"a.jpg", "whole JPEG"}, [&] { decode("a.jpg", damaged, 3); });
  const std::string whole = golden_bytes("gradient.jpg");
  const size_t table = whole.find("\xFF\xDB");
  const std::string stray = whole.substr(0, table) + "stray" + whole.substr(table);
  EXPECT_TRUE(torch::equal(decode("a.jpg", stray, 3), decode("a.jpg", whole, 3)));
}

// The height and width of the frame header, whose marker is FF C0 or FF C2.
std::string with_size(std::string bytes, char marker, uint16_t height, uint16_t width) {
  const size_t at = bytes.find(std::string("\xFF") + marker) + 5;
  for (const auto& [offset, value] : {std::pair<size_t, uint16_t>{0, height}, {2, width}}) {
    bytes[at + offset] = static_cast<char>(value >> 8);
    bytes[at + offset + 1] = static_cast<char>(value & 0xFF);
  }
  return bytes;
}

TEST(DecodeJpeg, RefusesWhatWouldTakeTheMachine) {
  const std::string huge = with_size(coded(16, 16, {}), '\xC0', 30000, 30000);
  expect_error(ErrorKind::data, {"a.jpg", "30000x30000", "64 million pixels"}, [&] { decode("a.jpg", huge, 3); });

  // Many scans in few bytes, each of which would go over all pixels.
  std::string scans = with_size(coded(16, 16, {.progressive = true}), '\xC2', 4000, 4000);
  const size_t last = scans.rfind("\xFF\xDA");
  const std::string scan = scans.substr(last, scans.size() - last - 2);
  scans.resize(scans.size() - 2);
  while (scans.size() < scan.size() * (kMaxScannedPixels / (4000 * 4000) + 20)) scans += scan;
  scans += "\xFF\xD9";
  expect_error(ErrorKind::data, {"a.jpg", "scans"}, [&] { decode("a.jpg", scans, 3); });
}

}  // namespace
}  // namespace pdmp::data

#include "data/decode/image/image.h"

#include <gtest/gtest.h>
#include <thread>

#include "base/files/file.h"
#include "data/encode/encode_png.h"
#include "support/expect_error.h"
#include "support/golden.h"
#include "support/media/tensors.h"
#include "support/png.h"
#include "support/temporary_directory.h"

namespace pdmp::data {
namespace {

using testing::expect_error;
using testing::golden;
using testing::TemporaryDirectory;

std::vector<int64_t> pixel(const Tensor& picture, int64_t y, int64_t x) {
  const Tensor values = picture[y][x].to(torch::kInt64);
  return {values.data_ptr<int64_t>(), values.data_ptr<int64_t>() + values.numel()};
}

using Pixel = std::vector<int64_t>;

Tensor pattern(int64_t height, int64_t width, int64_t channels) {
  return (torch::arange(height * width * channels).mul(37) % 251).to(torch::kUInt8).reshape({height, width, channels});
}

TEST(DecodeImage, GivesBackWrittenColoursExactly) {
  const TemporaryDirectory directory;
  const Tensor picture = pattern(7, 13, 3);
  write_png(directory / "a.png", picture);
  EXPECT_TRUE(torch::equal(image_tensor(directory / "a.png"), picture));
}

TEST(DecodeImage, GivesBackWrittenGreyExactly) {
  const TemporaryDirectory directory;
  const Tensor picture = torch::arange(256).to(torch::kUInt8).reshape({16, 16, 1});
  write_png(directory / "a.png", picture);
  EXPECT_TRUE(torch::equal(image_tensor(directory / "a.png", 1), picture));
  EXPECT_TRUE(torch::equal(image_tensor(directory / "a.png", 3), picture.expand({16, 16, 3})));
}

TEST(DecodeImage, GreyOfColourIsLuma) {
  const TemporaryDirectory directory;
  write_png(directory / "a.png",
            torch::tensor({255, 0, 0, 0, 255, 0, 0, 0, 255, 12, 200, 77}, torch::kUInt8).reshape({1, 4, 3}));
  const Tensor grey = image_tensor(directory / "a.png", 1);
  EXPECT_EQ(grey.flatten().to(torch::kInt64).equal(torch::tensor({76, 150, 29, 130})), true) << grey;
}

TEST(DecodeImage, PutsTransparencyOnWhite) {
  const TemporaryDirectory directory;
  write_png(directory / "a.png",
            torch::tensor({200, 100, 0, 0, 200, 100, 0, 255, 200, 100, 0, 51}, torch::kUInt8).reshape({1, 3, 4}));
  const Tensor picture = image_tensor(directory / "a.png");
  EXPECT_EQ(pixel(picture, 0, 0), (Pixel{255, 255, 255}));
  EXPECT_EQ(pixel(picture, 0, 1), (Pixel{200, 100, 0}));
  EXPECT_EQ(pixel(picture, 0, 2), (Pixel{244, 224, 204}));  // 255 - 0.2 (255 - v)
}

TEST(DecodeImage, ReadsPaletteWithTransparentColour) {
  const Tensor picture = image_tensor(golden("palette.png"));
  EXPECT_EQ(pixel(picture, 0, 0), (Pixel{255, 0, 0}));
  EXPECT_EQ(pixel(picture, 1, 1), (Pixel{255, 255, 255}));
  EXPECT_EQ(pixel(picture, 2, 2), (Pixel{0, 0, 255}));
  EXPECT_EQ(pixel(picture, 3, 3), (Pixel{10, 20, 30}));
}

TEST(DecodeImage, KeepsUpperByteOf16BitGrey) {
  const Tensor picture = image_tensor(golden("grey16.png"), 1);  // values 257 k
  EXPECT_TRUE(picture.flatten().to(torch::kInt64).equal(torch::arange(256))) << picture;
}

TEST(DecodeImage, ReadsGreyWithAlpha) {
  const Tensor picture = image_tensor(golden("grey_alpha.png"), 1);  // grey 16 i, alpha 255 - 10 i
  EXPECT_EQ(pixel(picture, 0, 0), (Pixel{0}));
  EXPECT_EQ(pixel(picture, 2, 2), (Pixel{(160 * 155 + 255 * 100 + 127) / 255}));
}

TEST(DecodeImage, ReadsOneBitPixels) {
  const Tensor picture = image_tensor(golden("bits.png"), 1);
  ASSERT_EQ(picture.sizes(), (std::vector<int64_t>{4, 9, 1}));
  EXPECT_EQ(pixel(picture, 0, 0), (Pixel{0}));
  EXPECT_EQ(pixel(picture, 0, 1), (Pixel{255}));
  EXPECT_EQ(pixel(picture, 3, 8), (Pixel{255}));
}

TEST(DecodeImage, ReadsWebp) {
  const Tensor picture = image_tensor(golden("alpha.webp"));  // (200, 100, 0) with alpha 17 i
  EXPECT_EQ(pixel(picture, 0, 0), (Pixel{255, 255, 255}));
  EXPECT_EQ(pixel(picture, 3, 3), (Pixel{200, 100, 0}));
  EXPECT_EQ(pixel(picture, 0, 3), (Pixel{244, 224, 204}));
}

TEST(DecodeImage, ReadsBmp) {
  const Tensor picture = image_tensor(golden("small.bmp"));
  ASSERT_EQ(picture.sizes(), (std::vector<int64_t>{5, 7, 3}));
  EXPECT_EQ(pixel(picture, 4, 6), (Pixel{48, 40, 40}));
}

TEST(DecodeImage, ReadsPpm) {
  const TemporaryDirectory directory;
  const Tensor picture = image_tensor(directory.write("a.ppm", "P6\n2 1\n255\nabcxyz"));
  EXPECT_EQ(pixel(picture, 0, 1), (Pixel{'x', 'y', 'z'}));
}

std::string svg(const std::string& attributes, const std::string& body) {
  return "<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" " + attributes + ">" + body + "</svg>";
}

TEST(DecodeImage, DrawsSvgOnWhite) {
  const TemporaryDirectory directory;
  const auto path =
      directory.write("a.svg", svg("width='300' height='400'", "<rect width='150' height='400' fill='#204060'/>"));
  const Tensor picture = image_tensor(path);
  ASSERT_EQ(picture.sizes(), (std::vector<int64_t>{400, 300, 3}));
  EXPECT_EQ(pixel(picture, 200, 75), (Pixel{0x20, 0x40, 0x60}));
  EXPECT_EQ(pixel(picture, 200, 225), (Pixel{255, 255, 255}));
}

TEST(DecodeImage, DrawsTinySvgLarger) {
  const TemporaryDirectory directory;
  const auto path =
      directory.write("a.svg", svg("width='16' height='8'", "<rect width='8' height='8' fill='#ff0000'/>"));
  const Tensor picture = image_tensor(path);
  ASSERT_EQ(picture.sizes(), (std::vector<int64_t>{128, 256, 3}));
  EXPECT_EQ(pixel(picture, 64, 64), (Pixel{255, 0, 0}));
  EXPECT_EQ(pixel(picture, 64, 192), (Pixel{255, 255, 255}));
}

TEST(DecodeImage, TellsFormatByContent) {
  const TemporaryDirectory directory;
  write_png(directory / "a.jpg", pattern(3, 4, 3));
  EXPECT_TRUE(torch::equal(image_tensor(directory / "a.jpg"), pattern(3, 4, 3)));
}

void expect_refused(const std::filesystem::path& path, std::vector<std::string> words) {
  words.push_back(path.string());
  expect_error(ErrorKind::data, words, [&] { image_tensor(path); });
}

TEST(DecodeImage, RefusesWhatIsNoPicture) {
  const TemporaryDirectory directory;
  expect_refused(directory / "none.png", {"no such file"});
  expect_refused(directory.path(), {"a folder"});
  expect_refused(directory.write("empty.png", ""), {"empty file (0 bytes)"});
  expect_refused(directory.write("text.png", "hello"), {"unknown content", "68 65 6c 6c 6f"});
  expect_refused(directory.write("lfs.png", "version https://git-lfs.github.com/spec/v1\noid sha256:1"),
                 {"Git LFS pointer"});
  expect_refused(golden("tone.ogg"), {"an Ogg file"});
  expect_refused(directory.write("bad.svg", "<svg xmlns='http://www.w3.org/2000/svg' width='300' height='300'><g>"),
                 {"SVG"});
}

TEST(DecodeImage, RefusesCutFilesWhereverTheyEnd) {
  const TemporaryDirectory directory;
  write_png(directory / "whole.png", pattern(40, 40, 3));
  const std::string png = read_file(directory / "whole.png"), jpeg = read_file(golden("gradient.jpg"));
  const std::string progressive = read_file(golden("progressive.jpg")), webp = read_file(golden("alpha.webp"));
  const std::string bmp = read_file(golden("small.bmp"));
  for (const double part : {0.2, 0.5, 0.7, 0.9, 0.99}) {
    const auto cut = [&](const std::string& name, const std::string& whole) {
      const auto size = static_cast<size_t>(static_cast<double>(whole.size()) * part);
      expect_refused(directory.write(std::to_string(part) + name, whole.substr(0, size)), {"expected"});
    };
    cut("a.png", png);
    cut("a.jpg", jpeg);
    cut("p.jpg", progressive);
    cut("a.webp", webp);
    if (part < 0.99) cut("a.bmp", bmp);  // then only the padding of the last row is missing
  }
  expect_refused(directory.write("one.png", png.substr(0, png.size() - 1)), {"whole PNG", "cut"});
  expect_refused(directory.write("one.jpg", jpeg.substr(0, jpeg.size() - 1)), {"whole JPEG", "cut"});
}

TEST(DecodeImage, RefusesDamagedPng) {
  const TemporaryDirectory directory;
  write_png(directory / "a.png", pattern(40, 40, 3));
  std::string bytes = read_file(directory / "a.png");
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 0x55);
  expect_refused(directory.write("b.png", bytes), {"whole PNG"});
}

TEST(DecodeImage, RefusesHugeHeadersUnread) {
  const TemporaryDirectory directory;
  const auto path = directory.write("huge.png", testing::png(30000, 30000, std::string(90000, 'x')));
  expect_refused(path, {"30000x30000", "64 million pixels"});
  expect_refused(directory.write("huge.svg", svg("width='30000' height='30000'", "")), {"30000x30000"});
  expect_refused(directory.write("huge.ppm", "P6\n30000 30000\n255\nabc"), {"huge.ppm"});
}

TEST(DecodeImage, WorksFromSeveralThreads) {
  const TemporaryDirectory directory;
  const Tensor picture = pattern(30, 50, 3);
  write_png(directory / "a.png", picture);
  const std::string whole = read_file(directory / "a.png");
  directory.write("cut.png", whole.substr(0, whole.size() / 2));
  std::vector<std::thread> threads;
  std::vector<int> right(4, 0);
  for (size_t t = 0; t < right.size(); ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) {
        right[t] += torch::equal(image_tensor(directory / "a.png"), picture) ? 1 : 0;
        try {
          image_tensor(directory / "cut.png");
        } catch (const Error&) {
          ++right[t];
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, std::vector<int>(4, 40));
}

TEST(WritePng, RefusesWhatItCannotWrite) {
  const TemporaryDirectory directory;
  expect_error(ErrorKind::io, {"no/a.png"}, [&] { write_png(directory / "no/a.png", pattern(2, 2, 3)); });
  expect_error(ErrorKind::data, {"2, 2, 2"}, [&] { write_png(directory / "a.png", pattern(2, 2, 2)); });
}

}  // namespace
}  // namespace pdmp::data

// TIFF of every kind that Pillow reads: the first image, the same values whatever they are packed in.
#include <gtest/gtest.h>
#include <tiffio.h>

#include "base/files/file.h"
#include "data/decode/header/media_header.h"
#include "data/decode/image/image.h"
#include "support/bytes.h"
#include "support/expect_error.h"
#include "support/media/tensors.h"
#include "support/pattern_picture.h"
#include "support/temporary_directory.h"

namespace pdmp {
namespace {

using testing::expect_error;
using testing::little;
using testing::pattern;
using testing::pixel;
using testing::Pixel;
using testing::TemporaryDirectory;

constexpr uint32_t kHeight = 37, kWidth = 53;

struct Layout {
  std::string mode = "w";  // l, b: byte order; 8: BigTIFF
  int compression = COMPRESSION_NONE, photometric = PHOTOMETRIC_RGB, planar = PLANARCONFIG_CONTIG;
  int bits = 8, samples = 3, predictor = 1;
  std::vector<uint16_t> extra = {};  // kinds of further samples
  uint32_t rows = 10, tile = 0;
  int orientation = ORIENTATION_TOPLEFT;
  std::vector<uint16_t> palette = {};  // red, green, blue
};

void set_fields(TIFF* tiff, const Layout& layout, uint32_t height, uint32_t width) {
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, width);
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, height);
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, layout.bits);
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, layout.samples);
  TIFFSetField(tiff, TIFFTAG_COMPRESSION, layout.compression);
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, layout.photometric);
  TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, layout.planar);
  TIFFSetField(tiff, TIFFTAG_ORIENTATION, layout.orientation);
  if (layout.predictor != 1) TIFFSetField(tiff, TIFFTAG_PREDICTOR, layout.predictor);
  if (!layout.extra.empty())
    TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, static_cast<int>(layout.extra.size()), layout.extra.data());
  if (!layout.palette.empty()) {
    const uint16_t* colors = layout.palette.data();
    const size_t count = layout.palette.size() / 3;
    TIFFSetField(tiff, TIFFTAG_COLORMAP, colors, colors + count, colors + 2 * count);
  }
  if (layout.tile > 0) {
    TIFFSetField(tiff, TIFFTAG_TILEWIDTH, layout.tile);
    TIFFSetField(tiff, TIFFTAG_TILELENGTH, layout.tile);
  } else {
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, layout.rows);
  }
}

// (H, W, S): bytes or, of 16 bits, int32 whose lower halves are written. Fewer bits: values, packed here.
std::vector<uint8_t> packed(const Tensor& row, int bits) {
  const Tensor values = row.to(torch::kInt32).contiguous().flatten();
  std::vector<uint8_t> bytes(static_cast<size_t>((values.numel() * bits + 7) / 8));
  for (int64_t i = 0; i < values.numel(); ++i) {
    const auto value = static_cast<uint32_t>(values.data_ptr<int32_t>()[i]);
    const auto bit = static_cast<size_t>(i * bits);
    if (bits == 16) {
      bytes[bit / 8] = static_cast<uint8_t>(value);
      bytes[bit / 8 + 1] = static_cast<uint8_t>(value >> 8u);
    } else {
      bytes[bit / 8] = static_cast<uint8_t>(bytes[bit / 8] | value << (8 - static_cast<size_t>(bits) - bit % 8));
    }
  }
  return bytes;
}

void write_plane(TIFF* tiff, const Tensor& samples, const Layout& layout, uint16_t plane) {
  const int64_t height = samples.size(0), width = samples.size(1);
  if (layout.tile == 0) {
    for (int64_t y = 0; y < height; ++y)
      TIFFWriteScanline(tiff, packed(samples[y], layout.bits).data(), static_cast<uint32_t>(y), plane);
    return;
  }
  const auto side = static_cast<int64_t>(layout.tile);
  for (int64_t y = 0; y < height; y += side) {
    for (int64_t x = 0; x < width; x += side) {
      Tensor tile = torch::zeros({side, side, samples.size(2)}, samples.options());
      const Tensor part = samples.slice(0, y, y + side).slice(1, x, x + side);
      tile.slice(0, 0, part.size(0)).slice(1, 0, part.size(1)).copy_(part);
      std::vector<uint8_t> bytes;
      for (int64_t row = 0; row < side; ++row) {
        const std::vector<uint8_t> one = packed(tile[row], layout.bits);
        bytes.insert(bytes.end(), one.begin(), one.end());
      }
      TIFFWriteTile(tiff, bytes.data(), static_cast<uint32_t>(x), static_cast<uint32_t>(y), 0, plane);
    }
  }
}

void write_tiff(const std::filesystem::path& path, const Tensor& samples, const Layout& layout) {
  TIFF* tiff = TIFFOpen(path.c_str(), layout.mode.c_str());
  ASSERT_NE(tiff, nullptr);
  set_fields(tiff, layout, static_cast<uint32_t>(samples.size(0)), static_cast<uint32_t>(samples.size(1)));
  if (layout.planar == PLANARCONFIG_CONTIG) {
    write_plane(tiff, samples, layout, 0);
  } else {
    for (int s = 0; s < layout.samples; ++s)
      write_plane(tiff, samples.slice(2, s, s + 1), layout, static_cast<uint16_t>(s));
  }
  TIFFClose(tiff);
}

Tensor decoded(const Tensor& samples, const Layout& layout, int64_t channels = 3) {
  const TemporaryDirectory directory;
  write_tiff(directory / "a.tiff", samples, layout);
  return image_tensor(directory / "a.tiff", channels);
}

TEST(Tiff, RgbOfEveryCompressionAndPacking) {
  const Tensor picture = pattern(kHeight, kWidth);
  for (const int compression : {COMPRESSION_NONE, COMPRESSION_LZW, COMPRESSION_ADOBE_DEFLATE, COMPRESSION_DEFLATE,
                                COMPRESSION_PACKBITS, COMPRESSION_ZSTD, COMPRESSION_LZMA}) {
    if (TIFFIsCODECConfigured(static_cast<uint16_t>(compression)) == 0) continue;
    for (const char* mode : {"wl", "wb", "w8l", "w8b"}) {
      for (const int planar : {PLANARCONFIG_CONTIG, PLANARCONFIG_SEPARATE}) {
        for (const uint32_t tile : {0U, 16U}) {
          Layout layout{.mode = mode, .compression = compression, .planar = planar, .tile = tile};
          if (compression == COMPRESSION_LZW) layout.predictor = PREDICTOR_HORIZONTAL;
          EXPECT_TRUE(torch::equal(decoded(picture, layout), picture))
              << compression << ' ' << mode << ' ' << planar << ' ' << tile;
        }
      }
    }
  }
}

TEST(Tiff, GrayOfEveryDepth) {
  for (const int bits : {1, 2, 4, 8}) {
    const int most = (1 << bits) - 1;
    const Tensor values = pattern(kHeight, kWidth).slice(2, 0, 1).to(torch::kInt32).bitwise_and(most);
    const Tensor expected = (values * (255 / most)).to(torch::kUInt8);
    for (const uint32_t tile : {0U, 16U}) {
      Layout layout{.photometric = PHOTOMETRIC_MINISBLACK, .bits = bits, .samples = 1, .tile = tile};
      EXPECT_TRUE(torch::equal(decoded(values, layout, 1), expected)) << bits;
      layout.photometric = PHOTOMETRIC_MINISWHITE;
      EXPECT_TRUE(torch::equal(decoded(values, layout, 1), 255 - expected)) << bits;
    }
  }
}

TEST(Tiff, SixteenBitsKeepTheirUpperByte) {
  const Tensor upper = pattern(kHeight, kWidth).to(torch::kInt32), values = upper * 256 + 255 - upper;
  for (const char* mode : {"wl", "wb"}) {
    for (const int compression : {COMPRESSION_NONE, COMPRESSION_ADOBE_DEFLATE}) {
      const Layout color{.mode = mode, .compression = compression, .bits = 16};
      EXPECT_TRUE(torch::equal(decoded(values, color), upper.to(torch::kUInt8))) << mode;
      const Layout gray{
          .mode = mode, .compression = compression, .photometric = PHOTOMETRIC_MINISBLACK, .bits = 16, .samples = 1};
      EXPECT_TRUE(torch::equal(decoded(values.slice(2, 0, 1), gray, 1), upper.slice(2, 0, 1).to(torch::kUInt8)))
          << mode;
    }
  }
}

TEST(Tiff, FaxCompressionsOfOneBit) {
  const Tensor values = pattern(kHeight, kWidth).slice(2, 0, 1).to(torch::kInt32).bitwise_and(1);
  for (const int compression : {COMPRESSION_CCITTFAX3, COMPRESSION_CCITTFAX4, COMPRESSION_CCITTRLE}) {
    const Layout layout{.compression = compression, .photometric = PHOTOMETRIC_MINISWHITE, .bits = 1, .samples = 1};
    EXPECT_TRUE(torch::equal(decoded(values, layout, 1), ((1 - values) * 255).to(torch::kUInt8))) << compression;
  }
}

Tensor one_pixel(const std::vector<int64_t>& samples) {
  return torch::tensor(samples, torch::kInt32).reshape({1, 1, static_cast<int64_t>(samples.size())});
}

Pixel decoded_pixel(const std::vector<int64_t>& samples, Layout layout) {
  layout.samples = static_cast<int>(samples.size());
  return pixel(decoded(one_pixel(samples), layout), 0, 0);
}

TEST(Tiff, FurtherSamples) {
  EXPECT_EQ(decoded_pixel({200, 100, 0, 51}, {.extra = {EXTRASAMPLE_UNASSALPHA}}), (Pixel{244, 224, 204}));
  // Colors times 51 / 255: divided again, truncated, and laid on white.
  EXPECT_EQ(decoded_pixel({40, 20, 0, 51}, {.extra = {EXTRASAMPLE_ASSOCALPHA}}), (Pixel{244, 224, 204}));
  EXPECT_EQ(decoded_pixel({200, 100, 0, 51}, {.extra = {EXTRASAMPLE_UNSPECIFIED}}), (Pixel{200, 100, 0}));
  EXPECT_EQ(decoded_pixel({200, 100, 0, 51}, {}), (Pixel{244, 224, 204}));  // alpha that no tag declares
  EXPECT_EQ(decoded_pixel({200, 100, 0, 51, 9}, {.extra = {EXTRASAMPLE_UNASSALPHA, EXTRASAMPLE_UNSPECIFIED}}),
            (Pixel{244, 224, 204}));
  EXPECT_EQ(decoded_pixel({200, 51}, {.photometric = PHOTOMETRIC_MINISBLACK, .extra = {EXTRASAMPLE_UNASSALPHA}}),
            (Pixel{244, 244, 244}));
  EXPECT_EQ(decoded_pixel({200, 51}, {.photometric = PHOTOMETRIC_MINISBLACK, .extra = {EXTRASAMPLE_UNSPECIFIED}}),
            (Pixel{200, 200, 200}));
  EXPECT_EQ(decoded_pixel({0xC8FF, 0x64FF, 0xFF, 0x33FF}, {.bits = 16, .extra = {EXTRASAMPLE_UNASSALPHA}}),
            (Pixel{244, 224, 204}));
  EXPECT_EQ(decoded_pixel({200, 100, 0, 51}, {.planar = PLANARCONFIG_SEPARATE, .extra = {EXTRASAMPLE_UNASSALPHA}}),
            (Pixel{244, 224, 204}));
}

TEST(Tiff, InkIsPillowsRgb) {
  const Layout ink{.photometric = PHOTOMETRIC_SEPARATED};
  EXPECT_EQ(decoded_pixel({0, 255, 255, 0}, ink), (Pixel{255, 0, 0}));
  EXPECT_EQ(decoded_pixel({0, 0, 0, 255}, ink), (Pixel{0, 0, 0}));
  EXPECT_EQ(decoded_pixel({55, 155, 205, 127}, ink), (Pixel{100, 50, 25}));
  EXPECT_EQ(
      decoded_pixel({55, 155, 205, 127, 9}, {.photometric = PHOTOMETRIC_SEPARATED, .extra = {EXTRASAMPLE_UNSPECIFIED}}),
      (Pixel{100, 50, 25}));
}

TEST(Tiff, PalettesOfEveryDepth) {
  for (const int bits : {1, 2, 4, 8}) {
    const int count = 1 << bits;
    Layout layout{.photometric = PHOTOMETRIC_PALETTE, .bits = bits, .samples = 1};
    for (int part = 0; part < 3; ++part) {
      for (int i = 0; i < count; ++i) layout.palette.push_back(static_cast<uint16_t>((40 * part + i) << 8 | 255));
    }
    const Tensor values = pattern(kHeight, kWidth).slice(2, 0, 1).to(torch::kInt32).bitwise_and(count - 1);
    const Tensor expected = torch::cat({values, values + 40, values + 80}, 2).bitwise_and(255).to(torch::kUInt8);
    EXPECT_TRUE(torch::equal(decoded(values, layout), expected)) << bits;
  }
}

TEST(Tiff, YcbcrAndJpeg) {
  const Tensor gray = torch::full({16, 16, 3}, 90, torch::kUInt8);
  const Layout jpeg{.compression = COMPRESSION_JPEG, .rows = 16};
  EXPECT_LE((decoded(gray, jpeg).to(torch::kInt64) - 90).abs().max().item<int64_t>(), 2);
  const Layout gray_jpeg{
      .compression = COMPRESSION_JPEG, .photometric = PHOTOMETRIC_MINISBLACK, .samples = 1, .rows = 16};
  EXPECT_LE((decoded(gray.slice(2, 0, 1), gray_jpeg).to(torch::kInt64) - 90).abs().max().item<int64_t>(), 2);
  // Brightness 76, blue 85, red 255 are pure red.
  const Tensor red = torch::tensor({76, 85, 255}, torch::kInt32).expand({16, 16, 3}).contiguous();
  for (const int compression : {COMPRESSION_JPEG, COMPRESSION_LZW}) {
    const Layout ycbcr{.compression = compression, .photometric = PHOTOMETRIC_YCBCR, .rows = 16};
    const TemporaryDirectory directory;
    TIFF* tiff = TIFFOpen((directory / "a.tiff").c_str(), "w");
    set_fields(tiff, ycbcr, 16, 16);
    TIFFSetField(tiff, TIFFTAG_YCBCRSUBSAMPLING, 1, 1);
    write_plane(tiff, red, ycbcr, 0);
    TIFFClose(tiff);
    const Pixel color = pixel(image_tensor(directory / "a.tiff"), 8, 8);
    EXPECT_NEAR(static_cast<double>(color[0]), 254, 3) << compression;
    EXPECT_NEAR(static_cast<double>(color[1]), 0, 3) << compression;
    EXPECT_NEAR(static_cast<double>(color[2]), 0, 3) << compression;
  }
}

TEST(Tiff, StandsAsItsOrientationSays) {
  const Tensor picture = pattern(kHeight, kWidth);
  for (const char* mode : {"wl", "wb", "w8l"}) {
    const Tensor turned = decoded(picture, {.mode = mode, .orientation = ORIENTATION_RIGHTTOP});
    EXPECT_TRUE(torch::equal(turned, picture.transpose(0, 1).flip(1))) << mode;
  }
}

TEST(Tiff, TheFirstImageOfSeveral) {
  const TemporaryDirectory directory;
  TIFF* tiff = TIFFOpen((directory / "a.tiff").c_str(), "w");
  for (const int64_t value : {7, 200}) {
    const Layout layout{.photometric = PHOTOMETRIC_MINISBLACK, .samples = 1};
    set_fields(tiff, layout, 4, 4);
    write_plane(tiff, torch::full({4, 4, 1}, value, torch::kInt32), layout, 0);
    TIFFWriteDirectory(tiff);
  }
  TIFFClose(tiff);
  EXPECT_EQ(pixel(image_tensor(directory / "a.tiff", 1), 3, 3), (Pixel{7}));
}

TEST(Tiff, ItsHeaderIsThatOfAPicture) {
  const TemporaryDirectory directory;
  write_tiff(directory / "a.tiff", pattern(kHeight, kWidth), {.compression = COMPRESSION_LZW});
  const auto header = data::read_media_header(directory / "a.tiff");
  ASSERT_TRUE(header);
  EXPECT_EQ(header->width, kWidth);
  EXPECT_EQ(header->height, kHeight);
}

TEST(Tiff, WhatIsCutOrUnknownIsRefused) {
  const TemporaryDirectory directory;
  const Tensor picture = pattern(kHeight, kWidth);
  for (const int compression : {COMPRESSION_NONE, COMPRESSION_LZW, COMPRESSION_ADOBE_DEFLATE, COMPRESSION_PACKBITS}) {
    for (const uint32_t tile : {0U, 16U}) {
      write_tiff(directory / "a.tiff", picture, {.compression = compression, .tile = tile});
      const std::string bytes = read_file(directory / "a.tiff");
      for (const size_t size : {size_t{4}, size_t{8}, bytes.size() / 2, bytes.size() - 1}) {
        const auto cut = directory.write("cut.tiff", bytes.substr(0, size));
        expect_error(ErrorKind::data, {"cut.tiff", "TIFF"}, [&] { image_tensor(cut); });
      }
    }
  }
  expect_error(ErrorKind::data, {"photometric interpretation 8"},
               [&] { decoded(picture, {.photometric = PHOTOMETRIC_CIELAB}); });
  expect_error(ErrorKind::data, {"a palette of 16 bits"}, [&] {
    decoded(picture.slice(2, 0, 1),
            {.photometric = PHOTOMETRIC_PALETTE, .bits = 16, .samples = 1, .palette = std::vector<uint16_t>(3 << 16)});
  });
}

// A directory in front, which says where more pixels should be than there are.
TEST(Tiff, MissingPixelsAreRefused) {
  const auto entry = [](uint32_t tag, uint32_t value) {
    return little(tag, 2) + little(4, 2) + little(1, 4) + little(value, 4);
  };
  const auto file = [&](uint32_t width, uint32_t height, uint32_t count, const std::string& pixels) {
    return "II" + little(42, 2) + little(8, 4) + little(8, 2) + entry(256, width) + entry(257, height) + entry(258, 8) +
           entry(262, 1) + entry(273, 110) + entry(277, 1) + entry(278, height) + entry(279, count) + little(0, 4) +
           pixels;
  };
  const TemporaryDirectory directory;
  const auto whole = directory.write("a.tiff", file(4, 2, 8, "abcdefgh"));
  EXPECT_EQ(pixel(image_tensor(whole, 1), 1, 3), (Pixel{'h'}));
  // What is not compressed is there even where the file counts it wrong.
  EXPECT_EQ(pixel(image_tensor(directory.write("b.tiff", file(4, 2, 7, "abcdefgh")), 1), 1, 3), (Pixel{'h'}));
  for (const char* pixels : {"abcdefg", ""}) {
    const auto cut = directory.write("cut.tiff", file(4, 2, 8, pixels));
    expect_error(ErrorKind::data, {"cut.tiff", "whole TIFF"}, [&] { image_tensor(cut); });
  }
  const auto huge = directory.write("huge.tiff", file(1 << 20, 1 << 20, 8, "abcdefgh"));
  expect_error(ErrorKind::data, {"huge.tiff", "64 million pixels"}, [&] { image_tensor(huge); });
}

}  // namespace
}  // namespace pdmp

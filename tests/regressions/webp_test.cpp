// WebP, still and animated: libwebp's pixels, which are Pillow's.
#include <gtest/gtest.h>
#include <webp/encode.h>

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

std::string taken(uint8_t* bytes, size_t size) {
  std::string result(reinterpret_cast<char*>(bytes), size);
  WebPFree(bytes);
  return result;
}

std::string lossless(const Tensor& picture) {
  const Tensor pixels = picture.contiguous();
  const auto height = static_cast<int>(pixels.size(0)), width = static_cast<int>(pixels.size(1));
  uint8_t* bytes = nullptr;
  const size_t size = pixels.size(2) == 3
                          ? WebPEncodeLosslessRGB(pixels.data_ptr<uint8_t>(), width, height, width * 3, &bytes)
                          : WebPEncodeLosslessRGBA(pixels.data_ptr<uint8_t>(), width, height, width * 4, &bytes);
  return taken(bytes, size);
}

Tensor decoded(const std::string& webp, int64_t channels = 3) {
  const TemporaryDirectory directory;
  return image_tensor(directory.write("a.webp", webp), channels);
}

std::string riff_chunk(const std::string& type, const std::string& body) {
  return type + little(body.size(), 4) + body + std::string(body.size() % 2, '\0');
}

std::string riff(const std::string& chunks) { return "RIFF" + little(4 + chunks.size(), 4) + "WEBP" + chunks; }

struct Frame {
  uint64_t left, top;  // even
  Tensor picture;
};

std::string animated(uint64_t width, uint64_t height, const std::vector<Frame>& frames, bool alpha) {
  constexpr uint64_t kAnimation = 2, kAlpha = 16;
  std::string chunks =
      riff_chunk("VP8X", little(kAnimation | (alpha ? kAlpha : 0), 4) + little(width - 1, 3) + little(height - 1, 3));
  chunks += riff_chunk("ANIM", std::string("\xFF\xFF\xFF\xFF\0\0", 6));
  for (const Frame& frame : frames) {
    const auto size = [&](int64_t d) { return little(static_cast<uint64_t>(frame.picture.size(d) - 1), 3); };
    chunks += riff_chunk("ANMF", little(frame.left / 2, 3) + little(frame.top / 2, 3) + size(1) + size(0) +
                                     little(100, 3) + little(0, 1) + lossless(frame.picture).substr(12));
  }
  return riff(chunks);
}

TEST(Webp, LosslessIsExact) {
  const Tensor picture = pattern(23, 31);
  EXPECT_TRUE(torch::equal(decoded(lossless(picture)), picture));
}

TEST(Webp, TransparencyLiesOnWhite) {
  const Tensor picture = torch::tensor({200, 100, 0, 51}, torch::kUInt8).expand({3, 5, 4}).contiguous();
  EXPECT_EQ(pixel(decoded(lossless(picture)), 2, 4), (Pixel{244, 224, 204}));
}

TEST(Webp, TheFirstFrameOfAnAnimation) {
  const Tensor first = pattern(6, 8), second = 255 - first;
  EXPECT_TRUE(torch::equal(decoded(animated(8, 6, {{0, 0, first}, {0, 0, second}}, false)), first));
  // What the frame does not cover is transparent, or black where nothing is.
  const Tensor part = pattern(2, 4);
  const Tensor on_white = decoded(animated(8, 6, {{2, 4, part}, {0, 0, second}}, true));
  ASSERT_EQ(on_white.sizes(), first.sizes());
  EXPECT_TRUE(torch::equal(on_white.slice(0, 4, 6).slice(1, 2, 6), part));
  EXPECT_EQ(pixel(on_white, 0, 0), (Pixel{255, 255, 255}));
  EXPECT_EQ(pixel(decoded(animated(8, 6, {{2, 4, part}}, false)), 0, 0), (Pixel{0, 0, 0}));
}

TEST(Webp, WhatIsCutIsRefused) {
  const std::string whole = lossless(pattern(23, 31)), moving = animated(8, 6, {{0, 0, pattern(6, 8)}}, false);
  for (const std::string& webp : {whole, moving}) {
    for (size_t size = 13; size < webp.size(); size += 7) {
      expect_error(ErrorKind::data, {"a.webp", "whole WebP"}, [&] { decoded(webp.substr(0, size)); });
      // Its header may agree with what is left.
      const std::string cut = "RIFF" + little(size - 8, 4) + webp.substr(8, size - 8);
      expect_error(ErrorKind::data, {"a.webp", "whole WebP"}, [&] { decoded(cut); });
    }
  }
  expect_error(ErrorKind::data, {"a.webp", "64 million pixels"}, [] {
    decoded(animated(16000, 16000, {{0, 0, pattern(6, 8)}}, false));
  });
}

}  // namespace
}  // namespace pdmp

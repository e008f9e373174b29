#include "data/decode/rgb_planes.h"

#include <gtest/gtest.h>

#include "support/media/tensors.h"

extern "C" {
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
}

namespace pdmp::data {
namespace {

FfmpegPtr<AVFrame> make_picture(AVPixelFormat format, int width, int height) {
  auto frame = make_frame();
  frame->format = format;
  frame->width = width;
  frame->height = height;
  EXPECT_GE(av_frame_get_buffer(frame.get(), 0), 0);
  return frame;
}

// Every byte of every plane is another pseudo-random one.
void fill(AVFrame& frame) {
  uint32_t state = 7;
  const AVPixFmtDescriptor& format = *av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame.format));
  for (int plane = 0; plane < 4 && frame.data[plane] != nullptr; ++plane) {
    const int rows = plane == 0 ? frame.height : AV_CEIL_RSHIFT(frame.height, format.log2_chroma_h);
    for (int i = 0; i < rows * frame.linesize[plane]; ++i) {
      frame.data[plane][i] = static_cast<uint8_t>((state = state * 1664525u + 1013904223u) >> 24);
    }
  }
}

FfmpegPtr<AVFrame> convert(const AVFrame& source, AVPixelFormat format) {
  const FfmpegMessages silence;
  auto target = make_picture(format, source.width, source.height);
  SwsContext* scaler = sws_getContext(source.width, source.height, static_cast<AVPixelFormat>(source.format),
                                      source.width, source.height, format,
                                      SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT, nullptr, nullptr, nullptr);
  sws_scale(scaler, source.data, source.linesize, 0, source.height, target->data, target->linesize);
  sws_freeContext(scaler);
  return target;
}

Tensor pixels_of(const AVFrame& rgb) {
  return torch::from_blob(rgb.data[0], {rgb.height, rgb.width, 3}, {rgb.linesize[0], 3, 1}, torch::kUInt8).clone();
}

TEST(RgbPlanes, AreTheNumbersOfInterleavedConversion) {
  for (const AVPixelFormat format : {AV_PIX_FMT_YUVJ420P, AV_PIX_FMT_YUV420P, AV_PIX_FMT_YUVJ422P, AV_PIX_FMT_YUV444P,
                                     AV_PIX_FMT_YUV411P, AV_PIX_FMT_NV12, AV_PIX_FMT_GRAY8}) {
    ASSERT_TRUE(goes_by_planes(format)) << av_get_pix_fmt_name(format);
    for (const auto& [width, height] : {std::pair(64, 48), std::pair(33, 17), std::pair(1, 1)}) {
      const auto source = make_picture(format, width, height);
      fill(*source);
      const Tensor expected = pixels_of(*convert(*source, AV_PIX_FMT_RGB24));
      EXPECT_TRUE(tensor_of(interleave(*convert(*source, AV_PIX_FMT_GBRP), 3)).equal(expected))
          << av_get_pix_fmt_name(format) << " " << width << "x" << height;
    }
  }
}

TEST(RgbPlanes, AreGreenBlueRed) {
  const auto planes = make_picture(AV_PIX_FMT_GBRP, 1, 1);
  planes->data[0][0] = 200, planes->data[1][0] = 50, planes->data[2][0] = 100;
  EXPECT_TRUE(tensor_of(interleave(*planes, 3)).flatten().equal(torch::tensor({100, 200, 50}, torch::kUInt8)));
  EXPECT_EQ(tensor_of(interleave(*planes, 1)).item<int64_t>(), 153);  // 0.299 * 100 + 0.587 * 200 + 0.114 * 50 = 153.0
}

TEST(RgbPlanes, AreNotForColourTablesAndAlpha) {
  for (const AVPixelFormat format :
       {AV_PIX_FMT_PAL8, AV_PIX_FMT_RGB24, AV_PIX_FMT_RGBA, AV_PIX_FMT_YA8, AV_PIX_FMT_YUVA420P, AV_PIX_FMT_NONE}) {
    EXPECT_FALSE(goes_by_planes(format)) << format;
  }
}

}  // namespace
}  // namespace pdmp::data

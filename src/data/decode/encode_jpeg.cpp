#include "data/decode/encode_jpeg.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <string_view>

extern "C" {
#include <libswscale/swscale.h>
}

#include "data/decode/ffmpeg.h"
#include "data/decode/media_file.h"
#include "pdmp/error.h"

namespace pdmp {
namespace {

using Matrix = std::array<int, 64>;

// ITU-T T.81, annex K.1, tables K.1 and K.2.
constexpr Matrix kBrightness = {16, 11, 10, 16, 24,  40,  51,  61,  12, 12, 14, 19, 26,  58,  60,  55,
                                14, 13, 16, 24, 40,  57,  69,  56,  14, 17, 22, 29, 51,  87,  80,  62,
                                18, 22, 37, 56, 68,  109, 103, 77,  24, 35, 55, 64, 81,  104, 113, 92,
                                49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99};
constexpr Matrix kColour = {17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99,
                            99, 99, 47, 66, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
                            99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99};

// As libjpeg scales them. FFmpeg takes the matrix for a codec context, which frees it.
uint16_t* scaled(const Matrix& matrix, int quality) {
  const int percent = quality < 50 ? 5000 / quality : 200 - 2 * quality;
  auto* result = static_cast<uint16_t*>(av_malloc(matrix.size() * sizeof(uint16_t)));
  if (result == nullptr) throw std::bad_alloc();
  for (size_t i = 0; i < matrix.size(); ++i) {
    result[i] = static_cast<uint16_t>(std::clamp((matrix[i] * percent + 50) / 100, 1, 255));
  }
  return result;
}

void check(int code, const FfmpegMessages& messages, const std::filesystem::path& path) {
  if (code < 0) throw Error(ErrorKind::io, fmt::format("cannot encode '{}': {}", path.string(), messages.reason(code)));
}

FfmpegPtr<AVFrame> to_yuv(const Tensor& picture, const FfmpegMessages& messages, const std::filesystem::path& path) {
  auto frame = make_frame();
  frame->format = AV_PIX_FMT_YUVJ420P;
  frame->height = static_cast<int>(picture.size(0));
  frame->width = static_cast<int>(picture.size(1));
  check(av_frame_get_buffer(frame.get(), 0), messages, path);
  SwsContext* scaler =
      sws_getContext(frame->width, frame->height, AV_PIX_FMT_RGB24, frame->width, frame->height, AV_PIX_FMT_YUVJ420P,
                     SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INP, nullptr, nullptr, nullptr);
  if (scaler == nullptr) check(AVERROR(EINVAL), messages, path);
  const Tensor pixels = picture.contiguous();
  const uint8_t* rows = pixels.data_ptr<uint8_t>();
  const int row = frame->width * 3;
  sws_scale(scaler, &rows, &row, 0, frame->height, frame->data, frame->linesize);
  sws_freeContext(scaler);
  return frame;
}

// FFmpeg frees a context's other matrices with it, this one not in every version.
struct ColourMatrix {
  AVCodecContext& context;
  ~ColourMatrix() { av_freep(&context.chroma_intra_matrix); }
};

}  // namespace

void write_jpeg(const std::filesystem::path& path, const Tensor& picture, int quality) {
  if (picture.dim() != 3 || picture.scalar_type() != torch::kUInt8 || picture.numel() == 0 || picture.size(2) != 3) {
    throw Error(ErrorKind::data,
                fmt::format("a JPEG is written from (height, width, 3) bytes, not from {} of shape ({})",
                            c10::toString(picture.scalar_type()), fmt::join(picture.sizes(), ", ")));
  }
  if (quality < 1 || quality > 100) {
    throw Error(ErrorKind::usage, fmt::format("the quality of a JPEG is 1 to 100, not {}", quality));
  }
  const FfmpegMessages messages;
  const AVCodec* codec = avcodec_find_encoder(AV_CODEC_ID_MJPEG);
  const auto context = make_codec_context(codec, "JPEG");
  context->pix_fmt = AV_PIX_FMT_YUVJ420P;
  context->height = static_cast<int>(picture.size(0));
  context->width = static_cast<int>(picture.size(1));
  context->time_base = {1, 1};
  // FFmpeg's steps are matrix * scale / 8; that of the mean is 8 whatever the matrix says.
  constexpr int kUnscaled = 8;
  context->flags |= AV_CODEC_FLAG_QSCALE;
  context->global_quality = kUnscaled * FF_QP2LAMBDA;
  context->qmin = context->qmax = kUnscaled;
  context->intra_matrix = scaled(kBrightness, quality);
  context->chroma_intra_matrix = scaled(kColour, quality);
  const ColourMatrix owner{*context};
  check(avcodec_open2(context.get(), codec, nullptr), messages, path);

  const auto frame = to_yuv(picture, messages, path);
  frame->quality = context->global_quality;
  const auto packet = make_packet();
  check(avcodec_send_frame(context.get(), frame.get()), messages, path);
  check(avcodec_receive_packet(context.get(), packet.get()), messages, path);
  write_media(path, {reinterpret_cast<const char*>(packet->data), static_cast<size_t>(packet->size)});
}

}  // namespace pdmp

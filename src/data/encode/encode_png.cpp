#include "data/encode/encode_png.h"

#include <cstring>
#include <fmt/format.h>
#include <string_view>

#include "data/decode/ffmpeg.h"
#include "data/files/media_file.h"
#include "pdmp/error.h"

namespace pdmp::data {
namespace {

AVPixelFormat pixel_format(const Pixels& picture) {
  if (!picture.empty()) {
    if (picture.channels() == 1) return AV_PIX_FMT_GRAY8;
    if (picture.channels() == 3) return AV_PIX_FMT_RGB24;
    if (picture.channels() == 4) return AV_PIX_FMT_RGBA;
  }
  throw Error(ErrorKind::data,
              fmt::format("a PNG is written from (height, width, 1, 3 or 4) bytes, not from ({}, {}, {})",
                          picture.height(), picture.width(), picture.channels()));
}

void check(int code, const FfmpegMessages& messages, const std::filesystem::path& path) {
  if (code < 0) throw Error(ErrorKind::io, fmt::format("cannot encode '{}': {}", path.string(), messages.reason(code)));
}

}  // namespace

void write_png(const std::filesystem::path& path, const Pixels& picture) {
  const FfmpegMessages messages;
  const AVCodec* codec = avcodec_find_encoder(AV_CODEC_ID_PNG);
  const auto context = make_codec_context(codec, "PNG");
  context->pix_fmt = pixel_format(picture);
  context->height = static_cast<int>(picture.height());
  context->width = static_cast<int>(picture.width());
  context->time_base = {1, 1};
  check(avcodec_open2(context.get(), codec, nullptr), messages, path);

  const auto frame = make_frame();
  frame->format = context->pix_fmt;
  frame->height = context->height;
  frame->width = context->width;
  check(av_frame_get_buffer(frame.get(), 0), messages, path);
  const auto row = static_cast<size_t>(picture.width() * picture.channels());
  for (int64_t y = 0; y < picture.height(); ++y) {
    std::memcpy(frame->data[0] + y * frame->linesize[0], picture.row(y), row);
  }
  const auto packet = make_packet();
  check(avcodec_send_frame(context.get(), frame.get()), messages, path);
  check(avcodec_receive_packet(context.get(), packet.get()), messages, path);
  write_media(path, {reinterpret_cast<const char*>(packet->data), static_cast<size_t>(packet->size)});
}

}  // namespace pdmp::data

#include "data/decode/image/ffmpeg_image.h"

#include <algorithm>
#include <fmt/format.h>
#include <new>

extern "C" {
#include <libswscale/swscale.h>
}

#include "data/decode/ffmpeg.h"
#include "data/decode/picture_size.h"
#include "data/decode/pixel_rows.h"
#include "data/decode/rgb_planes.h"
#include "data/files/limits.h"
#include "data/files/media_file.h"

namespace pdmp::data {
namespace {

class ImageDecoder {
 public:
  ImageDecoder(const FileReading& reading, FfmpegImage& image) : reading_(reading), image_(image) {
    image_.bytes.resize(image_.bytes.size() + AV_INPUT_BUFFER_PADDING_SIZE, '\0');
  }

  FfmpegPtr<AVFrame> decode() {
    const FfmpegMessages messages;
    const AVCodec* codec = find_decoder(image_.codec);
    const auto context = make_codec_context(codec, image_.name);
    context->max_pixels = kMaxPixels;
    context->err_recognition = AV_EF_CRCCHECK | AV_EF_BITSTREAM | AV_EF_BUFFER | AV_EF_EXPLODE;
    check(avcodec_open2(context.get(), codec, nullptr), messages);
    const auto packet = make_packet();
    packet->data = reinterpret_cast<uint8_t*>(image_.bytes.data());
    packet->size = static_cast<int>(image_.bytes.size() - AV_INPUT_BUFFER_PADDING_SIZE);
    packet->flags = AV_PKT_FLAG_KEY;
    check(avcodec_send_packet(context.get(), packet.get()), messages);
    check(avcodec_send_packet(context.get(), nullptr), messages);
    auto frame = make_frame();
    check(avcodec_receive_frame(context.get(), frame.get()), messages);
    // Of missing rows FFmpeg only complains.
    if (!messages.first().empty()) refuse(messages.first());
    if (frame->decode_error_flags != 0 || (frame->flags & AV_FRAME_FLAG_CORRUPT) != 0) refuse("damaged data");
    return frame;
  }

 private:
  void check(int code, const FfmpegMessages& messages) const {
    if (code >= 0) return;
    reading_.check();
    std::string reason = messages.reason(code);
    if (reason.starts_with("Picture size")) reason += pixel_limit_text();
    refuse(reason);
  }

  [[noreturn]] void refuse(const std::string& reason) const {
    refuse_media(reading_.path(), fmt::format("a whole {} picture", image_.name), reason);
  }

  const FileReading& reading_;
  FfmpegImage& image_;
};

struct Narrowing {
  AVPixelFormat wide, narrow;
  int components;
};
constexpr Narrowing kNarrowings[] = {{AV_PIX_FMT_GRAY16BE, AV_PIX_FMT_GRAY8, 1},
                                     {AV_PIX_FMT_YA16BE, AV_PIX_FMT_YA8, 2},
                                     {AV_PIX_FMT_RGB48BE, AV_PIX_FMT_RGB24, 3},
                                     {AV_PIX_FMT_RGBA64BE, AV_PIX_FMT_RGBA, 4}};

// 16-bit samples of PNG and PPM to their upper bytes, in place; swscale would round some of them up.
void keep_upper_bytes(AVFrame& frame) {
  for (const Narrowing& narrowing : kNarrowings) {
    if (frame.format != narrowing.wide) continue;
    frame.format = narrowing.narrow;
    for (int y = 0; y < frame.height; ++y) {
      uint8_t* row = frame.data[0] + static_cast<ptrdiff_t>(y) * frame.linesize[0];
      for (int i = 0; i < frame.width * narrowing.components; ++i) row[i] = row[2 * i];
    }
    return;
  }
}

FfmpegPtr<AVFrame> convert(const std::filesystem::path& path, const AVFrame& source, AVPixelFormat format) {
  const FfmpegMessages messages;
  auto target = make_frame();
  target->format = format;
  target->width = source.width;
  target->height = source.height;
  struct Scaler {
    SwsContext* context;
    ~Scaler() { sws_freeContext(context); }
  };
  const Scaler scaler{sws_getContext(source.width, source.height, static_cast<AVPixelFormat>(source.format),
                                     source.width, source.height, format,
                                     SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT, nullptr, nullptr, nullptr)};
  const int allocated = av_frame_get_buffer(target.get(), 0);
  if (scaler.context == nullptr || allocated < 0) {
    refuse_media(path, "a picture of a known pixel format", messages.reason(std::min(allocated, AVERROR(EINVAL))));
  }
  sws_scale(scaler.context, source.data, source.linesize, 0, source.height, target->data, target->linesize);
  return target;
}

void make_transparent(AVFrame& rgba, uint8_t gray) {
  for (int y = 0; y < rgba.height; ++y) {
    uint8_t* pixel = rgba.data[0] + static_cast<ptrdiff_t>(y) * rgba.linesize[0];
    for (int x = 0; x < rgba.width; ++x, pixel += 4) {
      if (pixel[0] == gray) pixel[3] = 0;
    }
  }
}

Pixels composite(const AVFrame& rgba, int64_t channels) {
  Pixels picture(rgba.height, rgba.width, channels);
  for (int64_t y = 0; y < rgba.height; ++y) {
    write_row({rgba.data[0] + y * rgba.linesize[0], PixelLayout::rgba, 4}, rgba.width, channels,
              picture.data() + y * rgba.width * channels);
  }
  return picture;
}

}  // namespace

Pixels decode_by_ffmpeg(const FileReading& reading, FfmpegImage image, int64_t channels) {
  FfmpegPtr<AVFrame> frame = ImageDecoder(reading, image).decode();
  if (av_frame_make_writable(frame.get()) < 0) throw std::bad_alloc();
  keep_upper_bytes(*frame);
  const bool by_planes = !image.transparent_gray && goes_by_planes(frame->format);
  reading.check();
  const FfmpegPtr<AVFrame> converted = convert(reading.path(), *frame, by_planes ? AV_PIX_FMT_GBRP : AV_PIX_FMT_RGBA);
  frame.reset();  // never three copies of a large picture
  if (by_planes) return interleave(*converted, channels);
  if (image.transparent_gray) make_transparent(*converted, *image.transparent_gray);
  return composite(*converted, channels);
}

}  // namespace pdmp::data

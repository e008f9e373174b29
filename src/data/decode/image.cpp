#include "data/decode/image.h"

#include <algorithm>
#include <new>
#include <string>

extern "C" {
#include <libswscale/swscale.h>
}

#include <fmt/format.h>

#include "data/decode/exif_orientation.h"
#include "data/decode/ffmpeg.h"
#include "data/decode/image_format.h"
#include "data/decode/limits.h"
#include "data/decode/media_file.h"
#include "data/decode/rgb_planes.h"
#include "data/decode/svg.h"
#include "pdmp/error.h"

namespace pdmp {
namespace {

constexpr const char* kExpected = "a picture (PNG, JPEG, WebP, BMP, PPM or SVG)";

class ImageDecoder {
 public:
  ImageDecoder(const FileReading& reading, const ImageFormat& format, std::string& bytes)
      : reading_(reading), format_(format), bytes_(bytes) {}

  FfmpegPtr<AVFrame> decode() {
    const FfmpegMessages messages;
    const AVCodec* codec = find_decoder(format_.codec);
    const auto context = make_codec_context(codec, format_.name);
    context->max_pixels = kMaxPixels;
    context->err_recognition = AV_EF_CRCCHECK | AV_EF_BITSTREAM | AV_EF_BUFFER | AV_EF_EXPLODE;
    check(avcodec_open2(context.get(), codec, nullptr), messages);
    const auto packet = make_packet();
    packet->data = reinterpret_cast<uint8_t*>(bytes_.data());
    packet->size = static_cast<int>(bytes_.size() - AV_INPUT_BUFFER_PADDING_SIZE);
    packet->flags = AV_PKT_FLAG_KEY;
    check(avcodec_send_packet(context.get(), packet.get()), messages);
    check(avcodec_send_packet(context.get(), nullptr), messages);
    auto frame = make_frame();
    check(avcodec_receive_frame(context.get(), frame.get()), messages);
    if (frame->decode_error_flags != 0 || (frame->flags & AV_FRAME_FLAG_CORRUPT) != 0) {
      refuse(messages.first().empty() ? "damaged data" : messages.first());
    }
    return frame;
  }

 private:
  void check(int code, const FfmpegMessages& messages) const {
    if (code >= 0) return;
    reading_.check();
    std::string reason = messages.reason(code);
    if (reason.starts_with("Picture size"))
      reason += fmt::format(" (at most {} million pixels are read)", kMaxPixels >> 20);
    refuse(reason);
  }

  [[noreturn]] void refuse(const std::string& reason) const {
    refuse_media(reading_.path(), fmt::format("a whole {} picture", format_.name), reason);
  }

  const FileReading& reading_;
  const ImageFormat& format_;
  std::string& bytes_;  // with FFmpeg's padding behind them
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

uint8_t on_white(uint32_t value, uint32_t alpha) {
  return static_cast<uint8_t>((value * alpha + 255 * (255 - alpha) + 127) / 255);
}

Tensor composite(const AVFrame& rgba, int64_t channels) {
  const int64_t height = rgba.height, width = rgba.width;
  Tensor picture = torch::empty({height, width, channels}, torch::kUInt8);
  uint8_t* out = picture.data_ptr<uint8_t>();
  for (int64_t y = 0; y < height; ++y) {
    const uint8_t* in = rgba.data[0] + y * rgba.linesize[0];
    for (int64_t x = 0; x < width; ++x, in += 4, out += channels) {
      const uint8_t r = on_white(in[0], in[3]), g = on_white(in[1], in[3]), b = on_white(in[2], in[3]);
      if (channels == 3) {
        out[0] = r, out[1] = g, out[2] = b;
      } else {
        out[0] = luma(r, g, b);
      }
    }
  }
  return picture;
}

Tensor decode_by_ffmpeg(const FileReading& reading, const ImageFormat& format, std::string& bytes, int64_t channels) {
  bytes.resize(bytes.size() + AV_INPUT_BUFFER_PADDING_SIZE, '\0');
  ImageDecoder decoder(reading, format, bytes);
  FfmpegPtr<AVFrame> frame = decoder.decode();
  if (av_frame_make_writable(frame.get()) < 0) throw std::bad_alloc();
  keep_upper_bytes(*frame);
  const bool by_planes = goes_by_planes(frame->format);
  reading.check();
  const FfmpegPtr<AVFrame> converted = convert(reading.path(), *frame, by_planes ? AV_PIX_FMT_GBRP : AV_PIX_FMT_RGBA);
  frame.reset();  // never three copies of a large picture
  return by_planes ? interleave(*converted, channels) : composite(*converted, channels);
}

Tensor decode_whole(const FileReading& reading, const ImageFormat& format, std::string& bytes, int64_t channels) {
  if (format.codec == AV_CODEC_ID_MJPEG) return decode_jpeg(reading, bytes, channels);
  if (format.codec == AV_CODEC_ID_SVG) return decode_svg(reading, bytes, channels, kSmallestDrawing);
  return decode_by_ffmpeg(reading, format, bytes, channels);
}

}  // namespace

Tensor decode_image(const std::filesystem::path& path, int64_t channels, const ChoosePart& part,
                    const FileLimits& limits) {
  if (channels != 1 && channels != 3) {
    throw Error(ErrorKind::usage, fmt::format("a picture has 1 or 3 channels, {} were asked for", channels));
  }
  const FileReading reading(path, limits);
  std::string bytes = read_media(reading, kExpected);
  const ImageFormat* format = find_image_format(bytes);
  if (format == nullptr) refuse_media(path, kExpected, describe_content(bytes));
  const std::string damage = format->damage != nullptr ? format->damage(bytes) : "";
  if (!damage.empty()) refuse_media(path, fmt::format("a whole {} picture", format->name), damage);
  const int orientation = exif_orientation(bytes);
  if (format->codec == AV_CODEC_ID_MJPEG && orientation == 1) return decode_jpeg(reading, bytes, channels, part);
  const Tensor stored = decode_whole(reading, *format, bytes, channels);
  const Tensor picture = turn_upright(stored, orientation);
  return part ? crop(picture, part(picture.size(0), picture.size(1))) : picture;
}

}  // namespace pdmp

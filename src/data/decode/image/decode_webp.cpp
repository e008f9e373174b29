#include "data/decode/image/decode_webp.h"

#include <memory>
#include <webp/decode.h>
#include <webp/demux.h>

#include "data/decode/picture_size.h"
#include "data/decode/pixel_rows.h"
#include "data/files/media_file.h"

namespace pdmp::data {
namespace {

constexpr const char* kExpected = "a whole WebP picture";

struct DecoderDeleter {
  void operator()(WebPAnimDecoder* decoder) const { WebPAnimDecoderDelete(decoder); }
};
using Decoder = std::unique_ptr<WebPAnimDecoder, DecoderDeleter>;

// Whether it has transparency. Before the decoder is made, which makes its canvas at once.
bool check_header(const FileReading& reading, const WebPData& data) {
  WebPBitstreamFeatures features{};
  if (WebPGetFeatures(data.bytes, data.size, &features) != VP8_STATUS_OK)
    refuse_media(reading.path(), kExpected, "a header that is damaged");
  check_picture_size(reading.path(), kExpected, features.width, features.height);
  return features.has_alpha != 0;
}

}  // namespace

Pixels decode_webp(const FileReading& reading, std::string_view bytes, int64_t channels) {
  const WebPData data{reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()};
  const PixelLayout layout = check_header(reading, data) ? PixelLayout::rgba : PixelLayout::rgb;
  const Decoder decoder(WebPAnimDecoderNew(&data, nullptr));
  WebPAnimInfo info{};
  if (decoder == nullptr || WebPAnimDecoderGetInfo(decoder.get(), &info) == 0)
    refuse_media(reading.path(), kExpected, "chunks that are cut or damaged");
  uint8_t* rgba = nullptr;
  int timestamp = 0;
  if (WebPAnimDecoderGetNext(decoder.get(), &rgba, &timestamp) == 0)
    refuse_media(reading.path(), kExpected, "pixels that are cut or damaged");
  reading.check();
  const int64_t width = info.canvas_width, height = info.canvas_height;
  Pixels picture(height, width, channels);
  for (int64_t y = 0; y < height; ++y) {
    write_row({rgba + y * width * 4, layout, 4}, width, channels, picture.data() + y * width * channels);
  }
  return picture;
}

}  // namespace pdmp::data

// Picture formats, told apart by their first bytes, never by the file's name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

extern "C" {
#include <libavcodec/codec_id.h>
}

namespace pdmp::data {

struct ImageFormat {
  const char* name;
  AVCodecID codec;
  bool (*matches)(std::string_view bytes);
  // What of the file is missing ("" = it is whole); null where the decoder itself notices. Decoders fill what a cut
  // file lacks with grey or black and call that success, so wholeness is read off the container.
  std::string (*damage)(std::string_view bytes);
};

const std::vector<ImageFormat>& image_format_table();
const ImageFormat* find_image_format(std::string_view bytes);  // null: none of them

}  // namespace pdmp::data

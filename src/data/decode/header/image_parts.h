// The parts that an image file consists of: segments of JPEG, chunks of PNG and WebP. Nothing else walks over them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace pdmp::data {

struct ImagePart {
  std::string_view type;   // of a chunk, four characters
  uint32_t marker = 0;     // of a segment, the byte behind 0xFF
  std::string_view body;   // without type, length and checksum
  std::string_view bytes;  // with them
};

struct PartsEnd {
  std::string damage;  // what of the file is missing; "": it is whole
  size_t at = 0;       // the first byte behind the last part that is whole
};

using VisitPart = std::function<void(const ImagePart& part)>;

// Each part that is whole, in order. Checksums are left to others.
//
// JPEG: up to and with the header of the first scan; the entropy-coded data follow. As in libjpeg, bytes between
// segments are skipped, and any number of 0xFF may fill up to a marker.
PartsEnd walk_jpeg(std::string_view bytes, const VisitPart& visit);
// PNG: up to and with IEND.
PartsEnd walk_png(std::string_view bytes, const VisitPart& visit);
// WebP: all chunks of its RIFF file.
PartsEnd walk_webp(std::string_view bytes, const VisitPart& visit);

}  // namespace pdmp::data

// Texts in chunks of a PNG file.
#pragma once

#include <string>

#include "data/decode/header/image_parts.h"

namespace pdmp::data {

struct PngText {
  std::string keyword, text;  // both empty: not a chunk of text, or a damaged one
};

// Of a tEXt, zTXt or iTXt chunk. Nothing of a text that inflates to more than 1 MiB.
PngText read_png_text(const ImagePart& chunk);

}  // namespace pdmp::data

#include "data/decode/header/png_text.h"

#include <algorithm>
#include <zlib.h>

namespace pdmp::data {
namespace {

// "" where the stream is damaged or longer than any text that is looked for.
std::string inflate_text(std::string_view compressed) {
  constexpr size_t kLongest = 1 << 20;
  std::string text(kLongest, '\0');
  uLongf size = text.size();
  const int code = uncompress(reinterpret_cast<Bytef*>(text.data()), &size,
                              reinterpret_cast<const Bytef*>(compressed.data()), compressed.size());
  text.resize(code == Z_OK ? size : 0);
  return text;
}

// The bytes up to the next zero, and `rest` behind it.
std::string_view take_word(std::string_view& rest) {
  const std::string_view word = rest.substr(0, rest.find('\0'));
  rest.remove_prefix(std::min(rest.size(), word.size() + 1));
  return word;
}

// Compression flag and method, a language, the keyword in it, the text.
std::string international_text(std::string_view rest) {
  if (rest.size() < 2) return "";
  const bool compressed = rest[0] != 0;
  rest.remove_prefix(2);
  take_word(rest);
  take_word(rest);
  return compressed ? inflate_text(rest) : std::string(rest);
}

}  // namespace

PngText read_png_text(const ImagePart& chunk) {
  if (chunk.type != "tEXt" && chunk.type != "zTXt" && chunk.type != "iTXt") return {};
  std::string_view rest = chunk.body;
  PngText result;
  result.keyword = take_word(rest);
  if (chunk.type == "tEXt") result.text = rest;
  if (chunk.type == "zTXt" && !rest.empty()) result.text = inflate_text(rest.substr(1));  // behind the method
  if (chunk.type == "iTXt") result.text = international_text(rest);
  return result;
}

}  // namespace pdmp::data

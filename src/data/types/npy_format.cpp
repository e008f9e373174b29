#include "data/types/npy_format.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <limits>
#include <string>

#include "data/decode/media_file.h"

namespace pdmp {
namespace {

struct Type {
  std::string_view name;
  int64_t width;
  void (*convert)(const char* from, float* to, int64_t count);
};

template <class T>
void convert(const char* from, float* to, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    T value;  // the data need not be aligned
    std::memcpy(&value, from + i * static_cast<int64_t>(sizeof(T)), sizeof(T));
    to[i] = static_cast<float>(value);
  }
}

constexpr Type kTypes[] = {
    {"<f4", 4, convert<float>},    {"<f8", 8, convert<double>},   {"|i1", 1, convert<int8_t>},
    {"<i2", 2, convert<int16_t>},  {"<i4", 4, convert<int32_t>},  {"<i8", 8, convert<int64_t>},
    {"|u1", 1, convert<uint8_t>},  {"<u2", 2, convert<uint16_t>}, {"<u4", 4, convert<uint32_t>},
    {"<u8", 8, convert<uint64_t>},
};

// Text behind `'key':` in the header, which is a Python dict literal.
std::string_view value_of(const std::filesystem::path& path, std::string_view header, std::string_view key) {
  const size_t at = header.find(fmt::format("'{}':", key));
  if (at == std::string_view::npos) refuse_media(path, kNpyExpected, fmt::format("a header without '{}'", key));
  std::string_view rest = header.substr(at + key.size() + 3);
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  return rest;
}

void read_shape(const std::filesystem::path& path, std::string_view text, NpyHeader& header) {
  const size_t close = text.find(')');
  if (!text.starts_with('(') || close == std::string_view::npos)
    refuse_media(path, kNpyExpected, "a header whose shape is no tuple");
  for (size_t at = 1; at < close;) {
    if (text[at] == ' ' || text[at] == ',') {
      ++at;
      continue;
    }
    int64_t size = 0;
    const auto [end, code] = std::from_chars(text.data() + at, text.data() + close, size);
    constexpr int64_t kMost = std::numeric_limits<int64_t>::max() / 16;  // the count in bytes must not overflow
    if (code != std::errc() || size < 1 || header.count > kMost / size) {
      refuse_media(path, "an array with something in it", fmt::format("shape {}", text.substr(0, close + 1)));
    }
    header.shape.push_back(size);
    header.count *= size;
    at = static_cast<size_t>(end - text.data());
  }
  if (header.shape.empty()) refuse_media(path, "an array of at least one dimension", "a single number");
}

const Type& read_type(const std::filesystem::path& path, std::string_view text) {
  const std::string_view name = text.starts_with('\'') ? text.substr(1, text.find('\'', 1) - 1) : text.substr(0, 12);
  std::vector<std::string_view> names;
  for (const Type& type : kTypes) {
    if (type.name == name) return type;
    names.push_back(type.name);
  }
  refuse_media(path, fmt::format("dtype {}", fmt::join(names, ", ")), fmt::format("dtype {}", name),
               "convert it with astype");
}

std::string position(int64_t index, const std::vector<int64_t>& shape) {
  std::vector<int64_t> place(shape.size());
  for (size_t d = shape.size(); d-- > 0; index /= shape[d]) place[d] = index % shape[d];
  return fmt::format("[{}]", fmt::join(place, ", "));
}

}  // namespace

NpyHeader parse_npy_header(const std::filesystem::path& path, std::string_view bytes) {
  constexpr size_t kVersion = 6, kShort = 10, kLong = 12;
  if (!bytes.starts_with("\x93NUMPY")) refuse_media(path, kNpyExpected, describe_content(bytes));
  if (bytes.size() < kLong) refuse_media(path, kNpyExpected, fmt::format("a header cut after {} bytes", bytes.size()));
  const uint32_t version = big_endian(bytes, kVersion, 1);
  if (version < 1 || version > 3) refuse_media(path, ".npy version 1, 2 or 3", fmt::format("version {}", version));
  const size_t start = version == 1 ? kShort : kLong;
  const size_t length = little_endian(bytes, 8, start - 8);
  if (length > bytes.size() - start)
    refuse_media(path, kNpyExpected, fmt::format("a header cut after {} bytes", bytes.size()));
  const std::string_view text = bytes.substr(start, length);
  NpyHeader header;
  header.data = start + length;
  const Type& type = read_type(path, value_of(path, text, "descr"));
  header.convert = type.convert;
  read_shape(path, value_of(path, text, "shape"), header);
  const bool rows_first = value_of(path, text, "fortran_order").starts_with("False");
  if (!rows_first && header.shape.size() > 1)
    refuse_media(path, "C order", "Fortran order", "save numpy.ascontiguousarray of it");
  const size_t expected = static_cast<size_t>(header.count * type.width), found = bytes.size() - header.data;
  if (found != expected) refuse_media(path, fmt::format("{} bytes of values", expected), std::to_string(found));
  return header;
}

void copy_npy_values(const std::filesystem::path& path, std::string_view bytes, const NpyHeader& header, float* to) {
  header.convert(bytes.data() + header.data, to, header.count);
  for (int64_t i = 0; i < header.count; ++i) {
    if (std::isfinite(to[i])) continue;
    refuse_media(path, "finite numbers", fmt::format("{} at {}", to[i], position(i, header.shape)),
                 "repair the values or empty the cell");
  }
}

}  // namespace pdmp

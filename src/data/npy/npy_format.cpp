// Reads arrays of real numbers as NumPy writes them: every dtype, byte order and memory order.
#include "data/npy/npy_format.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <limits>
#include <string>

#include "data/files/media_file.h"
#include "data/npy/npy_header.h"

namespace pdmp::data {
namespace {

// IEEE 754 binary16, which g++ 12 has no type for.
struct Half {
  uint16_t bits = 0;

  explicit operator float() const {
    constexpr int kFractionBits = 10, kBias = 15, kNoNumber = 31;
    const int exponent = bits >> kFractionBits & kNoNumber, fraction = bits & ((1 << kFractionBits) - 1);
    float size = 0;
    if (exponent == kNoNumber) {
      size = fraction == 0 ? std::numeric_limits<float>::infinity() : std::numeric_limits<float>::quiet_NaN();
    } else if (exponent == 0) {
      size = std::ldexp(static_cast<float>(fraction), 1 - kBias - kFractionBits);
    } else {
      size = std::ldexp(static_cast<float>(fraction + (1 << kFractionBits)), exponent - kBias - kFractionBits);
    }
    return (bits & 0x8000u) != 0 ? -size : size;
  }
};

struct Bool {
  uint8_t byte = 0;
  explicit operator float() const { return byte != 0 ? 1 : 0; }
};

using Convert = void (*)(const char* from, float* to, int64_t count);

template <class T, bool swapped>
void convert(const char* from, float* to, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    std::array<char, sizeof(T)> bytes;  // the data need not be aligned
    std::memcpy(bytes.data(), from + i * static_cast<int64_t>(sizeof(T)), sizeof(T));
    if constexpr (swapped) std::reverse(bytes.begin(), bytes.end());
    T value;
    std::memcpy(&value, bytes.data(), sizeof(T));
    to[i] = static_cast<float>(value);
  }
}

struct Type {
  std::string_view name;  // kind and width in bytes
  int64_t width;
  Convert little, big;
};

template <class T>
constexpr Type row_of(std::string_view name) {
  return {name, sizeof(T), convert<T, false>, convert<T, true>};
}

constexpr Type kTypes[] = {
    row_of<Half>("f2"),    row_of<float>("f4"),    row_of<double>("f8"),   row_of<Bool>("b1"),
    row_of<int8_t>("i1"),  row_of<int16_t>("i2"),  row_of<int32_t>("i4"),  row_of<int64_t>("i8"),
    row_of<uint8_t>("u1"), row_of<uint16_t>("u2"), row_of<uint32_t>("u4"), row_of<uint64_t>("u8"),
};

void read_shape(const std::filesystem::path& path, std::string_view text, NpyHeader& header) {
  if (!text.starts_with('(') || !text.ends_with(')'))
    refuse_media(path, kNpyExpected, "a header whose shape is no tuple");
  const size_t close = text.size() - 1;
  for (size_t at = 1; at < close;) {
    if (text[at] == ' ' || text[at] == ',') {
      ++at;
      continue;
    }
    int64_t size = 0;
    const auto [end, code] = std::from_chars(text.data() + at, text.data() + close, size);
    constexpr int64_t kMost = std::numeric_limits<int64_t>::max() / 16;  // the count in bytes must not overflow
    if (code != std::errc() || size < 1 || header.count > kMost / size) {
      refuse_media(path, "an array with something in it", fmt::format("shape {}", text));
    }
    header.shape.push_back(size);
    header.count *= size;
    at = static_cast<size_t>(end - text.data());
    if (text[at] == 'L') ++at;  // Python 2 wrote "(2L, 3L)"
  }
  if (header.shape.empty()) refuse_media(path, "an array of at least one dimension", "a single number");
}

// "'<f4'" -> float, little-endian. An order of '=' or none is that of this machine, '|' of types of one byte.
const Type& read_type(const std::filesystem::path& path, std::string_view text, Convert& converter) {
  const bool quoted = text.size() > 2 && (text[0] == '\'' || text[0] == '"');
  std::string_view name = quoted ? text.substr(1, text.size() - 2) : text;
  const bool big = name.starts_with('>');
  if (quoted && std::string_view("<>=|").find(name[0]) != std::string_view::npos) name.remove_prefix(1);
  if (name == "?") name = "b1";
  std::vector<std::string_view> names;
  for (const Type& type : kTypes) {
    if (quoted && type.name == name) {
      converter = big ? type.big : type.little;
      return type;
    }
    names.push_back(type.name);
  }
  constexpr size_t kShown = 40;
  refuse_media(path, fmt::format("real numbers (dtype {}, of either byte order)", fmt::join(names, ", ")),
               fmt::format("dtype {}", text.substr(0, kShown)), "convert it with astype");
}

bool read_order(const std::filesystem::path& path, std::string_view text) {
  if (text != "True" && text != "False") {
    refuse_media(path, kNpyExpected, "a header whose fortran_order is neither True nor False");
  }
  return text == "True";
}

std::string position(int64_t index, const std::vector<int64_t>& shape) {
  std::vector<int64_t> place(shape.size());
  for (size_t d = shape.size(); d-- > 0; index /= shape[d]) place[d] = index % shape[d];
  return fmt::format("[{}]", fmt::join(place, ", "));
}

// From the first index running fastest to the last.
void reorder(const std::vector<float>& from, const std::vector<int64_t>& shape, float* to) {
  std::vector<int64_t> steps(shape.size(), 1), place(shape.size(), 0);
  for (size_t d = 1; d < shape.size(); ++d) steps[d] = steps[d - 1] * shape[d - 1];
  int64_t at = 0;
  for (size_t i = 0; i < from.size(); ++i) {
    to[i] = from[static_cast<size_t>(at)];
    for (size_t d = shape.size(); d-- > 0;) {
      at += steps[d];
      if (++place[d] < shape[d]) break;
      at -= steps[d] * shape[d];
      place[d] = 0;
    }
  }
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
  const NpyFields fields = parse_npy_fields(path, bytes.substr(start, length));
  NpyHeader header;
  header.data = start + length;
  const Type& type = read_type(path, fields.descr, header.convert);
  read_shape(path, fields.shape, header);
  header.fortran = read_order(path, fields.fortran_order) && header.shape.size() > 1;
  const size_t expected = static_cast<size_t>(header.count * type.width), found = bytes.size() - header.data;
  if (found != expected) refuse_media(path, fmt::format("{} bytes of values", expected), std::to_string(found));
  return header;
}

void copy_npy_values(const std::filesystem::path& path, std::string_view bytes, const NpyHeader& header, float* to) {
  const char* from = bytes.data() + header.data;
  if (header.fortran) {
    std::vector<float> values(static_cast<size_t>(header.count));
    header.convert(from, values.data(), header.count);
    reorder(values, header.shape, to);
  } else {
    header.convert(from, to, header.count);
  }
  for (int64_t i = 0; i < header.count; ++i) {
    if (std::isfinite(to[i])) continue;
    refuse_media(path, "finite numbers", fmt::format("{} at {}", to[i], position(i, header.shape)),
                 "repair the values or empty the cell");
  }
}

}  // namespace pdmp::data

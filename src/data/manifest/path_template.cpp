#include "data/manifest/path_template.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <fmt/format.h>

#include "data/tables/metadata_limits.h"
#include "pdmp/error.h"

namespace pdmp::data {
namespace {

[[noreturn]] void fail(std::string_view text, const std::string& message) {
  throw Error(ErrorKind::data, fmt::format("path '{}': {}", text, message));
}

// "06d" -> 6.
int parse_width(std::string_view text, std::string_view format) {
  int width = 0;
  const char* end = format.data() + format.size();
  const auto [rest, code] = std::from_chars(format.data(), end, width);
  if (code != std::errc() || rest + 1 != end || *rest != 'd' || format[0] != '0' || width > 32) {
    fail(text, fmt::format("expected a format like 06d, found '{}'", format));
  }
  return width;
}

std::string padded(std::string_view text, const std::string& value, std::string_view format) {
  const int width = parse_width(text, format);
  double number = 0;
  const char* end = value.data() + value.size();
  const auto [rest, code] = std::from_chars(value.data(), end, number);
  if (code != std::errc() || rest != end || std::abs(number) > 1e15) {
    fail(text, fmt::format("expected a number for '{}', found '{}'", format, value));
  }
  return fmt::format("{:0{}d}", static_cast<int64_t>(number), width);
}

}  // namespace

std::string expand_template(std::string_view text, const std::function<std::string(const std::string& name)>& value) {
  std::string result;
  for (size_t at = 0; at < text.size(); ++at) {
    if (result.size() > kMostFieldBytes)
      fail(text, fmt::format("expected at most {} bytes, found more", kMostFieldBytes));
    const char c = text[at];
    if (c != '{' && c != '}') {
      result += c;
    } else if (at + 1 < text.size() && text[at + 1] == c) {
      result += c;
      ++at;
    } else {
      const size_t end = c == '{' ? text.find('}', at) : std::string_view::npos;
      if (end == std::string_view::npos)
        fail(text, fmt::format("'{}' without its partner; write it twice to mean itself", c));
      const std::string_view field = text.substr(at + 1, end - at - 1);
      const size_t colon = field.find(':');
      const std::string found = value(std::string(field.substr(0, colon)));
      result += colon == std::string_view::npos ? found : padded(text, found, field.substr(colon + 1));
      at = end;
    }
  }
  return result;
}

}  // namespace pdmp::data

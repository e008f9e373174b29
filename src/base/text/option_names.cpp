#include "base/text/option_names.h"

#include <string_view>

namespace pdmp {
namespace {

constexpr char kBacktick = '`';

// Length of the name that begins at `at` and ends at a backtick; 0 where there is none.
size_t name_length(const std::string& text, size_t at) {
  constexpr std::string_view kCharacters = "abcdefghijklmnopqrstuvwxyz0123456789._-";
  if (at >= text.size() || text[at] < 'a' || text[at] > 'z') return 0;
  const size_t end = text.find_first_not_of(kCharacters, at);
  return end != std::string::npos && text[end] == kBacktick ? end - at : 0;
}

}  // namespace

std::string with_flags(const std::string& message) {
  std::string result;
  for (size_t at = 0; at < message.size();) {
    const size_t length = message[at] == kBacktick ? name_length(message, at + 1) : 0;
    if (length == 0) {
      result += message[at++];
    } else {
      result += "--" + message.substr(at + 1, length);
      at += length + 2;  // both backticks
    }
  }
  return result;
}

}  // namespace pdmp

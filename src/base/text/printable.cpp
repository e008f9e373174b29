#include "base/text/printable.h"

#include <fmt/format.h>

#include "base/text/utf8.h"

namespace pdmp {
namespace {

bool is_harmful(uint32_t code) {
  const auto within = [code](uint32_t first, uint32_t last) { return first <= code && code <= last; };
  const bool control = code < 0x20 || within(0x7F, 0x9F);
  const bool separator = within(0x2028, 0x2029);
  const bool bidirectional =
      code == 0x061C || within(0x200E, 0x200F) || within(0x202A, 0x202E) || within(0x2066, 0x2069);
  return control || separator || bidirectional;
}

std::string escape(uint32_t code) {
  if (code == '\n') return "\\n";
  if (code == '\t') return "\\t";
  if (code == '\r') return "\\r";
  return fmt::format("\\u{:04x}", code);
}

bool is_plain(char c) { return c >= ' ' && c < '\x7F'; }

std::string escaped(std::string_view text, bool keep_lines) {
  std::string result;
  result.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (is_plain(c) || (keep_lines && (c == '\n' || c == '\t'))) {
      result += c;
      ++at;
      continue;
    }
    const Utf8Character character = utf8_character(text, at);
    if (character.length == 0) {
      result += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
      ++at;
      continue;
    }
    result += is_harmful(character.code) ? escape(character.code) : std::string(text.substr(at, character.length));
    at += character.length;
  }
  return result;
}

}  // namespace

std::string printable(std::string_view text) { return escaped(text, false); }

std::string printable_lines(std::string_view text) { return escaped(text, true); }

std::string shortened(std::string_view text, size_t most) {
  if (text.size() <= most) return std::string(text);
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;  // not within a character
  return std::string(text.substr(0, most)) + "...";
}

std::string message_line(std::string_view text) {
  constexpr size_t kLongest = 4000;  // bytes: fifty lines of a terminal
  return printable(shortened(text, kLongest));
}

bool PrintableBuffer::pass_on(std::string_view text) {
  const std::string shown = printable_lines(text);
  const auto count = static_cast<std::streamsize>(shown.size());
  return target_.sputn(shown.data(), count) == count;
}

PrintableBuffer::int_type PrintableBuffer::overflow(int_type character) {
  if (traits_type::eq_int_type(character, traits_type::eof())) return traits_type::not_eof(character);
  const char c = traits_type::to_char_type(character);
  return xsputn(&c, 1) == 1 ? character : traits_type::eof();
}

std::streamsize PrintableBuffer::xsputn(const char* text, std::streamsize count) {
  const std::string_view all(text, static_cast<size_t>(count));
  const size_t newline = all.rfind('\n');
  const size_t whole = newline == std::string_view::npos ? 0 : newline + 1;
  if (whole > 0) {
    begun_ += all.substr(0, whole);
    const bool passed = pass_on(begun_);
    begun_.clear();
    if (!passed) return 0;
  }
  begun_ += all.substr(whole);
  return count;
}

int PrintableBuffer::sync() {
  const bool passed = pass_on(begun_);
  begun_.clear();
  return passed && target_.pubsync() == 0 ? 0 : -1;
}

}  // namespace pdmp

#include "base/toml.h"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <set>

#include "base/value_text.h"
#include "pdmp/error.h"

namespace pdmp {
namespace {

std::string utf8(uint32_t code) {
  const auto tail = [&](int shift) { return static_cast<char>(0x80 | ((code >> shift) & 0x3F)); };
  if (code < 0x80) return {static_cast<char>(code)};
  if (code < 0x800) return {static_cast<char>(0xC0 | (code >> 6)), tail(0)};
  if (code < 0x10000) return {static_cast<char>(0xE0 | (code >> 12)), tail(6), tail(0)};
  return {static_cast<char>(0xF0 | (code >> 18)), tail(12), tail(6), tail(0)};
}

class TomlReader {
 public:
  TomlReader(std::string_view content, const std::string& path) : rest_(content), path_(path) {
    if (rest_.substr(0, 3) == "\xEF\xBB\xBF") rest_.remove_prefix(3);
  }

  std::vector<TomlEntry> read() {
    while (skip_to_content()) {
      if (peek() == '[') {
        read_section();
      } else {
        read_entry();
      }
      end_line();
    }
    return std::move(entries_);
  }

 private:
  [[noreturn]] void fail(const std::string& expected) const {
    const std::string_view line = trimmed(rest_.substr(0, rest_.find('\n')));
    const std::string found = line.empty() ? "the end of the line" : fmt::format("'{}'", line.substr(0, 60));
    throw Error(ErrorKind::data, fmt::format("{}:{}: expected {}, found {}", path_, line_, expected, found));
  }

  char peek() const { return rest_.empty() ? '\n' : rest_.front(); }

  char take() {
    if (rest_.empty()) fail("more");
    const char c = rest_.front();
    rest_.remove_prefix(1);
    if (c == '\n') ++line_;
    return c;
  }

  void skip_blanks() {
    while (!rest_.empty() && (peek() == ' ' || peek() == '\t' || peek() == '\r')) take();
  }

  void skip_comment() {
    if (!rest_.empty() && peek() == '#') rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
  }

  // Over blanks, comments and line ends; false at the end of the file.
  bool skip_to_content() {
    while (true) {
      skip_blanks();
      skip_comment();
      if (rest_.empty()) return false;
      if (peek() != '\n') return true;
      take();
    }
  }

  void end_line() {
    skip_blanks();
    skip_comment();
    if (!rest_.empty() && peek() != '\n') fail("the end of the line");
  }

  void read_section() {
    take();
    if (peek() == '[') fail("a [section] (arrays of tables mean nothing here)");
    section_ = read_key() + ".";
    if (peek() != ']') fail("']' after the name of the section");
    take();
  }

  void read_entry() {
    TomlEntry entry;
    entry.line = line_;
    entry.key = section_ + read_key();
    if (peek() != '=') fail("'=' after the key");
    take();
    skip_blanks();
    if (!seen_.insert(entry.key).second) {
      throw Error(ErrorKind::data, fmt::format("{}:{}: '{}' is set twice; keep one", path_, line_, entry.key));
    }
    entry.text = peek() == '[' ? read_array() : read_scalar();
    entries_.push_back(std::move(entry));
  }

  std::string read_key() {
    std::string key;
    while (true) {
      skip_blanks();
      key += peek() == '"' || peek() == '\'' ? read_string() : read_bare("a key", "_-");
      skip_blanks();
      if (peek() != '.') return key;
      key += take();
    }
  }

  std::string read_bare(const char* what, std::string_view also) {
    std::string word;
    while (std::isalnum(static_cast<unsigned char>(peek())) || also.find(peek()) != std::string_view::npos) {
      word += take();
    }
    if (word.empty()) fail(what);
    return word;
  }

  std::string read_scalar() {
    if (peek() == '"' || peek() == '\'') return read_string();
    std::string word = read_bare("a string in quotes, a number, true, false or an [array]", "_-+.");
    const bool number = std::isdigit(static_cast<unsigned char>(word.back())) != 0;
    if (number) std::erase(word, '_');  // 1_000_000
    const double* kind = nullptr;
    if (word != "true" && word != "false" && !parse_value(word, kind)) {
      throw Error(ErrorKind::data, fmt::format("{}:{}: text stands in quotes: write \"{}\"", path_, line_, word));
    }
    return word;
  }

  std::string read_array() {
    take();
    std::string items;
    while (true) {
      if (!skip_to_content()) fail("']' at the end of the array");
      if (peek() == ']') break;
      const std::string item = read_scalar();
      if (item.find(',') != std::string::npos) fail("items without commas before this");
      items += (items.empty() ? "" : ",") + item;
      if (!skip_to_content() || (peek() != ',' && peek() != ']')) fail("',' or ']' in the array");
      if (peek() == ',') take();
    }
    take();
    return items;
  }

  std::string read_string() {
    const char quote = take();
    if (rest_.substr(0, 2) == std::string(2, quote)) fail("a string on one line, in single quotes or double quotes");
    std::string text;
    while (peek() != quote) {
      if (peek() == '\n') fail("a closing quote");
      const char c = take();
      text += c == '\\' && quote == '"' ? read_escape() : std::string(1, c);
    }
    take();
    return text;
  }

  std::string read_escape() {
    static constexpr std::string_view kLetters = "btnfre\"\\", kMeaning = "\b\t\n\f\r\x1B\"\\";
    if (peek() == 'u' || peek() == 'U') return read_code_point(peek() == 'u' ? 4 : 8);
    const size_t letter = kLetters.find(peek());
    if (letter == std::string_view::npos) fail("an escape of TOML after '\\' (write \\\\ for a backslash)");
    take();
    return {kMeaning[letter]};
  }

  std::string read_code_point(size_t digits) {
    take();
    uint32_t code = 0;
    for (size_t i = 0; i < digits; ++i) {
      if (!std::isxdigit(static_cast<unsigned char>(peek()))) fail("a hexadecimal digit");
      const char c = take();
      code = code * 16 + static_cast<uint32_t>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) fail("a Unicode character before this");
    return utf8(code);
  }

  std::string_view rest_;
  const std::string& path_;
  int line_ = 1;
  std::string section_;
  std::vector<TomlEntry> entries_;
  std::set<std::string> seen_;
};

}  // namespace

std::vector<TomlEntry> parse_toml(std::string_view content, const std::string& path) {
  return TomlReader(content, path).read();
}

std::string toml_string(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += {'\\', c};
    } else if (c == '\n') {
      quoted += "\\n";
    } else if (byte < 0x20 || byte == 0x7F) {
      quoted += fmt::format("\\u{:04x}", byte);
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

}  // namespace pdmp

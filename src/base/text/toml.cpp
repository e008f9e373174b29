#include "base/text/toml.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <fmt/format.h>
#include <set>
#include <utility>

// What toml++ 3.3 takes for granted of some malformed texts ("[", "a = [}") is an assertion in it, and with NDEBUG an
// assumption that the optimizer uses. Here it is an exception, whatever the build.
namespace pdmp::toml_contract {
struct Broken {};
constexpr void check(bool holds) {
  if (!holds) throw Broken();
}
}  // namespace pdmp::toml_contract
#undef NDEBUG
#define TOML_ASSERT(expression) ::pdmp::toml_contract::check(static_cast<bool>(expression))
#define TOML_EXCEPTIONS 1
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include "base/text/nested_text.h"
#include "base/text/printable.h"
#include "base/text/utf8.h"
#include "base/text/value_text.h"
#include "pdmp/error.h"

namespace pdmp {
namespace {

constexpr int kMostDots = 32;  // in one key

// The parser sees ASCII alone: names of files need not be UTF-8, and toml++ 3.3 errs about characters beyond ASCII
// outside of strings. Bytes beyond it, and the mark itself, travel as a mark and two hexadecimal digits.
constexpr char kMark = '`';  // in TOML a character of strings and comments alone

std::string with_bytes_hidden(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    result += byte >= 0x80 || c == kMark ? fmt::format("{}{:02x}", kMark, byte) : std::string(1, c);
  }
  return result;
}

std::string with_bytes_back(std::string_view text) {
  std::string result;
  for (size_t at = 0; at < text.size(); ++at) {
    unsigned byte = 0;
    const char* digits = text.data() + at + 1;
    const bool hidden =
        text[at] == kMark && at + 2 < text.size() && std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2;
    result += hidden ? static_cast<char>(byte) : text[at];
    if (hidden) at += 2;
  }
  return result;
}

class TomlReader {
 public:
  TomlReader(std::string_view content, const std::string& path) : content_(with_bytes_hidden(content)), path_(path) {
    for (size_t end = content_.find('\n'); end != std::string::npos; end = content_.find('\n', end + 1)) {
      line_begins_.push_back(end + 1);
    }
  }

  std::vector<TomlEntry> read() {
    scan();
    std::vector<TomlEntry> entries;
    std::set<std::string> seen;
    for (size_t i = 0; i < section_lines_.size(); ++i) {
      read_section(i);
      std::sort(entries_.begin(), entries_.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
      for (auto& [place, entry] : entries_) {
        if (!seen.insert(entry.key).second) {
          fail(static_cast<unsigned>(entry.line), fmt::format("'{}' is set twice; keep one", entry.key));
        }
        entries.push_back(std::move(entry));
      }
      entries_.clear();
    }
    return entries;
  }

 private:
  using Place = std::pair<unsigned, unsigned>;  // line and column, from 1

  [[noreturn]] void fail(unsigned line, const std::string& message) const {
    throw Error(ErrorKind::data, with_bytes_back(fmt::format("{}:{}: {}", path_, line, message)),
                {.file = path_, .line = line});
  }

  std::string_view line_text(unsigned line) const {
    std::string_view rest = content_;
    rest.remove_prefix(line_begins_.at(std::min<size_t>(line, line_begins_.size()) - 1));
    return trimmed(rest.substr(0, rest.find('\n')));
  }

  static std::string quoted(std::string_view text) { return fmt::format("'{}'", shortened(text, 60)); }

  // What toml++ says, in the words of the other errors where it has none for what people get wrong.
  [[noreturn]] void refuse(const toml::parse_error& error) const {
    constexpr std::string_view kBegin = "Error while parsing ";
    std::string_view reason = error.description();
    const unsigned line = line_of(error.source().begin);
    const std::string_view text = line_text(line);
    if (reason.find("cannot redefine existing") != std::string_view::npos) {
      const size_t name = reason.find('\'') + 1;
      fail(line, fmt::format("'{}' is set twice; keep one", reason.substr(name, reason.rfind('\'') - name)));
    }
    if (reason.find("could not determine value type") != std::string_view::npos) {
      const std::string_view value = trimmed(text.substr(std::min(text.find('='), text.size() - 1) + 1));
      fail(line,
           fmt::format("expected a string in quotes, a number, true, false or an [array], found {}; text stands in "
                       "quotes: write \"{}\"",
                       quoted(value), shortened(value.substr(0, value.find_first_of(" #,]")), 60)));
    }
    if (reason.find("unescaped control characters") != std::string_view::npos) {
      fail(line, fmt::format("expected a closing quote, found the end of the line {}", quoted(text)));
    }
    if (reason.starts_with(kBegin)) reason.remove_prefix(kBegin.size());
    fail(line, fmt::format("expected TOML, found {}: {}", quoted(text), reason));
  }

  // Sections are parsed one by one: `encoders = "a=mlp"` and [encoders.a] mean something together here, and a section
  // may be there twice.
  void read_section(size_t i) {
    const size_t begin = line_begins_[section_lines_[i] - 1];
    const size_t end = i + 1 < section_lines_.size() ? line_begins_[section_lines_[i + 1] - 1] : content_.size();
    lines_before_ = section_lines_[i] - 1;
    try {
      add_table(toml::parse(std::string_view(content_).substr(begin, end - begin)), "");
    } catch (const toml::parse_error& error) {
      refuse(error);
    } catch (const toml_contract::Broken&) {
      fail(section_lines_[i], "expected TOML, found a key or a value that is none in this section");
    }
  }

  unsigned line_of(const toml::source_position& position) const { return position.line + lines_before_; }

  // Finds the sections, and what toml++ 3.3 does not: each dot of a key is a table in a table, without any limit, and a
  // key that begins with a character beyond ASCII has no error.
  void scan() {
    char quote = 0;
    int dots = 0, depth = 0;  // depth: of brackets
    unsigned line = 1;
    bool line_begins = true, in_value = false;
    for (size_t i = 0; i < content_.size(); ++i) {
      const char c = content_[i];
      if (c == '\n') {
        ++line;
        quote = 0;
        dots = 0;
        line_begins = true;
        in_value = in_value && depth > 0;
        continue;
      } else if (quote != 0) {
        if (c == '\\' && quote == '"') ++i;
        if (c == quote) quote = 0;
      } else if (c == '"' || c == '\'') {
        check_string(i, line, in_value ? "\n=,[" : "\n[.");
        quote = c;
      } else if (c == '#') {
        i = std::min(content_.find('\n', i), content_.size()) - 1;
      } else if (c == '.') {
        if (++dots > kMostDots) fail(line, fmt::format("expected keys of at most {} parts, found more", kMostDots));
      } else if (c == kMark) {
        fail(line, fmt::format("expected text in quotes, found {}", quoted(line_text(line))));
      } else if (c == '=' || c == ',' || c == '[' || c == ']') {
        dots = 0;
        in_value = in_value || c == '=';
        if (c == '[' && in_value && !follows(i, "\n=,[")) {
          fail(line, fmt::format("expected TOML, found a bracket within a value: {}", quoted(line_text(line))));
        }
        if (c == '[' && line_begins && depth == 0) begin_section(i, line);
        depth = std::max(0, depth + (c == '[' ? 1 : c == ']' ? -1 : 0));
      }
      line_begins = line_begins && (c == ' ' || c == '\t' || c == '\r');
    }
  }

  // The quote at byte `i` opens a string: on one line, and where a key or a value begins, or else what follows would be
  // no string to the parser, which must not see characters beyond ASCII there.
  void check_string(size_t i, unsigned line, std::string_view may_precede) const {
    if (content_.compare(i, 3, std::string(3, content_[i])) == 0) {
      fail(line, fmt::format("expected a string on one line, in single quotes or double quotes, found {}",
                             quoted(trimmed(std::string_view(content_).substr(i, content_.find('\n', i) - i)))));
    }
    if (!follows(i, may_precede)) {
      fail(line, fmt::format("expected no quote within a key or a value, found {}", quoted(line_text(line))));
    }
  }

  // Whether byte `i` stands behind one of these, or at the beginning, blanks aside.
  bool follows(size_t i, std::string_view allowed) const {
    const size_t before = i == 0 ? std::string::npos : content_.find_last_not_of(" \t", i - 1);
    return before == std::string::npos || allowed.find(content_[before]) != std::string_view::npos;
  }

  // The '[' at byte `i` begins a section.
  void begin_section(size_t i, unsigned line) {
    if (line > 1) section_lines_.push_back(line);
    const size_t key = content_.find_first_not_of(" \t", i + (content_.compare(i, 2, "[[") == 0 ? 2 : 1));
    const char c = key == std::string::npos ? '\n' : content_[key];
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 &&
        std::string_view("_-\"']").find(c) == std::string_view::npos) {
      fail(line, fmt::format("expected the name of a section after '[', found {}", quoted(line_text(line))));
    }
  }

  void add_table(const toml::table& table, const std::string& prefix) {
    for (const auto& [key, node] : table) {
      const std::string name = prefix + std::string(key.str());
      const toml::source_position begin = key.source().begin;
      if (const toml::table* inner = node.as_table()) {
        if (inner->is_inline()) refuse_value(node, "a string in quotes, a number, true, false or an [array]");
        add_table(*inner, name + ".");
      } else {
        entries_.push_back({Place(begin.line, begin.column), entry_of(name, node, line_of(begin))});
      }
    }
  }

  TomlEntry entry_of(const std::string& name, const toml::node& node, unsigned line) const {
    const toml::array* array = node.as_array();
    if (array != nullptr && !array->empty() && array->is_array_of_tables() && source_of(node).starts_with("[[")) {
      fail(line, "expected a [section], found [[ ]] (arrays of tables mean nothing here)");
    }
    return {with_bytes_back(name), with_bytes_back(array != nullptr ? items_of(*array) : value_of(node)),
            static_cast<int>(line)};
  }

  std::string items_of(const toml::array& array) const {
    std::string items;
    for (const toml::node& node : array) {
      const std::string item = scalar_of(node);
      if (has_outside(item, ",") || !nesting_problem(item).empty()) {
        fail(line_of(node.source().begin),
             fmt::format("expected items without commas but within brackets, found {}", quoted(item)));
      }
      items += (items.empty() ? "" : ",") + item;
    }
    return items;
  }

  // A value that is no item: what it looks like is looked for once a line.
  std::string value_of(const toml::node& node) const {
    if (!node.is_floating_point()) return scalar_of(node);
    std::string number(source_of(node));  // as it is written, for the message where a whole number is expected
    std::erase(number, '_');
    return number;
  }

  std::string scalar_of(const toml::node& node) const {
    if (const auto* text = node.as_string()) return text->get();
    if (const auto* number = node.as_floating_point()) return value_text(number->get());
    if (const auto* number = node.as_integer()) return std::to_string(number->get());
    if (const auto* truth = node.as_boolean()) return truth->get() ? "true" : "false";
    refuse_value(node, "a string in quotes, a number, true, false or an [array]");
  }

  [[noreturn]] void refuse_value(const toml::node& node, const std::string& expected) const {
    fail(line_of(node.source().begin), fmt::format("expected {}, found {}", expected, quoted(source_of(node))));
  }

  // The text of a value, as far as its first line goes. Columns are characters.
  std::string_view source_of(const toml::node& node) const {
    const toml::source_region& region = node.source();
    std::string_view rest = content_;
    rest.remove_prefix(line_begins_.at(line_of(region.begin) - 1));
    rest = rest.substr(0, rest.find('\n'));
    const size_t begin = bytes_of(rest, region.begin.column - 1);
    const bool one_line = region.begin.line == region.end.line;
    return trimmed(
        rest.substr(begin, one_line ? bytes_of(rest, region.end.column - 1) - begin : std::string_view::npos));
  }

  static size_t bytes_of(std::string_view line, size_t characters) {
    size_t at = 0;
    for (; characters > 0 && at < line.size(); --characters) at += std::max<size_t>(utf8_character(line, at).length, 1);
    return at;
  }

  std::string content_;
  const std::string& path_;
  std::vector<size_t> line_begins_ = {0};
  std::vector<unsigned> section_lines_ = {1};  // where they begin; the first holds what stands before any [section]
  unsigned lines_before_ = 0;                  // the section that is read
  std::vector<std::pair<Place, TomlEntry>> entries_;
};

}  // namespace

std::vector<TomlEntry> parse_toml(std::string_view content, const std::string& path) {
  if (content.size() > kMostTomlBytes) {
    throw Error(ErrorKind::data,
                fmt::format("{}: expected at most {} KiB, found {}", path, kMostTomlBytes >> 10, content.size() >> 10));
  }
  if (content.starts_with("\xEF\xBB\xBF")) content.remove_prefix(3);
  return TomlReader(content, path).read();
}

std::string toml_string(const std::string& text) {
  std::string quoted = "\"";
  for (size_t at = 0; at < text.size();) {
    const size_t length = utf8_character(text, at).length;
    const std::string character = text.substr(at, std::max<size_t>(length, 1));
    if (character == "\"" || character == "\\") quoted += '\\';
    quoted += length > 0 ? printable(character) : character;  // its escapes are those of TOML
    at += character.size();
  }
  return quoted + "\"";
}

}  // namespace pdmp

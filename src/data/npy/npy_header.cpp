// Reads the dict literal of a .npy header: keys in any order, either kind of quotes, any spaces.
#include "data/npy/npy_header.h"

#include <algorithm>
#include <fmt/format.h>

#include "data/files/media_file.h"
#include "data/npy/npy_format.h"

namespace pdmp::data {
namespace {

class DictReader {
 public:
  DictReader(const std::filesystem::path& path, std::string_view text) : path_(path), text_(text) {}

  NpyFields read() {
    NpyFields fields;
    expect('{');
    while (!take('}')) {
      const std::string_view key = value();
      expect(':');
      const std::string_view entry = value();
      if (std::string_view* field = field_of(fields, key)) *field = entry;
      if (!take(',') && peek() != '}') refuse();
    }
    return fields;
  }

 private:
  [[noreturn]] void refuse() const { refuse_media(path_, kNpyExpected, "a header that is no dict of Python"); }

  static std::string_view* field_of(NpyFields& fields, std::string_view quoted_key) {
    const std::string_view key = quoted_key.size() < 2 ? "" : quoted_key.substr(1, quoted_key.size() - 2);
    if (key == "descr") return &fields.descr;
    if (key == "fortran_order") return &fields.fortran_order;
    return key == "shape" ? &fields.shape : nullptr;
  }

  char peek() {
    at_ = std::min(text_.find_first_not_of(" \t\n", at_), text_.size());
    return at_ < text_.size() ? text_[at_] : '\0';
  }

  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }

  void expect(char c) {
    if (!take(c)) refuse();
  }

  // A string, a word or something in brackets, up to the ',' ':' or bracket behind it.
  std::string_view value() {
    peek();
    const size_t begin = at_;
    int depth = 0;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '\'' || c == '"') {
        at_ = text_.find(c, at_ + 1);
        if (at_ == std::string_view::npos) refuse();
      } else if (depth == 0 && (c == ',' || c == ':' || c == '}' || c == ' ' || c == '\n')) {
        break;
      } else if (c == '(' || c == '[' || c == '{') {
        ++depth;
      } else if (c == ')' || c == ']' || c == '}') {
        if (--depth < 0) refuse();
      }
    }
    if (at_ == begin || depth != 0) refuse();
    return text_.substr(begin, at_ - begin);
  }

  const std::filesystem::path& path_;
  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

NpyFields parse_npy_fields(const std::filesystem::path& path, std::string_view text) {
  const NpyFields fields = DictReader(path, text).read();
  const auto require = [&](std::string_view field, const char* key) {
    if (field.empty()) refuse_media(path, kNpyExpected, fmt::format("a header without '{}'", key));
  };
  require(fields.descr, "descr");
  require(fields.fortran_order, "fortran_order");
  require(fields.shape, "shape");
  return fields;
}

}  // namespace pdmp::data

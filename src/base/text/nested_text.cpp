#include "base/text/nested_text.h"

#include <fmt/format.h>

#include "pdmp/error.h"

namespace pdmp {
namespace {

bool is_quote(char c) { return c == '\'' || c == '"'; }

// Walks over a text and knows of each character whether it stands outside of brackets and quotes.
class Walk {
 public:
  explicit Walk(std::string_view text) : outside_(text.size()) {
    for (size_t i = 0; i < text.size(); ++i) {
      step(text[i], i);
      outside_[i] = depth() == 0 && quote_ == 0 && !closes_;
      begins_ = std::string_view(",:=[").find(text[i]) != std::string_view::npos || (begins_ && text[i] == ' ');
    }
    if (!problem_.empty()) return;
    if (depth() > 0) problem_ = fmt::format("the [ at character {} is not closed", brackets_.back() + 1);
    if (quote_ != 0) problem_ = fmt::format("the {} at character {} is not closed", quote_, quote_at_ + 1);
  }

  bool is_outside(size_t i) const { return outside_[i]; }
  const std::string& problem() const { return problem_; }

 private:
  size_t depth() const { return brackets_.size(); }

  void step(char c, size_t i) {
    closes_ = false;
    if (quote_ != 0) {
      closes_ = c == quote_;
      if (closes_) quote_ = 0;
    } else if (is_quote(c) && begins_) {
      quote_ = c;
      quote_at_ = i;
    } else if (c == '[') {
      open(i);
    } else if (c == ']') {
      close(i);
    }
  }

  void open(size_t i) {
    if (begins_ || depth() > 0) {
      brackets_.push_back(i);
    } else {
      ++plain_;
    }
  }

  void close(size_t i) {
    closes_ = depth() > 0;
    if (closes_) {
      brackets_.pop_back();
    } else if (plain_ > 0) {
      --plain_;
    } else if (problem_.empty()) {
      problem_ = fmt::format("the ] at character {} closes nothing", i + 1);
    }
  }

  std::vector<bool> outside_;
  std::vector<size_t> brackets_;  // positions of those that are open
  int64_t plain_ = 0;             // brackets that are characters like any other and have no partner yet
  size_t quote_at_ = 0;
  char quote_ = 0;
  bool begins_ = true, closes_ = false;  // the next character begins a value; this one closes an enclosure
  std::string problem_;
};

}  // namespace

std::string nesting_problem(std::string_view text) { return Walk(text).problem(); }

void expect_nested(std::string_view text, std::string_view where) {
  const std::string problem = nesting_problem(text);
  if (problem.empty()) return;
  throw Error(
      ErrorKind::usage,
      fmt::format("{}: expected brackets and quotes that are closed, found '{}', where {}", where, text, problem),
      {.expected = "brackets and quotes that are closed", .found = std::string(text)});
}

std::vector<std::string> split_nested(std::string_view text, char separator) {
  const Walk walk(text);
  std::vector<std::string> items(1);
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == separator && walk.is_outside(i)) {
      items.emplace_back();
    } else {
      items.back() += text[i];
    }
  }
  return items;
}

bool has_outside(std::string_view text, std::string_view characters) {
  const Walk walk(text);
  for (size_t i = 0; i < text.size(); ++i) {
    if (walk.is_outside(i) && characters.find(text[i]) != std::string_view::npos) return true;
  }
  return false;
}

bool is_enclosed(std::string_view text) {
  if (text.size() < 2 || (text[0] != '[' && !is_quote(text[0])) || !nesting_problem(text).empty()) return false;
  const Walk walk(text);
  for (size_t i = 0; i < text.size(); ++i) {
    if (walk.is_outside(i)) return false;
  }
  return true;
}

std::string_view without_enclosure(std::string_view text) {
  return is_enclosed(text) ? text.substr(1, text.size() - 2) : text;
}

std::optional<std::string> enclosed_where_needed(const std::string& text, std::string_view separators) {
  if (nesting_problem(text).empty() && !has_outside(text, separators) && !is_enclosed(text)) return text;
  for (const std::string& closed : {"[" + text + "]", "\"" + text + "\"", "'" + text + "'"}) {
    if (is_enclosed(closed)) return closed;
  }
  return std::nullopt;
}

}  // namespace pdmp

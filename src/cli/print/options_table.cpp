#include "cli/print/options_table.h"

#include <algorithm>
#include <fmt/format.h>

namespace pdmp::cli {
namespace {

// A bar would end the cell.
std::string cell(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|') escaped.push_back('\\');
    escaped.push_back(c);
  }
  return escaped;
}

std::string code(const std::string& text) { return text.empty() ? "" : fmt::format("`{}`", cell(text)); }

// Lists as they stand in a spec: 64+64+32.
std::string default_of(const Option& option) {
  std::string text = option.default_text();
  if (option.is_list()) std::replace(text.begin(), text.end(), ',', '+');
  return code(text);
}

std::string values_of(const Option& option) {
  if (option.is_flag()) return "true, false";
  const std::string range = option.range_text();
  return range.empty() ? option.type_text() : range;
}

std::string search_of(const Option& option) {
  if (!option.search_range()) return "";
  return fmt::format("{:g} to {:g}", option.search_range()->first, option.search_range()->second);
}

}  // namespace

std::string options_table(const OptionList& list) {
  if (list.all().empty()) return "No options.\n";
  const bool searched = std::any_of(list.all().begin(), list.all().end(),
                                    [](const auto& option) { return option->search_range().has_value(); });
  std::string text = searched ? "| option | default | values | search | meaning |\n|---|---|---|---|---|\n"
                              : "| option | default | values | meaning |\n|---|---|---|---|\n";
  for (const auto& option : list.all()) {
    text += fmt::format("| `{}` | {} | {} |", option->name(), default_of(*option), cell(values_of(*option)));
    if (searched) text += fmt::format(" {} |", search_of(*option));
    text += fmt::format(" {} |\n", cell(option->help()));
  }
  return text;
}

}  // namespace pdmp::cli

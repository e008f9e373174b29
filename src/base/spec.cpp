#include "base/spec.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/text/nested_text.h"

namespace pdmp {
Spec parse_spec(const std::string& text, const std::string& where) {
  expect_nested(text, where);
  const std::vector<std::string> parts = split_nested(text, ':');
  if (parts[0].empty()) {
    throw Error(ErrorKind::usage, fmt::format("{}: expected NAME[:option=value]..., found '{}'", where, text));
  }
  Spec spec{parts[0], {}};
  for (size_t i = 1; i < parts.size(); ++i) {
    const size_t equals = parts[i].find('=');
    if (equals == std::string::npos || equals == 0) {
      throw Error(ErrorKind::usage,
                  fmt::format("{}: expected option=value after '{}:', found '{}'; ':' separates options: put a "
                              "value that holds one into brackets",
                              where, spec.name, parts[i]));
    }
    spec.options.emplace_back(parts[i].substr(0, equals), parts[i].substr(equals + 1));
  }
  return spec;
}

void apply_spec(const Spec& spec, OptionList& list, const std::string& where) {
  for (const auto& [name, value] : spec.options) {
    Option& option = list.at(name, where);
    std::string text(without_enclosure(value));
    // Without brackets a comma already separates modalities on the command line.
    if (option.is_list() && text == value) std::replace(text.begin(), text.end(), '+', ',');
    option.set(text, where + ":" + name);
  }
}

}  // namespace pdmp

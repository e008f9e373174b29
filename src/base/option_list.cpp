#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <stdexcept>
#include <utility>

#include "base/files/checked_file.h"
#include "base/files/file.h"
#include "base/log.h"
#include "base/text/nearest.h"
#include "base/text/synonyms.h"
#include "base/text/toml.h"
#include "pdmp/error.h"
#include "pdmp/options.h"

namespace pdmp {
namespace {

// "pdmp.gamma" -> {"pdmp", "gamma"}; "epochs" -> {"", "epochs"}.
std::pair<std::string, std::string> section_and_key(const std::string& name) {
  const size_t dot = name.rfind('.');
  if (dot == std::string::npos) return {"", name};
  return {name.substr(0, dot), name.substr(dot + 1)};
}

// "encoders.visual.width" -> {"visual", "width"} for the option "encoders"; nothing for other names.
std::optional<std::pair<std::string, std::string>> part_of_spec(const Option& option, std::string_view name) {
  const std::string prefix = option.name() + ".";
  if (!option.holds_specs() || !name.starts_with(prefix)) return std::nullopt;
  const std::string_view rest = name.substr(prefix.size());
  const size_t dot = rest.find('.');
  if (dot == 0 || dot == std::string_view::npos || dot + 1 == rest.size()) return std::nullopt;
  return std::pair(std::string(rest.substr(0, dot)), std::string(rest.substr(dot + 1)));
}

std::string nearest_names(std::string_view name, const std::vector<std::string>& names) {
  constexpr size_t kShown = 6;
  if (names.size() <= kShown) return suggestion(name, names);
  return fmt::format("; the nearest of {} are {}", names.size(),
                     fmt::join(sorted_by_distance(name, names, kShown), ", "));
}

std::string names_of_section(const std::string& section, std::vector<std::string> names,
                             const std::vector<std::string>& sections) {
  if (names.empty()) return fmt::format("; no section [{}]{}", section, suggestion(section, sections));
  for (std::string& name : names) name.erase(0, section.size() + 1);
  return fmt::format("; [{}] has {}", section, fmt::join(names, ", "));
}

}  // namespace

Option& OptionList::add(std::string name, Option::Target target, std::string help) {
  const std::string full = prefix_ + name;
  const auto same = [&](const auto& option) { return option->name() == full; };
  if (std::any_of(options_.begin(), options_.end(), same)) throw std::logic_error("option described twice: " + full);
  options_.push_back(std::make_unique<Option>(full, target, std::move(help)));
  options_.back()->heading_ = heading_;
  options_.back()->alternative_ = alternative_;
  options_.back()->chooser_ = chooser_;
  return *options_.back();
}

void OptionList::group(const std::string& prefix, const std::function<void(OptionList&)>& describe) {
  const std::string outer_prefix = prefix_, outer_heading = heading_;
  prefix_ += prefix + ".";
  heading_ = "Options of " + prefix_.substr(0, prefix_.size() - 1);
  describe(*this);
  prefix_ = outer_prefix;
  heading_ = outer_heading;
}

void OptionList::alternative(const std::string& prefix, const std::string& chooser,
                             const std::function<void(OptionList&)>& describe) {
  alternative_ = prefix;
  chooser_ = chooser;
  group(prefix, describe);
  alternative_.clear();
  chooser_.clear();
}

Option& OptionList::at(std::string_view name, std::string_view where) {
  for (const auto& option : options_) {
    if (option->name() == name) return *option;
  }
  throw Error(ErrorKind::usage, fmt::format("{}: unknown option '{}'{}", where, name, unknown_hint(name)),
              {.option = std::string(name), .found = std::string(name)});
}

std::string OptionList::unknown_hint(std::string_view name) const {
  std::vector<std::string> all, neighbors, sections;
  const std::string section = section_and_key(std::string(name)).first;
  for (const auto& option : options_) {
    const std::string other = section_and_key(option->name()).first;
    all.push_back(option->name());
    if (other == section) neighbors.push_back(option->name());
    if (!other.empty() && std::find(sections.begin(), sections.end(), other) == sections.end())
      sections.push_back(other);
  }
  if (const Synonym* synonym = find_synonym(name, all)) {
    const std::string value = *synonym->value == '\0' ? "" : " = " + toml_string(synonym->value);
    return fmt::format("; did you mean '{}{}'?", synonym->option, value);
  }
  const bool known_section = !section.empty() && !neighbors.empty();
  if (const auto close = nearest(name, known_section ? neighbors : all)) {
    return fmt::format("; did you mean '{}'?", *close);
  }
  return section.empty() ? nearest_names(name, neighbors) : names_of_section(section, neighbors, sections);
}

void OptionList::set(std::string_view name, std::string_view text, std::string_view where) {
  for (const auto& option : options_) {
    if (const auto part = part_of_spec(*option, name))
      return option->add_to_spec(part->first, part->second, text, where);
  }
  at(name, where).set(text, where);
}

bool OptionList::is_part_of_spec(std::string_view name) const {
  return std::any_of(options_.begin(), options_.end(),
                     [&](const auto& option) { return part_of_spec(*option, name).has_value(); });
}

void OptionList::load_toml(const std::string& path) {
  const std::string text = read_file(path, kMostTomlBytes);
  if (const std::string problem = digest_line_problem(text); !problem.empty()) {
    log_warning(fmt::format("{}: {}; what it says now is used (delete its last line where the change is meant)", path,
                            problem));
  }
  for (const TomlEntry& entry : parse_toml(text, path)) {
    const std::string line = fmt::format("{}:{}", path, entry.line);
    try {
      if (!is_part_of_spec(entry.key)) at(entry.key, line);  // an unknown key is named once, after its line
      set(entry.key, entry.text, fmt::format("{}: {}", line, entry.key));
    } catch (const Error& error) {
      ErrorDetails details = error.details();
      details.file = path;
      details.line = entry.line;
      throw Error(error.kind(), error.what(), std::move(details));
    }
  }
}

std::string OptionList::to_toml() const {
  std::vector<std::string> order = {""};  // keys without section must come first
  std::map<std::string, std::string> lines;
  for (const auto& option : options_) {
    if (option->is_internal()) continue;
    const auto [section, key] = section_and_key(option->name());
    if (std::find(order.begin(), order.end(), section) == order.end()) order.push_back(section);
    lines[section] += fmt::format("{} = {}\n", key, option->toml());
  }
  std::string text;
  for (const std::string& section : order) {
    if (!section.empty()) text += fmt::format("{}[{}]\n", text.empty() ? "" : "\n", section);
    text += lines[section];
  }
  return text;
}

}  // namespace pdmp

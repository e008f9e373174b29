#include "base/flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>

#include "pdmp/error.h"

namespace pdmp {
namespace {

constexpr size_t kNameColumn = 36;
constexpr size_t kHelpColumns = 64;

using Bindings = std::vector<std::pair<Option*, CLI::Option*>>;

// `text` with line ends between words, so that no line is longer than kHelpColumns where words allow it.
std::string wrapped(const std::string& text) {
  std::string lines;
  size_t column = 0;
  for (const std::string& word : CLI::detail::split(text, ' ')) {
    const bool fits = column == 0 || column + 1 + word.size() <= kHelpColumns;
    if (column > 0) lines += fits ? ' ' : '\n';
    column = (column > 0 && fits ? column + 1 : 0) + word.size();
    lines += word;
  }
  return lines;
}

// "Factor on the leading encoder. (in [1, inf); default 15)"
std::string description(const Option& option) {
  std::vector<std::string> facts;
  const bool told_by_type = !option.choices().empty() && option.type_text().find('|') != std::string::npos;
  if (!option.range_text().empty() && !told_by_type) facts.push_back(option.range_text());
  const bool off = option.is_flag() && option.default_text() == "false";
  if (!option.default_text().empty() && !off) facts.push_back("default " + option.default_text());
  return wrapped(facts.empty() ? option.help() : fmt::format("{} ({})", option.help(), fmt::join(facts, "; ")));
}

Bindings bind_options(CLI::App& app, const OptionList& list) {
  Bindings bindings;
  for (const auto& option : list.all()) {
    const std::string flag = "--" + option->name();
    CLI::Option* bound = option->is_flag() ? app.add_flag(flag) : app.add_option(flag)->type_name(option->type_text());
    bound->take_all()->description(description(*option))->group(option->heading());
    bindings.emplace_back(option.get(), bound);
  }
  return bindings;
}

CLI::Option* bind_arguments(CLI::App& app, const CommandHelp& help) {
  if (help.max_arguments == 0) return nullptr;
  CLI::Option* bound = app.add_option(help.argument)->description(wrapped(help.argument_help));
  bound->expected(1, static_cast<int>(help.max_arguments))->required(help.min_arguments > 0);
  return bound;
}

// CLI11 takes the next word for the value of `--name=`, and any word, flags too, for that of `--name`.
void refuse_missing_values(const std::vector<std::string>& args, const Bindings& bindings) {
  for (const std::string& arg : args) {
    if (arg.size() > 3 && arg.substr(0, 2) == "--" && arg.find('=') == arg.size() - 1) {
      throw Error(ErrorKind::usage, fmt::format("expected a value after '{}', found nothing", arg));
    }
  }
  for (const auto& [option, bound] : bindings) {
    for (const std::string& value : bound->results()) {
      if (value.substr(0, 2) != "--") continue;
      throw Error(ErrorKind::usage, fmt::format("--{}: expected a value, found the flag '{}'", option->name(), value));
    }
  }
}

void refuse_unknown(const std::vector<std::string>& rest, const OptionList& list, const CommandHelp& help) {
  std::vector<std::string> names = {"help"};
  for (const auto& option : list.all()) names.push_back(option->name());
  for (const std::string& arg : rest) {
    if (arg.empty() || arg[0] != '-') continue;
    const std::string flag = arg.substr(0, arg.find('='));
    const auto close = nearest(flag.substr(std::min(flag.find_first_not_of('-'), flag.size())), names);
    const std::string hint =
        close ? fmt::format("; did you mean '--{}'?", *close) : fmt::format("; see {} --help", help.name);
    throw Error(ErrorKind::usage, fmt::format("unknown flag '{}'{}", flag, hint));
  }
  if (rest.empty()) return;
  throw Error(ErrorKind::usage, fmt::format("unexpected word '{}'; see {} --help", rest.front(), help.name));
}

// Everything given for one option as one text.
std::string given_text(const Option& option, const std::vector<std::string>& results) {
  if (option.is_list()) return fmt::format("{}", fmt::join(results, ","));
  if (results.size() > 1 && !option.is_flag()) {
    throw Error(ErrorKind::usage, fmt::format("--{} is given {} times ({}); give it once", option.name(),
                                              results.size(), fmt::join(results, ", ")));
  }
  return results.back();
}

struct SpecPart {
  std::string name, value;  // "encoders.visual.width", "32"
};

// Takes the flags that name a part of a spec out of `args`: nobody described them one by one.
std::vector<SpecPart> take_spec_parts(std::vector<std::string>& args, const OptionList& list) {
  std::vector<SpecPart> parts;
  std::vector<std::string> rest;
  for (size_t i = 0; i < args.size(); ++i) {
    const size_t equals = args[i].find('=');
    const std::string flag = args[i].substr(0, equals);
    if (!flag.starts_with("--") || !list.is_part_of_spec(flag.substr(2))) {
      rest.push_back(args[i]);
      continue;
    }
    std::string value;
    if (equals != std::string::npos) {
      value = args[i].substr(equals + 1);
    } else if (i + 1 < args.size()) {
      value = args[++i];
    }
    if (value.empty() || value.starts_with("--")) {
      throw Error(ErrorKind::usage, fmt::format("{}: expected a value, found {}", flag,
                                                value.empty() ? "nothing" : fmt::format("the flag '{}'", value)));
    }
    parts.push_back({flag.substr(2), value});
  }
  args = std::move(rest);
  return parts;
}

void load_config(OptionList& list, const Bindings& bindings) {
  for (const auto& [option, bound] : bindings) {
    if (option->name() != "config" || bound->results().empty()) continue;
    const std::string path = given_text(*option, bound->results());
    const std::string before = option->text();
    list.load_toml(path);
    if (option->text() != before) {
      throw Error(ErrorKind::usage, fmt::format("{}: a config file cannot name another one; remove 'config'", path));
    }
  }
}

}  // namespace

bool parse_flags(OptionList& list, const std::vector<std::string>& given, const CommandHelp& help, std::ostream& out,
                 std::vector<std::string>* arguments) {
  std::vector<std::string> args = given;
  const std::vector<SpecPart> parts = take_spec_parts(args, list);
  CLI::App app(help.summary, help.name);
  app.get_formatter()->column_width(kNameColumn);
  app.footer(help.example.empty() ? "" : "Example:\n  " + help.example);
  app.allow_extras();
  const Bindings bindings = bind_options(app, list);
  const CLI::Option* words = bind_arguments(app, help);
  try {
    app.parse(std::vector<std::string>(args.rbegin(), args.rend()));  // CLI11 takes them from the back
  } catch (const CLI::CallForHelp&) {
    out << app.help();
    return false;
  } catch (const CLI::ParseError& error) {
    refuse_missing_values(args, bindings);
    refuse_unknown(app.remaining(), list, help);
    throw Error(ErrorKind::usage, fmt::format("{}; see {} --help", error.what(), help.name));
  }
  refuse_missing_values(args, bindings);
  refuse_unknown(app.remaining(), list, help);
  load_config(list, bindings);
  for (const auto& [option, bound] : bindings) {
    if (!bound->results().empty()) option->set(given_text(*option, bound->results()), "--" + option->name());
  }
  for (const SpecPart& part : parts) list.set(part.name, part.value, "--" + part.name);
  if (words != nullptr && arguments != nullptr) *arguments = words->results();
  return true;
}

}  // namespace pdmp

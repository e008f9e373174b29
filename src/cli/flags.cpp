#include "cli/flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <utility>

#include "base/text/nested_text.h"
#include "base/text/synonyms.h"
#include "base/text/text_table.h"
#include "base/text/value_text.h"
#include "pdmp/error.h"

namespace pdmp::cli {
namespace {

constexpr int64_t kColumns = 80;
constexpr int64_t kNameColumn = 30;

using Bindings = std::vector<std::pair<Option*, CLI::Option*>>;

// "Factor on the leading encoder. (in [1, inf); default 15)"
std::string description(const Option& option) {
  std::vector<std::string> facts;
  const bool told_by_type = !option.choices().empty() && option.type_text().find('|') != std::string::npos;
  if (!option.range_text().empty() && !told_by_type) facts.push_back(option.range_text());
  const bool off = option.is_flag() && option.default_text() == "false";
  if (!option.default_text().empty() && !off) facts.push_back("default " + option.default_text());
  const std::string text =
      facts.empty() ? option.help() : fmt::format("{} ({})", option.help(), fmt::join(facts, "; "));
  return wrapped(text, kColumns - kNameColumn);
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
  CLI::Option* bound = app.add_option(help.argument)->description(wrapped(help.argument_help, kColumns - kNameColumn));
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

// What `word` should have been, without its dashes: "device cuda"; "" where nothing is near.
std::string closest_flag(const std::string& word, const OptionList& list) {
  std::vector<std::string> names = {"help"}, switches;
  for (const auto& option : list.all()) {
    names.push_back(option->name());
    if (option->is_flag()) switches.push_back("no-" + option->name());
  }
  if (const Synonym* synonym = find_synonym(word, names)) {
    return synonym->option + (*synonym->value == '\0' ? "" : " " + std::string(synonym->value));
  }
  if (std::find(switches.begin(), switches.end(), word) != switches.end()) return word.substr(3) + " false";
  if (const std::optional<std::string> name = nearest(word, names)) return *name;
  // As other programs nearly call it.
  std::vector<std::string> words;
  for (const Synonym& synonym : synonym_table()) {
    if (std::find(names.begin(), names.end(), synonym.option) != names.end()) words.emplace_back(synonym.word);
  }
  const std::optional<std::string> other = nearest(word, words);
  return other ? closest_flag(*other, list) : "";
}

void refuse_unknown(const std::vector<std::string>& rest, const OptionList& list, const CommandHelp& help) {
  for (const std::string& arg : rest) {
    if (arg.empty() || arg[0] != '-') continue;
    const std::string flag = arg.substr(0, arg.find('='));
    const std::string close = closest_flag(flag.substr(std::min(flag.find_first_not_of('-'), flag.size())), list);
    const std::string hint =
        close.empty() ? fmt::format("; see {} --help", help.name) : fmt::format("; did you mean '--{}'?", close);
    throw Error(ErrorKind::usage, fmt::format("unknown flag '{}'{}", flag, hint));
  }
  if (rest.empty()) return;
  throw Error(ErrorKind::usage, fmt::format("unexpected word '{}'; see {} --help", rest.front(), help.name));
}

// Joins `--flag` of a boolean and `true` or `false` behind it; any other word is none of its business.
std::vector<std::string> with_values_joined(const std::vector<std::string>& args, const OptionList& list) {
  const auto is_switch = [&](const std::string& arg) {
    return std::any_of(list.all().begin(), list.all().end(),
                       [&](const auto& option) { return option->is_flag() && arg == "--" + option->name(); });
  };
  std::vector<std::string> joined;
  for (size_t i = 0; i < args.size(); ++i) {
    joined.push_back(args[i]);
    const bool has_value = i + 1 < args.size() && (args[i + 1] == "true" || args[i + 1] == "false");
    if (has_value && is_switch(args[i])) joined.back() += "=" + args[++i];
  }
  return joined;
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

// The names that option `name` gives, without what follows them: "joint,pdmp:gamma=5" -> joint, pdmp.
std::vector<std::string> chosen_names(const Bindings& bindings, const std::string& name) {
  std::vector<std::string> chosen;
  for (const auto& [option, bound] : bindings) {
    if (option->name() != name) continue;
    if (!bound->results().empty()) option->set(given_text(*option, bound->results()), "--" + name);
    for (const std::string& item : split_nested(option->text(), ',')) chosen.push_back(item.substr(0, item.find(':')));
  }
  return chosen;
}

bool is_shown(const Option& option, const Bindings& bindings) {
  if (option.is_advanced()) return false;
  if (option.alternative().empty()) return true;
  const std::vector<std::string> chosen = chosen_names(bindings, option.chooser());
  return std::find(chosen.begin(), chosen.end(), option.alternative()) != chosen.end();
}

// Hides what few people need; how many that are, and how to see them.
std::string hide_some(const Bindings& bindings, const CommandHelp& help) {
  size_t hidden = 0;
  std::string chooser;
  for (const auto& [option, bound] : bindings) {
    if (is_shown(*option, bindings)) continue;
    ++hidden;
    bound->group("");
    if (!option->chooser().empty()) chooser = option->chooser();
  }
  if (hidden == 0) return "";
  std::string text = fmt::format("\n{} more options: {} --help-all", hidden, help.name);
  if (!chooser.empty()) text += fmt::format("\nOptions of NAME: {1} --{0} NAME --help", chooser, help.name);
  return text + "\n";
}

// An example on lines that a shell takes as one, broken before flags.
std::string example_lines(const std::string& example) {
  constexpr size_t kRoom = kColumns - 6;  // beside indents and the backslash
  std::string lines, line;
  for (size_t at = 0; at < example.size();) {
    const size_t end = std::min(example.find(" --", at + 1), example.size());
    const std::string words = example.substr(at, end - at);
    if (!line.empty() && line.size() + words.size() > kRoom) lines += std::exchange(line, "") + " \\\n   ";
    line += words;
    at = end;
  }
  return "Example:\n  " + lines + line;
}

// CLI11 leaves an empty line for every group, also between hidden ones.
std::string help_text(const CLI::App& app) {
  std::string text = app.help();
  for (size_t at = 0; (at = text.find("\n\n\n")) != std::string::npos;) text.erase(at, 1);
  return text;
}

bool hides_some(const OptionList& list) {
  return std::any_of(list.all().begin(), list.all().end(),
                     [](const auto& option) { return option->is_advanced() || !option->alternative().empty(); });
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

// Of a config file that was given, only what it chooses counts here.
void print_help(CLI::App& app, OptionList& list, const Bindings& bindings, const CommandHelp& help, std::ostream& out) {
  load_config(list, bindings);
  const std::string more = hide_some(bindings, help);
  app.footer(more + (more.empty() || help.example.empty() ? "" : "\n") +
             (help.example.empty() ? "" : example_lines(help.example)));
  out << help_text(app);
}

}  // namespace

bool parse_flags(OptionList& list, const std::vector<std::string>& given, const CommandHelp& help, std::ostream& out,
                 std::vector<std::string>* arguments) {
  std::vector<std::string> args = with_values_joined(given, list);
  const std::vector<SpecPart> parts = take_spec_parts(args, list);
  CLI::App app(wrapped(help.summary, kColumns), help.name);
  app.get_formatter()->column_width(kNameColumn);
  app.allow_extras();
  if (hides_some(list)) app.set_help_all_flag("--help-all", "Print every option there is and exit");
  const Bindings bindings = bind_options(app, list);
  const CLI::Option* words = bind_arguments(app, help);
  try {
    app.parse(std::vector<std::string>(args.rbegin(), args.rend()));  // CLI11 takes them from the back
  } catch (const CLI::CallForHelp&) {
    print_help(app, list, bindings, help, out);
    return false;
  } catch (const CLI::CallForAllHelp&) {
    app.footer(help.example.empty() ? "" : example_lines(help.example));
    out << help_text(app);
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

}  // namespace pdmp::cli

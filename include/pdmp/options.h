// Options described once. A struct lists its fields in `describe`; flags, the TOML config file, `config.toml` of a run
// directory, range errors and the generated documentation all come from that list. A default is the value a freshly
// constructed struct holds and is written nowhere else.
//
//   struct PdmpOptions {
//     double gamma = 15;
//     void describe(OptionList& list) { list.add("gamma", gamma, "Factor on the leading encoder.").at_least(1); }
//   };
//   PdmpOptions options;
//   OptionList list;
//   list.group("pdmp", [&](OptionList& inner) { options.describe(inner); });    // or options.describe(list)
//   list.set("pdmp.gamma", "10");                                               // checks type and range
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace pdmp {

// name=value pairs, in the order of the names: `audio=resnet18,visual=resnet18:width=32`.
using NameMap = std::map<std::string, std::string>;

// One described field, bound to the variable that holds its value.
class Option {
 public:
  using Target = std::variant<bool*, int64_t*, uint64_t*, double*, std::string*, std::optional<int64_t>*,
                              std::optional<double>*, std::vector<std::string>*, std::vector<double>*, NameMap*>;

  Option(std::string name, Target target, std::string help);

  Option& at_least(double low);
  Option& at_most(double high);
  Option& above(double low);                         // exclusive
  Option& below(double high);                        // exclusive
  Option& one_of(std::vector<std::string> choices);  // for strings and lists of strings
  Option& internal();                                // kept out of config.toml (paths, --resume)
  // Where a random search looks for a good value, both ends included. Of numbers; on a log scale where high >= 10 low.
  Option& search(double low, double high);
  // For few people: --help leaves it out, --help-all shows it.
  Option& advanced();
  // Values of a NameMap are NAME[:option=value]...: `encoders.visual.width` = 32 adds ":width=32" to that of `visual`.
  Option& specs();

  const std::string& name() const { return name_; }  // full, with its groups: "pdmp.gamma"
  const std::string& help() const { return help_; }
  const std::string& default_text() const { return default_text_; }
  const std::vector<std::string>& choices() const { return choices_; }
  bool is_flag() const;   // bool: --name sets it, --name=false clears it
  bool is_whole() const;  // a number without decimals
  bool is_list() const;   // several values, separated by commas
  bool is_internal() const { return internal_; }
  bool is_advanced() const { return advanced_; }
  bool holds_specs() const { return specs_; }
  // Where it belongs to one of several alternatives (OptionList::alternative): which, and the option that chooses.
  const std::string& alternative() const { return alternative_; }
  const std::string& chooser() const { return chooser_; }
  const std::optional<std::pair<double, double>>& search_range() const { return search_; }
  const std::string& heading() const { return heading_; }  // of the help, set by OptionList
  std::string type_text() const;   // "N", "X", "sgd|adamw", "NAME=VALUE,...": the value in a help line
  std::string range_text() const;  // "in [1, inf)", "" where there is no limit

  // Parses and checks `text`; `where` ("--pdmp.gamma", "run.toml:3: pdmp.gamma") begins the message. On Error{usage}
  // the old value stays. Numbers are finite unless a limit says infinity; "none" or "auto" clears an optional; list
  // items and map values hold no comma but within brackets or quotes; lists and maps are replaced as a whole.
  void set(std::string_view text, std::string_view where);
  // Adds one option to the spec of `key`. Error{usage} on a value that no spec can hold.
  void add_to_spec(const std::string& key, const std::string& option, std::string_view text, std::string_view where);
  std::string text() const;  // the value as `set` reads it
  std::string toml() const;  // the value as a TOML literal
  void check(std::string_view where) const;

 private:
  friend class OptionList;
  bool in_range(double value) const;
  template <class T>
  bool accepts(const T& value) const;
  std::string expected() const;  // "a whole number in [1, inf)"
  [[noreturn]] void refuse(std::string_view text, std::string_view where) const;

  std::string name_;
  Target target_;
  std::string help_, default_text_, heading_, alternative_, chooser_;
  std::optional<double> low_, high_;
  bool low_exclusive_ = false, high_exclusive_ = false;
  std::vector<std::string> choices_;
  std::optional<std::pair<double, double>> search_;
  bool internal_ = false, specs_ = false, advanced_ = false;
};

class OptionList {
 public:
  // The returned reference stays valid for the life of the list.
  Option& add(std::string name, Option::Target target, std::string help);
  // Everything added inside gets `prefix.` before its name.
  void group(const std::string& prefix, const std::function<void(OptionList&)>& describe);
  // As group, for options that count only where the option `chooser` names `prefix` (among other names, in a list):
  // --help shows them there. An empty chooser: --help-all alone shows them.
  void alternative(const std::string& prefix, const std::string& chooser,
                   const std::function<void(OptionList&)>& describe);
  // What the help prints above the options added from here to the end of the group; "Options" where nobody says.
  void heading(std::string title) { heading_ = std::move(title); }

  // Unknown: Error{usage} with what it is called here, the nearest spelling, or what its section has.
  Option& at(std::string_view name, std::string_view where);
  // `name` may also be that of a part of a spec: "encoders.visual.width".
  void set(std::string_view name, std::string_view text, std::string_view where);
  bool is_part_of_spec(std::string_view name) const;
  const std::vector<std::unique_ptr<Option>>& all() const { return options_; }

  // Reads a TOML file of `key = value` lines and [sections]. An unknown key or a bad value is Error{usage} with file,
  // line and nearest spelling, a file that is not TOML Error{data}, a missing one Error{io}.
  void load_toml(const std::string& path);
  // All options that are not internal, as TOML that `load_toml` reads back to the same values.
  std::string to_toml() const;

 private:
  std::string unknown_hint(std::string_view name) const;

  std::string prefix_, heading_ = "Options", alternative_, chooser_;
  std::vector<std::unique_ptr<Option>> options_;
};

// `names` entry closest to `word` by edit distance, if one is near enough to be a slip of the finger.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& names);

// "; did you mean 'x'?" or a list of what there is: the tail of every "unknown name" message.
std::string suggestion(std::string_view word, const std::vector<std::string>& names);

}  // namespace pdmp

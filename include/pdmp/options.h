// Options that are described once. A struct lists its fields in `describe`; flags, TOML configuration files,
// `config.toml` of a run directory, range errors and generated documentation all come from that list. The default of an
// option is the value of a newly constructed struct, and is written nowhere else.
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

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace pdmp {

// Pairs name=value, sorted by name: `audio=resnet18,visual=resnet18:width=32`.
using NameMap = std::map<std::string, std::string>;

// Names of the values of an enum that is an option, in the order of the values, which begin with 0. Flags, files and
// messages use them. Each such enum has them beside it:
//   enum class Direction { up, down };
//   template <>
//   inline constexpr auto kChoiceNames<Direction> = choice_names("up", "down");
template <class Enum>
inline constexpr std::array<const char*, 0> kChoiceNames = {};

// The value of a specialization of kChoiceNames. The names are string literals.
template <class... Names>
constexpr std::array<const char*, sizeof...(Names)> choice_names(Names... names) {
  return {names...};
}

// Name of a value of an enum that has kChoiceNames.
template <class Enum>
constexpr const char* choice_name(Enum value) {
  return kChoiceNames<Enum>[static_cast<size_t>(value)];
}

// A variable of an enum type, read and set by the names of its values. The variable must outlive the object.
class Choice {
 public:
  // `Enum` must have kChoiceNames.
  template <class Enum>
  requires std::is_enum_v<Enum> Choice(
      Enum* variable)  // NOLINT(google-explicit-constructor): an option takes a pointer of any of its types
      : variable_(variable),
        names_(kChoiceNames<Enum>),
        get_([](const void* value) { return static_cast<size_t>(*static_cast<const Enum*>(value)); }),
        set_([](void* value, size_t position) { *static_cast<Enum*>(value) = static_cast<Enum>(position); }) {
    static_assert(!kChoiceNames<Enum>.empty(), "give the enum its kChoiceNames");
  }

  // As above; an optional without value has the name "auto".
  template <class Enum>
  requires std::is_enum_v<Enum> Choice(std::optional<Enum>* variable)  // NOLINT(google-explicit-constructor)
      : variable_(variable),
        names_(kNamesWithAuto<Enum>),
        get_([](const void* value) {
          const auto& held = *static_cast<const std::optional<Enum>*>(value);
          return held ? static_cast<size_t>(*held) + 1 : 0;
        }),
        set_([](void* value, size_t position) {
          auto& held = *static_cast<std::optional<Enum>*>(value);
          held = position == 0 ? std::nullopt : std::optional(static_cast<Enum>(position - 1));
        }) {
    static_assert(!kChoiceNames<Enum>.empty(), "give the enum its kChoiceNames");
  }

  std::vector<std::string> names() const { return {names_.begin(), names_.end()}; }  // of all values, in their order
  std::string text() const { return names_[get_(variable_)]; }                       // name of the current value
  bool set(std::string_view text);  // false where no value has this name; the variable then stays as it is

 private:
  template <class Enum>
  static constexpr auto kNamesWithAuto = std::apply([](auto... names) { return choice_names("auto", names...); },
                                                    kChoiceNames<Enum>);

  void* variable_;
  std::span<const char* const> names_;
  size_t (*get_)(const void* variable);
  void (*set_)(void* variable, size_t position);
};

// One option, bound to the variable that holds its value. The variable must outlive the option.
class Option {
 public:
  // A pointer to the variable, of one of the types an option can have.
  using Target =
      std::variant<bool*, int64_t*, uint64_t*, double*, std::string*, std::optional<int64_t>*, std::optional<double>*,
                   std::vector<std::string>*, std::vector<double>*, NameMap*, Choice>;

  // An option whose default is the current value of the variable. `help`: one sentence.
  Option(std::string name, Target target, std::string help);

  // Limits of a number, or of each number of a list; a second lower or upper limit replaces the first. All functions
  // that change an option return it.
  Option& at_least(double low);
  Option& at_most(double high);                      // inclusive upper limit
  Option& above(double low);                         // exclusive lower limit
  Option& below(double high);                        // exclusive upper limit
  Option& one_of(std::vector<std::string> choices);  // the values of a string, or of each string of a list
  Option& internal();                                // keeps it out of config.toml (paths, --resume)
  // Range in which a random search looks for a good value of a number, both ends included; on a log scale where high is
  // at least 10 low. std::logic_error where it is not within the limits, so set these before.
  Option& search(double low, double high);
  // Shows it in --help-all, not in --help.
  Option& advanced();
  // Declares that values of a NameMap are NAME[:option=value]..., so that `encoders.visual.width` = 32 adds ":width=32"
  // to the value of `visual`.
  Option& specs();

  const std::string& name() const { return name_; }                     // with its groups: "pdmp.gamma"
  const std::string& help() const { return help_; }                     // one sentence
  const std::string& default_text() const { return default_text_; }     // the default as `set` reads it
  const std::vector<std::string>& choices() const { return choices_; }  // permitted texts; empty: any
  bool is_flag() const;                           // a bool: --name sets it, --name=false clears it
  bool is_whole() const;                          // an integer
  bool is_list() const;                           // several values, separated by commas
  bool is_internal() const { return internal_; }  // not in config.toml
  bool is_advanced() const { return advanced_; }  // not in --help
  bool holds_specs() const { return specs_; }     // whether `specs` was called
  // The alternative it belongs to (OptionList::alternative); empty: it is no part of one.
  const std::string& alternative() const { return alternative_; }
  const std::string& chooser() const { return chooser_; }  // name of the option that chooses the alternative, or empty
  const std::optional<std::pair<double, double>>& search_range() const { return search_; }  // nothing: not searched
  const std::string& heading() const { return heading_; }  // above it in the help, set by OptionList
  std::string type_text() const;   // the value in a help line: "N", "X", "sgd|adamw", "NAME=VALUE,..."
  std::string range_text() const;  // "in [1, inf)", "one of a, b"; empty: no limit

  // Parses and checks `text`, and sets the variable. On Error{usage}, whose message begins with `where`
  // ("--pdmp.gamma", "run.toml:3: pdmp.gamma"), the variable stays as it is. Infinity is accepted only where it is a
  // limit; "none" or "auto" clears an optional; list items and map values with a comma need brackets or quotes. Lists
  // and maps are replaced as a whole.
  void set(std::string_view text, std::string_view where);
  // Adds ":option=text" to the value of `key` in a NameMap with specs. Error{usage} where no spec can hold the text.
  void add_to_spec(const std::string& key, const std::string& option, std::string_view text, std::string_view where);
  std::string text() const;                  // the value as `set` reads it
  std::string toml() const;                  // the value as a TOML literal
  void check(std::string_view where) const;  // Error{usage} where the current value is out of range

 private:
  friend class OptionList;
  bool in_range(double value) const;
  template <class T>
  bool accepts(const T& value) const;
  template <class T>
  bool take(T* target, std::string_view text) const;  // false: not a value of the option, and nothing changes
  static bool take(Choice& target, std::string_view text) { return target.set(text); }
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

// The options of a command or a configuration file.
class OptionList {
 public:
  // Adds an option. The reference is valid as long as the list. std::logic_error where the name exists already.
  Option& add(std::string name, Option::Target target, std::string help);
  // Calls `describe`; options it adds get `prefix.` before their names.
  void group(const std::string& prefix, const std::function<void(OptionList&)>& describe);
  // As `group`, for options that have an effect only where the value of the option `chooser` is `prefix`, or a list
  // with it. --help shows them only then; with an empty `chooser`, only --help-all does.
  void alternative(const std::string& prefix, const std::string& chooser,
                   const std::function<void(OptionList&)>& describe);
  // Text in the help above the options that are added from here to the end of the group. Without it: "Options", or
  // "Options of <group>".
  void heading(std::string title) { heading_ = std::move(title); }

  // The option of this full name. Error{usage}, beginning with `where`, suggests what it may be called, or lists the
  // options of its section.
  Option& at(std::string_view name, std::string_view where);
  // Option::set of an option, or of a part of a spec: "encoders.visual.width".
  void set(std::string_view name, std::string_view text, std::string_view where);
  bool is_part_of_spec(std::string_view name) const;  // "encoders.visual.width" where `encoders` holds specs
  const std::vector<std::unique_ptr<Option>>& all() const { return options_; }  // in the order they were added

  // Sets options from a TOML file. Error{usage} with file, line and nearest spelling for an unknown key or a bad value,
  // {data} where the file is not TOML, {io} where it cannot be read.
  void load_toml(const std::string& path);
  // All options that are not internal, as TOML from which `load_toml` restores the same values.
  std::string to_toml() const;

 private:
  std::string unknown_hint(std::string_view name) const;

  std::string prefix_, heading_ = "Options", alternative_, chooser_;
  std::vector<std::unique_ptr<Option>> options_;
};

// The entry of `names` that is closest to `word` by edit distance; nothing where none is close enough to be a typo.
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& names);

// The end of a message about an unknown name: "; did you mean 'x'?", or a list of all names.
std::string suggestion(std::string_view word, const std::vector<std::string>& names);

}  // namespace pdmp

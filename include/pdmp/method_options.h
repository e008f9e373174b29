// A method and its options as a value. This header does not need LibTorch.
//
// Each method has a struct of options in pdmp/methods/. Any type with these members can be one:
//   struct PdmpOptions {                              // an aggregate; each field has an initializer
//     static constexpr const char* kMethod = "pdmp";  // its row in the table of methods
//     double gamma = 15;
//     void describe(OptionList& list);                // the one place for flags, config files, help and range errors
//     std::unique_ptr<Method> make() const;           // Error{usage} where options contradict each other
//   };
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "pdmp/fwd.h"
#include "pdmp/options.h"

namespace pdmp {

// Options of any method behind one interface.
class MethodOptions {
 public:
  virtual ~MethodOptions() = default;
  virtual void describe(OptionList& list) = 0;               // adds all options, bound to this object
  virtual std::unique_ptr<Method> make() const = 0;          // a new method with these options
  virtual std::unique_ptr<MethodOptions> clone() const = 0;  // an independent copy
};

// MethodOptions of a struct of options, which it holds.
template <class Options>
class OptionsOf : public MethodOptions {
 public:
  explicit OptionsOf(Options options = {}) : options_(std::move(options)) {}  // the defaults, or these values
  void describe(OptionList& list) override { options_.describe(list); }
  std::unique_ptr<Method> make() const override { return options_.make(); }
  const Options& options() const { return options_; }  // the struct with its current values
  std::unique_ptr<MethodOptions> clone() const override { return std::make_unique<OptionsOf>(options_); }

 private:
  Options options_;
};

// Default options of a method, as a function for MethodInfo::make_options.
template <class Options>
std::unique_ptr<MethodOptions> make_options() {
  return std::make_unique<OptionsOf<Options>>();
}

// A method and its options. Copies are deep.
//   MethodChoice a = "ogm_ge";                     // by name, with default options
//   MethodChoice b = PdmpOptions{.gamma = 5};
class MethodChoice {
 public:
  // The method of this name with default options. An unknown name is an error of `make`, not of the constructor.
  MethodChoice(std::string name = "joint");  // NOLINT(google-explicit-constructor): a value
  // As above.
  MethodChoice(const char* name) : MethodChoice(std::string(name)) {}  // NOLINT(google-explicit-constructor)
  // The method of this struct of options, with these values.
  template <class Options>
  requires requires { Options::kMethod; }
  MethodChoice(Options options)  // NOLINT(google-explicit-constructor)
      : MethodChoice(std::string(Options::kMethod)) {
    options_[name_] = std::make_unique<OptionsOf<Options>>(std::move(options));
  }
  MethodChoice(const MethodChoice& other);  // options are copied, too
  MethodChoice(MethodChoice&& other) noexcept = default;
  MethodChoice& operator=(const MethodChoice& other);  // options are copied, too
  MethodChoice& operator=(MethodChoice&& other) noexcept = default;
  ~MethodChoice() = default;

  const std::string& name() const { return name_; }  // as in method_table()
  // Chooses another method by name. Options of any method that were set before are kept.
  void select(std::string name) { name_ = std::move(name); }
  std::unique_ptr<Method> make() const;  // a new one; Error{usage} with the nearest spelling where the name is unknown
  // The options of the method of this struct, whether or not it is the chosen one: those set, or the defaults.
  template <class Options>
  Options get() const {
    const auto found = options_.find(Options::kMethod);
    if (found == options_.end()) return {};
    return dynamic_cast<const OptionsOf<Options>&>(*found->second).options();
  }

  // Adds the option --method. What is added is bound to this object, here and below.
  Option& describe_name(OptionList& list);
  // Adds the options of every method, --pdmp.gamma. They have an effect where the option `chooser` names the method
  // (OptionList::alternative).
  void describe_all(OptionList& list, const std::string& chooser = "method");
  void describe_chosen(OptionList& list);  // adds the options of the chosen method

 private:
  MethodOptions& options_of(const std::string& method);

  std::string name_;
  std::map<std::string, std::unique_ptr<MethodOptions>> options_;  // of every method that was named or described
};

}  // namespace pdmp

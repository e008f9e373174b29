// A method and its options as a value.
#include "pdmp/method_options.h"

#include "base/table.h"
#include "pdmp/method.h"

namespace pdmp {

MethodChoice::MethodChoice(std::string name) : name_(std::move(name)) {}

MethodChoice::MethodChoice(const MethodChoice& other) : name_(other.name_) {
  for (const auto& [method, options] : other.options_) options_[method] = options->clone();
}

MethodChoice& MethodChoice::operator=(const MethodChoice& other) {
  MethodChoice copy(other);
  std::swap(name_, copy.name_);
  std::swap(options_, copy.options_);
  return *this;
}

std::unique_ptr<Method> MethodChoice::make() const {
  const auto own = options_.find(name_);
  return own == options_.end() ? find_method(name_).make_options()->make() : own->second->make();
}

Option& MethodChoice::describe_name(OptionList& list) {
  return list.add("method", &name_, "Training strategy.").one_of(row_names(method_table()));
}

void MethodChoice::describe_all(OptionList& list, const std::string& chooser) {
  for (const MethodInfo& row : method_table()) {
    list.alternative(row.name, chooser, [&](OptionList& inner) { options_of(row.name).describe(inner); });
  }
}

void MethodChoice::describe_chosen(OptionList& list) {
  list.group(name_, [&](OptionList& inner) { options_of(name_).describe(inner); });
}

MethodOptions& MethodChoice::options_of(const std::string& method) {
  std::unique_ptr<MethodOptions>& options = options_[method];
  if (options == nullptr) options = find_method(method).make_options();
  return *options;
}

}  // namespace pdmp

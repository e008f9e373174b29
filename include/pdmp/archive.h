// What a checkpoint holds of an optimizer or a method: tensors and plain values, by name.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "pdmp/tensor.h"

namespace pdmp {

// A value that is no tensor. Doubles may be NaN or infinite. All of them come back from a checkpoint with the type and
// the number they were saved with, except that an empty list comes back as a list of whole numbers.
using Value = std::variant<bool, int64_t, double, std::string, std::vector<int64_t>, std::vector<double>,
                           std::map<std::string, double>>;

// Named tensors and values of some state, which a checkpoint stores.
struct Archive {
  std::vector<std::pair<std::string, Tensor>> tensors;  // each name once
  std::map<std::string, Value> values;                  // by name

  // The tensor of that name; null where there is none.
  const Tensor* find(const std::string& name) const;

  // The value of that name; `fallback` where there is none. T is one of the types of Value. A whole number is also a
  // double, and a list of whole numbers (or an empty one) also a list of doubles. Error{data} where the value has
  // another type.
  template <class T>
  T value(const std::string& name, T fallback) const {
    const auto found = values.find(name);
    if (found == values.end()) return fallback;
    if (const T* held = std::get_if<T>(&found->second)) return *held;
    if constexpr (std::is_same_v<T, double>) {
      if (const auto* whole = std::get_if<int64_t>(&found->second)) return static_cast<double>(*whole);
    } else if constexpr (std::is_same_v<T, std::vector<double>>) {
      if (const auto* whole = std::get_if<std::vector<int64_t>>(&found->second)) return {whole->begin(), whole->end()};
    }
    refuse(name, found->second, fallback);
  }

 private:
  // Throws the Error{data} that `found` has another type than `expected`.
  [[noreturn]] static void refuse(const std::string& name, const Value& found, const Value& expected);
};

}  // namespace pdmp

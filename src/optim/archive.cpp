#include "pdmp/archive.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "pdmp/error.h"

namespace pdmp {
namespace {

const char* type_of(const Value& value) {
  constexpr std::array<const char*, std::variant_size_v<Value>> kTypes = {
      "true or false",           "a whole number",    "a number",       "a text",
      "a list of whole numbers", "a list of numbers", "numbers by name"};
  return kTypes.at(value.index());
}

}  // namespace

const Tensor* Archive::find(const std::string& name) const {
  const auto found =
      std::find_if(tensors.begin(), tensors.end(), [&](const auto& entry) { return entry.first == name; });
  return found == tensors.end() ? nullptr : &found->second;
}

void Archive::refuse(const std::string& name, const Value& found, const Value& expected) {
  throw Error(ErrorKind::data,
              fmt::format("the saved state: expected '{}' to be {}, found {}; resume with the configuration it was "
                          "saved with",
                          name, type_of(expected), type_of(found)));
}

}  // namespace pdmp

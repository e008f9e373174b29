#include "base/table.h"

#include <algorithm>
#include <fmt/format.h>

#include "pdmp/options.h"

namespace pdmp {

void refuse_name(ErrorKind kind, std::string_view what, std::string_view name, const std::vector<std::string>& names) {
  throw Error(kind, fmt::format("{} '{}'{}", what, name, suggestion(name, names)), {.found = std::string(name)});
}

void expect_new_name(std::string_view name, std::string_view what, const std::vector<std::string>& taken) {
  const bool plain = !name.empty() && name[0] >= 'a' && name[0] <= 'z' &&
                     std::all_of(name.begin(), name.end(),
                                 [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
  if (!plain) {
    throw Error(ErrorKind::usage,
                fmt::format("{} '{}': expected a name of small letters, digits and '_', a letter first", what, name));
  }
  if (std::find(taken.begin(), taken.end(), name) != taken.end()) {
    throw Error(ErrorKind::usage, fmt::format("{} '{}' is there already; choose another name", what, name));
  }
}

}  // namespace pdmp

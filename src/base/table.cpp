#include "base/table.h"

#include <fmt/format.h>

#include "pdmp/options.h"

namespace pdmp {

void refuse_name(ErrorKind kind, std::string_view what, std::string_view name, const std::vector<std::string>& names) {
  throw Error(kind, fmt::format("{} '{}'{}", what, name, suggestion(name, names)));
}

}  // namespace pdmp

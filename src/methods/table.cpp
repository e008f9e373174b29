#include <fmt/format.h>

#include "methods/methods.h"
#include "pdmp/error.h"

namespace pdmp {

const std::vector<MethodInfo>& method_table() {
  static const std::vector<MethodInfo> table = {
      {"joint", "Plain joint training: every encoder learns at the same rate.", "baseline", make_joint_options},
      {"pdmp", "Lets the modality that is best on its own lead: its encoder learns faster, constantly.",
       "PDMP, Performance-Dominant Modality Prioritization", make_pdmp_options},
  };
  return table;
}

const MethodInfo& find_method(const std::string& name) {
  std::vector<std::string> names;
  for (const MethodInfo& info : method_table()) {
    if (name == info.name) return info;
    names.emplace_back(info.name);
  }
  throw Error(ErrorKind::usage, fmt::format("unknown method '{}'{}", name, suggestion(name, names)));
}

}  // namespace pdmp

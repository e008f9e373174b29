#include <fmt/format.h>

#include "data/importers/importers.h"
#include "pdmp/error.h"

namespace pdmp {

const std::vector<ImporterInfo>& importer_table() {
  static const std::vector<ImporterInfo> table = {
      {"tuxpaint", "Tux Paint's stamps: picture, recorded speech and caption of some 690 objects in 9 classes",
       make_tuxpaint_importer},
  };
  return table;
}

const ImporterInfo& find_importer(const std::string& name) {
  std::vector<std::string> names;
  for (const ImporterInfo& info : importer_table()) {
    if (info.name == name) return info;
    names.emplace_back(info.name);
  }
  throw Error(ErrorKind::usage, fmt::format("unknown data set '{}'{}", name, suggestion(name, names)));
}

}  // namespace pdmp

// A public data set's raw download -> a manifest. Interface of src/data/importers/*.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "pdmp/options.h"

namespace pdmp::data {

class Importer {
 public:
  virtual ~Importer() = default;
  virtual void describe(OptionList&) {}  // own flags, without prefix
  // Writes a complete data set into `out` (made if missing; nothing is written elsewhere). `raw` is never changed.
  virtual void run(const std::filesystem::path& raw, const std::filesystem::path& out) = 0;
};

struct ImporterInfo {
  const char* name;
  const char* summary;
  std::unique_ptr<Importer> (*make)();
};
const std::vector<ImporterInfo>& importer_table();
const ImporterInfo& find_importer(const std::string& name);  // Error{usage} with the nearest spelling

}  // namespace pdmp::data

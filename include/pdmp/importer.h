// Importers convert a data set as downloaded, or files of one's own, to the format of pdmp (docs/data-format.md).
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "pdmp/options.h"
#include "pdmp/registry.h"

namespace pdmp {

// Converter of one source of data: `pdmp prepare NAME`.
class Importer {
 public:
  virtual ~Importer() = default;
  virtual void describe(OptionList&) {}  // adds the importer's own options; their flags have no prefix
  // Writes a complete data set into the folder `out`, which is created if missing, and nowhere else. `raw`, the folder
  // of the source, is never changed. Error{usage} where the options contradict each other, {data} or {io} where the
  // source cannot be converted.
  virtual void run(const std::filesystem::path& raw, const std::filesystem::path& out) = 0;
};

// One row of the table of importers. The texts must live as long as the process, as string literals do.
struct ImporterInfo {
  const char* name;                     // unique; lower-case letters, digits and '_', a letter first
  const char* summary;                  // one line, for `pdmp list importers`
  std::unique_ptr<Importer> (*make)();  // creates an importer with default options
};
// All importers: those of pdmp, then registered ones in the order of registration.
const Registry<ImporterInfo>& importer_table();
// Adds an importer, which is then used by name like those of pdmp. Call it before any other function of pdmp, from one
// thread: in main. Error{usage} where the name is taken or not valid.
void register_importer(ImporterInfo row);
const ImporterInfo& find_importer(const std::string& name);  // Error{usage} with the nearest spelling

}  // namespace pdmp

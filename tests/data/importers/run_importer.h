// An importer as `pdmp prepare` runs it, with flags.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "data/importer.h"
#include "data/manifest.h"
#include "pdmp/options.h"

namespace pdmp::testing {

inline void run_importer(const std::unique_ptr<Importer>& importer, const std::filesystem::path& raw,
                         const std::filesystem::path& out, const std::map<std::string, std::string>& options = {}) {
  OptionList list;
  importer->describe(list);
  for (const auto& [name, value] : options) list.set(name, value, "test");
  importer->run(raw, out);
}

// split -> number of rows
inline std::map<std::string, int64_t> rows_per_split(const Manifest& manifest) {
  std::map<std::string, int64_t> rows;
  for (const ManifestRow& row : manifest.rows) ++rows[row.split];
  return rows;
}

}  // namespace pdmp::testing

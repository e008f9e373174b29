// An importer as `pdmp prepare` runs it, with flags.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "base/files/file.h"
#include "data/manifest/manifest.h"
#include "pdmp/dataset.h"
#include "pdmp/importer.h"
#include "pdmp/options.h"
#include "support/temporary_directory.h"

namespace pdmp::testing {

inline void run_importer(const std::unique_ptr<Importer>& importer, const std::filesystem::path& raw,
                         const std::filesystem::path& out, const std::map<std::string, std::string>& options = {}) {
  OptionList list;
  importer->describe(list);
  for (const auto& [name, value] : options) list.set(name, value, "test");
  importer->run(raw, out);
}

// split -> number of rows
inline std::map<std::string, int64_t> rows_per_split(const data::Manifest& manifest) {
  std::map<std::string, int64_t> rows;
  for (const data::ManifestRow& row : manifest.rows) ++rows[row.split];
  return rows;
}

// A download to fill, and what an importer makes of it.
template <std::unique_ptr<Importer> (*make)()>
struct ImportedDownload {
  std::shared_ptr<const data::Manifest> prepare(const std::map<std::string, std::string>& flags) const {
    run_importer(make(), raw.path(), out(), flags);
    return std::make_shared<data::Manifest>(data::read_manifest(out(), 0));
  }
  std::filesystem::path out() const { return target / "out"; }
  nlohmann::json counts() const { return read_json(out() / "counts.json"); }
  TemporaryDirectory raw, target;
};

}  // namespace pdmp::testing

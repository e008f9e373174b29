// A data set on disk: `dataset.json` + `metadata.csv` (docs/data-format.md).
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "data/files/file_reading.h"
#include "data/manifest/manifest_rows.h"

namespace pdmp {
class Dataset;
}  // namespace pdmp

namespace pdmp::data {

struct DatasetJson;
class SampleCache;

struct ModalityEntry {
  std::string name, type;
  std::string column;  // or `path`, or `columns` (vector)
  std::vector<std::string> columns;
  std::string augment_with;     // modalities that name the same draw the same random numbers; "": its own
  std::string path, root, ext;  // template with {id} {label} {split} and metadata columns, {start:06d}
  nlohmann::json settings;  // the whole entry: what the type reads (profile, size, frames, policy, max_bytes, mean ...)
};

// How many files a cell of a modality type names: the text itself is the sample, or one file, or a list of them.
enum class CellFiles { none, one, several };

// Of a type that there is. In types/table.cpp, as the next.
CellFiles cell_files(const std::string& type);

// Error{data} naming the modality where its type is unknown or a setting does not fit. In types/table.cpp: reading a
// manifest needs no LibTorch but for what the types themselves know.
void check_modality(const ModalityEntry& entry);

struct Manifest {
  std::filesystem::path directory;
  std::string name, missing = "mask";  // mask | skip | error
  std::vector<std::string> classes;
  std::vector<ModalityEntry> modalities;
  ManifestRows rows;
  std::vector<FileLimits> files;  // for the cells of each modality; none: the usual ones
  int64_t live_class = -1;        // of attack detection: position of the class that is no attack; -1 = none

  const FileLimits& limits(size_t modality) const;
};

// Reads and checks everything that can be checked without decoding. Errors name file, line, column.
// `seed` drives a `val_fraction` split (stratified, keeping a group on one side) where dataset.json has no `val_seed`.
// A "root" outside the folder is warned of, or refused (cell_places.h).
Manifest read_manifest(const std::filesystem::path& directory, uint64_t seed, const FileOptions& files = {});

// dataset.json alone, where it is a regular file in that folder.
DatasetJson read_dataset_json(const std::filesystem::path& directory, const FileOptions& files = {});

constexpr int64_t kCacheBytes = int64_t{256} << 20;

// One split as a Dataset. `modalities` empty = all. A cell that does not decode, or whose file is missing, is an absent
// modality and one of failures(). Stops (Error{data}, from get; for missing files at once) where more than
// `max_undecodable` of a modality's cells of this split do so. Error{data} where the split has no samples.
// Under "missing": "skip" samples without all of `modalities` are left out; under "error" they are Error{data}.
// Cells that are the same every time (all but augmented ones) are kept in memory up to `cache_bytes`; what decoding
// gives is kept in `cache`, where there is one.
std::shared_ptr<const Dataset> open_split(const std::shared_ptr<const Manifest>& manifest, const std::string& split,
                                          const std::vector<std::string>& modalities, double max_undecodable,
                                          int64_t cache_bytes = kCacheBytes,
                                          std::shared_ptr<SampleCache> cache = nullptr);

}  // namespace pdmp::data

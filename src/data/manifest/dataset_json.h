// dataset.json: the schema of a data set.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "data/manifest/manifest.h"

namespace pdmp::data {

// Columns of the metadata that have a meaning of their own: id, split, label, group, start, end.
class ColumnNames {
 public:
  static const std::vector<std::string>& keys();
  void set(const std::string& key, std::string column) { named_[key] = std::move(column); }
  // What the column for `key` is called; where dataset.json does not say, as the key.
  const std::string& of(const std::string& key) const;
  bool is_named(const std::string& key) const { return named_.contains(key); }

 private:
  std::map<std::string, std::string> named_;
};

// All keys of dataset.json.
const std::vector<std::string>& dataset_json_keys();

struct DatasetJson {
  std::string name, metadata;  // metadata: file name, "" = the usual ones
  ColumnNames columns;
  std::string missing = "mask";      // mask | skip | error
  std::vector<std::string> classes;  // empty = the labels found, sorted
  std::string live_class;            // of attack detection: the one that is no attack; "" = none
  std::vector<ModalityEntry> modalities;
  std::optional<double> val_fraction;
  std::optional<uint64_t> val_seed;
};

// Error{data} naming file and key: unknown key (with the nearest spelling), wrong type, impossible value. A modality's
// own settings are checked by its type.
DatasetJson parse_dataset_json(const nlohmann::json& json, const std::filesystem::path& file);

}  // namespace pdmp::data

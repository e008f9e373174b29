// dataset.json: the schema of a data set.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "data/manifest.h"

namespace pdmp {

struct DatasetJson {
  std::string name, metadata;        // metadata: file name, "" = the usual ones
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

}  // namespace pdmp

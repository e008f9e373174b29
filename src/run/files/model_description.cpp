#include "run/files/model_description.h"

#include <fmt/format.h>
#include <map>

#include "base/files/checked_file.h"
#include "base/files/file.h"
#include "base/text/json_fields.h"
#include "data/manifest/dataset_json.h"
#include "pdmp/error.h"

namespace pdmp::runs {
namespace {

constexpr int kFormatVersion = 1;
constexpr const char* kAdvice = "it is no model description of this pdmp: restore it, or train again with `overwrite`";

}  // namespace

ModelDescription describe_model(const Dataset& data, const std::filesystem::path& directory) {
  ModelDescription description = describe_model(data);
  const data::DatasetJson manifest = data::read_dataset_json(directory);
  for (const ModalityInfo& modality : data.modalities()) {
    for (const data::ModalityEntry& entry : manifest.modalities) {
      if (entry.name == modality.name) description.entries.push_back(entry);
    }
  }
  return description;
}

ModelDescription describe_model(const Dataset& data) { return {data.classes(), data.modalities(), {}}; }

std::vector<std::optional<bool>> lacked_modalities(const data::Manifest& manifest,
                                                   const std::vector<ModalityInfo>& modalities, bool val_joins,
                                                   bool hides) {
  std::map<std::string, bool> lacked;
  const bool seen = manifest.missing == "mask";  // else training goes without such samples
  for (size_t r = 0; seen && r < manifest.rows.size(); ++r) {
    const std::string& split = manifest.rows.split(r);
    if (split != "train" && !(val_joins && split == "val")) continue;
    const data::ManifestRow row = manifest.rows[r];
    for (size_t m = 0; m < row.cells.size(); ++m) {
      if (row.cells[m].empty()) lacked[manifest.modalities[m].name] = true;
    }
  }
  std::vector<std::optional<bool>> result;
  for (const ModalityInfo& modality : modalities) result.emplace_back(hides || lacked.contains(modality.name));
  return result;
}

void write_model_description(const ModelDescription& description, const std::filesystem::path& path) {
  nlohmann::json modalities = nlohmann::json::array();
  for (size_t m = 0; m < description.modalities.size(); ++m) {
    const ModalityInfo& info = description.modalities[m];
    modalities.push_back({{"name", info.name}, {"type", info.type}, {"shape", info.shape}});
    if (!description.entries.empty()) modalities.back()["settings"] = description.entries.at(m).settings;
    if (m < description.lacked.size() && description.lacked[m]) {
      modalities.back()["absent_in_training"] = *description.lacked[m];
    }
  }
  write_checked_json(
      path, {{"format_version", kFormatVersion}, {"classes", description.classes}, {"modalities", modalities}});
}

ModelDescription read_model_description(const std::filesystem::path& path) {
  const nlohmann::json file = read_checked_json(path, kAdvice);
  const JsonFields fields(file, path, kAdvice);
  ModelDescription description;
  nlohmann::json entries = nlohmann::json::array();
  description.classes = fields.get<std::vector<std::string>>("classes");
  for (const JsonFields& modality : fields.objects("modalities")) {
    description.modalities.push_back({modality.get<std::string>("name"), modality.get<std::string>("type"),
                                      modality.get<std::vector<int64_t>>("shape")});
    if (modality.has("settings")) entries.push_back(modality.get<nlohmann::json>("settings"));
    const bool says = modality.has("absent_in_training");
    description.lacked.push_back(says ? std::optional(modality.get<bool>("absent_in_training")) : std::nullopt);
  }
  if (entries.empty()) return description;
  description.entries = data::parse_dataset_json({{"modalities", entries}}, path).modalities;
  if (description.entries.size() != description.modalities.size()) {
    fields.fail("settings", "those of every modality, or of none", std::to_string(description.entries.size()));
  }
  return description;
}

}  // namespace pdmp::runs

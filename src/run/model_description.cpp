#include "run/model_description.h"

#include <fmt/format.h>

#include "base/file.h"
#include "data/dataset_json.h"
#include "pdmp/error.h"

namespace pdmp {
namespace {

constexpr int kFormatVersion = 1;

}  // namespace

ModelDescription describe_model(const Dataset& data, const std::filesystem::path& directory) {
  ModelDescription description{data.classes(), data.modalities(), {}};
  const std::filesystem::path file = directory / "dataset.json";
  const DatasetJson manifest = parse_dataset_json(read_json(file, kDescriptionLimits), file);
  for (const ModalityInfo& modality : data.modalities()) {
    for (const ModalityEntry& entry : manifest.modalities) {
      if (entry.name == modality.name) description.entries.push_back(entry);
    }
  }
  return description;
}

void write_model_description(const ModelDescription& description, const std::filesystem::path& path) {
  nlohmann::json modalities = nlohmann::json::array();
  for (size_t m = 0; m < description.modalities.size(); ++m) {
    const ModalityInfo& info = description.modalities[m];
    modalities.push_back({{"name", info.name},
                          {"type", info.type},
                          {"shape", info.shape},
                          {"settings", description.entries.at(m).settings}});
  }
  write_json(path, {{"format_version", kFormatVersion}, {"classes", description.classes}, {"modalities", modalities}});
}

ModelDescription read_model_description(const std::filesystem::path& path) {
  const nlohmann::json file = read_json(path);
  ModelDescription description;
  nlohmann::json entries = nlohmann::json::array();
  try {
    description.classes = file.at("classes").get<std::vector<std::string>>();
    for (const nlohmann::json& modality : file.at("modalities")) {
      description.modalities.push_back(
          {modality.at("name"), modality.at("type"), modality.at("shape").get<std::vector<int64_t>>()});
      entries.push_back(modality.at("settings"));
    }
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorKind::data,
                fmt::format("{}: not a model description ({}); it was written by another pdmp, or changed",
                            path.string(), error.what()));
  }
  description.entries = parse_dataset_json({{"modalities", entries}}, path).modalities;
  return description;
}

}  // namespace pdmp

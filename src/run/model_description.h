// What a trained model takes and answers: model.json in a run directory. With it a run predicts without its data set.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "data/manifest.h"
#include "pdmp/dataset.h"

namespace pdmp {

struct ModelDescription {
  std::vector<std::string> classes;      // in the order of the logits
  std::vector<ModalityInfo> modalities;  // in the order of the model
  std::vector<ModalityEntry> entries;    // as in the manifest the model was trained on: how a cell becomes a tensor
};

// Of the modalities and classes of `data`, which was read from the data set in `directory`.
ModelDescription describe_model(const Dataset& data, const std::filesystem::path& directory);

void write_model_description(const ModelDescription& description, const std::filesystem::path& path);
ModelDescription read_model_description(const std::filesystem::path& path);  // Error{data} naming file and field

}  // namespace pdmp

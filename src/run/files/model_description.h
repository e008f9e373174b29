// What a trained model takes and answers: model.json in a run directory. With it a run predicts without its data set.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "data/manifest/manifest.h"
#include "pdmp/dataset.h"

namespace pdmp::runs {

struct ModelDescription {
  std::vector<std::string> classes;      // in the order of the logits
  std::vector<ModalityInfo> modalities;  // in the order of the model
  // As in the manifest the model was trained on: how a cell becomes a tensor. Empty: it was trained on samples in
  // memory.
  std::vector<data::ModalityEntry> entries;
  // Per modality: whether training saw samples without it. Nothing where a file of an older pdmp does not say.
  std::vector<std::optional<bool>> lacked = {};
};

// Of the modalities and classes of `data`, which was read from the data set in `directory`.
ModelDescription describe_model(const Dataset& data, const std::filesystem::path& directory);
// Of samples in memory: without `entries`, as no cell becomes a tensor, and it is not known what training lacked.
ModelDescription describe_model(const Dataset& data);

// ModelDescription::lacked of a training on these rows: in train (and val, where it `joins`) some cell is empty, or
// `hides`: modalities are hidden on purpose.
std::vector<std::optional<bool>> lacked_modalities(const data::Manifest& manifest,
                                                   const std::vector<ModalityInfo>& modalities, bool val_joins,
                                                   bool hides);

void write_model_description(const ModelDescription& description, const std::filesystem::path& path);
ModelDescription read_model_description(const std::filesystem::path& path);  // Error{data} naming file and field

}  // namespace pdmp::runs

// The weights in one folder of checkpoints/: weights.safetensors, method.safetensors where a method has parts of its
// own, with `--ema` the same averaged as ema.safetensors and ema_method.safetensors, and their digests in field "files"
// of the folder's index (checkpoint.json, best.json).
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/text/json_fields.h"
#include "train/files/run_directory.h"

namespace pdmp::training {

// What the index says of the files written.
nlohmann::json write_weights_files(const std::filesystem::path& folder, const Weights& weights);

// One file that the index lists. Error{data} where the index does not list it or its digest is another, Error{io} where
// it cannot be read.
std::string read_listed_file(const std::filesystem::path& folder, const JsonFields& index, const std::string& name);

// Error before the weights are touched where a file is missing or damaged.
void load_weights_files(const std::filesystem::path& folder, const JsonFields& index, const Weights& weights);

}  // namespace pdmp::training

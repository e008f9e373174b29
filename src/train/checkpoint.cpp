#include "train/checkpoint.h"

#include <fmt/format.h>

#include "base/file.h"
#include "models/safetensors.h"
#include "pdmp/error.h"

namespace pdmp {

namespace {

namespace fs = std::filesystem;

constexpr int kFormatVersion = 1;
constexpr const char* kWeights = "weights.safetensors";
constexpr const char* kMethodParts = "method.safetensors";
constexpr const char* kState = "state.safetensors";
constexpr const char* kIndex = "checkpoint.json";

void add_tensors(Safetensors& file, const std::string& prefix, const Archive& archive) {
  for (const auto& [name, tensor] : archive.tensors) file.tensors.emplace_back(prefix + name, tensor);
}

Archive take_tensors(const Safetensors& file, const std::string& prefix, nlohmann::json values) {
  Archive archive;
  for (const auto& [name, tensor] : file.tensors) {
    if (name.starts_with(prefix)) archive.tensors.emplace_back(name.substr(prefix.size()), tensor);
  }
  archive.values = std::move(values);
  return archive;
}

nlohmann::json file_sizes(const fs::path& folder) {
  nlohmann::json sizes;
  for (const char* name : {kWeights, kMethodParts, kState}) {
    if (fs::exists(folder / name)) sizes[name] = fs::file_size(folder / name);
  }
  return sizes;
}

// A cut file is told by its size before anything is parsed.
void check_sizes(const fs::path& folder, const nlohmann::json& sizes) {
  for (const auto& [name, size] : sizes.items()) {
    std::error_code missing;
    const uint64_t found = fs::file_size(folder / name, missing);
    if (missing || found != size.get<uint64_t>()) {
      throw Error(ErrorKind::data, fmt::format("{}: expected {} bytes, found {}; the checkpoint is damaged",
                                               (folder / name).string(), size.get<uint64_t>(), missing ? 0 : found));
    }
  }
}

}  // namespace

void write_checkpoint(const fs::path& folder, const Weights& weights, const CheckpointState& state,
                      const LogLengths& lengths) {
  make_directories(folder);
  save_weights(weights.model, folder / kWeights);
  if (weights.method_parts != nullptr) save_weights(*weights.method_parts, folder / kMethodParts);
  Safetensors tensors;
  add_tensors(tensors, "optimizer/", state.optimizer);
  add_tensors(tensors, "method/", state.method);
  if (state.generator.defined()) tensors.tensors.emplace_back("generator", state.generator);
  write_safetensors(folder / kState, tensors);
  write_json(folder / kIndex, {{"format_version", kFormatVersion},
                               {"epoch", state.epoch},
                               {"batch", state.batch},
                               {"step", state.step},
                               {"optimizer", state.optimizer.values},
                               {"method", state.method.values},
                               {"values", state.values},
                               {"metrics_bytes", lengths.metrics},
                               {"timing_bytes", lengths.timing},
                               {"files", file_sizes(folder)}});
}

CheckpointState read_checkpoint(const fs::path& folder, const Weights& weights, LogLengths& lengths) {
  const nlohmann::json index = read_json(folder / kIndex);
  CheckpointState state;
  try {
    if (index.at("format_version") != kFormatVersion) {
      throw Error(ErrorKind::data,
                  fmt::format("{}: expected format_version {}, found {}; it was written by another pdmp",
                              (folder / kIndex).string(), kFormatVersion, index.at("format_version").dump()));
    }
    check_sizes(folder, index.at("files"));
    const Safetensors tensors = read_safetensors(folder / kState);
    state.epoch = index.at("epoch");
    state.batch = index.at("batch");
    state.step = index.at("step");
    state.optimizer = take_tensors(tensors, "optimizer/", index.at("optimizer"));
    state.method = take_tensors(tensors, "method/", index.at("method"));
    for (const auto& [name, tensor] : tensors.tensors) {
      if (name == "generator") state.generator = tensor;
    }
    state.values = index.at("values");
    lengths = {index.at("metrics_bytes"), index.at("timing_bytes")};
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorKind::data, fmt::format("{}: not a checkpoint ({})", (folder / kIndex).string(), error.what()));
  }
  load_weights(weights.model, folder / kWeights);
  if (weights.method_parts != nullptr) load_weights(*weights.method_parts, folder / kMethodParts);
  return state;
}

}  // namespace pdmp

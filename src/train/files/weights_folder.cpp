// Weights files and their digests.
#include "train/files/weights_folder.h"

#include "models/weights/safetensors.h"
#include "models/weights/weight_average.h"
#include "models/weights/weights.h"
#include "train/files/layout.h"

namespace pdmp::training {
namespace {

namespace fs = std::filesystem;

struct FileNames {
  const char* model;
  const char* method_parts;
};
constexpr FileNames kTrained = {run_layout::kWeights, run_layout::kMethodWeights};
constexpr FileNames kAveraged = {run_layout::kAveragedWeights, run_layout::kAveragedMethodWeights};

void write_files(nlohmann::json& files, const fs::path& folder, const Weights& weights, const FileNames& names) {
  files[names.model] = to_json(models::write_weights(weights.model, folder / names.model));
  if (weights.method_parts == nullptr) return;
  files[names.method_parts] = to_json(models::write_weights(*weights.method_parts, folder / names.method_parts));
}

// Content of the files of one kind; that of parts is empty where there are none.
struct Contents {
  std::string model, method_parts;
};

Contents read_files(const fs::path& folder, const JsonFields& index, const Weights& weights, const FileNames& names) {
  return {read_listed_file(folder, index, names.model),
          weights.method_parts != nullptr ? read_listed_file(folder, index, names.method_parts) : std::string()};
}

void load(const fs::path& folder, const Weights& weights, const FileNames& names, const Contents& contents) {
  models::load_weights_of(weights.model, folder / names.model, contents.model);
  if (weights.method_parts == nullptr) return;
  models::load_weights_of(*weights.method_parts, folder / names.method_parts, contents.method_parts);
}

}  // namespace

nlohmann::json write_weights_files(const fs::path& folder, const Weights& weights) {
  nlohmann::json files;
  write_files(files, folder, weights, kTrained);
  if (weights.average == nullptr) return files;
  const models::AveragedWeights averaged(weights.average);
  write_files(files, folder, weights, kAveraged);
  return files;
}

std::string read_listed_file(const fs::path& folder, const JsonFields& index, const std::string& name) {
  const JsonFields entry = index.object("files").object(name);
  const FileDigest expected{entry.get<uint64_t>("bytes"), entry.get<std::string>("digest")};
  std::string content = models::read_weights_file(folder / name);
  check_digest(folder / name, content, expected, "the checkpoint is damaged");
  return content;
}

void load_weights_files(const fs::path& folder, const JsonFields& index, const Weights& weights) {
  const FileNames& names = weights.read_averaged ? kAveraged : kTrained;
  const Contents trained = read_files(folder, index, weights, names);
  Contents average;
  if (weights.average != nullptr) average = read_files(folder, index, weights, kAveraged);
  load(folder, weights, names, trained);
  if (weights.average == nullptr) return;
  const models::AveragedWeights averaged(weights.average);
  load(folder, weights, kAveraged, average);
}

}  // namespace pdmp::training

// Weights files and their digests.
#include "train/weights_folder.h"

#include "models/safetensors.h"
#include "models/weights.h"

namespace pdmp {
namespace {

namespace fs = std::filesystem;

constexpr const char* kWeights = "weights.safetensors";
constexpr const char* kMethodParts = "method.safetensors";

}  // namespace

nlohmann::json write_weights_files(const fs::path& folder, const Weights& weights) {
  nlohmann::json files;
  files[kWeights] = to_json(write_weights(weights.model, folder / kWeights));
  if (weights.method_parts != nullptr) {
    files[kMethodParts] = to_json(write_weights(*weights.method_parts, folder / kMethodParts));
  }
  return files;
}

std::string read_listed_file(const fs::path& folder, const JsonFields& index, const std::string& name) {
  const JsonFields entry = index.object("files").object(name);
  const FileDigest expected{entry.get<uint64_t>("bytes"), entry.get<std::string>("digest")};
  std::string content = read_weights_file(folder / name);
  check_digest(folder / name, content, expected, "the checkpoint is damaged");
  return content;
}

void load_weights_files(const fs::path& folder, const JsonFields& index, const Weights& weights) {
  const std::string model = read_listed_file(folder, index, kWeights);
  const std::string parts =
      weights.method_parts != nullptr ? read_listed_file(folder, index, kMethodParts) : std::string();
  load_weights_of(weights.model, folder / kWeights, model);
  if (weights.method_parts != nullptr) load_weights_of(*weights.method_parts, folder / kMethodParts, parts);
}

}  // namespace pdmp

// A checkpoint on disk.
#include "train/files/checkpoint.h"

#include <fmt/format.h>

#include "base/files/file.h"
#include "base/text/json_fields.h"
#include "models/weights/safetensors.h"
#include "pdmp/error.h"
#include "train/files/archive_json.h"
#include "train/files/layout.h"
#include "train/files/nonfinite_json.h"
#include "train/files/weights_folder.h"

namespace pdmp::training {

namespace {

namespace fs = std::filesystem;

constexpr int kFormatVersion = 3;
constexpr const char* kState = run_layout::kState;
constexpr const char* kIndex = run_layout::kCheckpointIndex;
constexpr const char* kAdvice = "the checkpoint is damaged";

void add_tensors(models::Safetensors& file, const std::string& prefix, const Archive& archive) {
  for (const auto& [name, tensor] : archive.tensors) file.tensors.emplace_back(prefix + name, tensor);
}

Archive take_tensors(const models::Safetensors& file, const std::string& prefix, std::map<std::string, Value> values) {
  Archive archive;
  for (const auto& [name, tensor] : file.tensors) {
    if (name.starts_with(prefix)) archive.tensors.emplace_back(name.substr(prefix.size()), tensor);
  }
  archive.values = std::move(values);
  return archive;
}

nlohmann::json read_index(const fs::path& folder) {
  nlohmann::json index = read_json(folder / kIndex);
  const JsonFields fields(index, folder / kIndex, kAdvice);
  if (fields.get<int>("format_version") != kFormatVersion) {
    throw Error(ErrorKind::data,
                fmt::format("{}: expected format_version {}, found {}; it was written by another pdmp",
                            (folder / kIndex).string(), kFormatVersion, index["format_version"].dump()));
  }
  return with_nonfinite(read_checked_json(folder / kIndex, kAdvice, /*must_have_digest=*/true));
}

FileDigest log_of(const JsonFields& index, const std::string& name) {
  const JsonFields entry = index.object("logs").object(name);
  return {entry.get<uint64_t>("bytes"), entry.get<std::string>("digest")};
}

// What `index`, read from `file`, and the tensors beside it say.
CheckpointState state_of(const JsonFields& index, const fs::path& file, const models::Safetensors& tensors) {
  const auto values = [&](const std::string& name) { return values_from(index.get<nlohmann::json>(name), file, name); };
  CheckpointState state;
  state.epoch = index.get<int64_t>("epoch");
  state.batch = index.get<int64_t>("batch");
  state.step = index.get<int64_t>("step");
  state.optimizer = take_tensors(tensors, "optimizer/", values("optimizer"));
  state.method = take_tensors(tensors, "method/", values("method"));
  for (const auto& [name, tensor] : tensors.tensors) {
    if (name == "generator") state.generator = tensor;
  }
  state.values = index.get<nlohmann::json>("values");
  return state;
}

}  // namespace

void write_checkpoint(const fs::path& folder, const Weights& weights, const CheckpointState& state,
                      const LogDigests& logs) {
  make_directories(folder);
  nlohmann::json files = write_weights_files(folder, weights);
  models::Safetensors tensors;
  add_tensors(tensors, "optimizer/", state.optimizer);
  add_tensors(tensors, "method/", state.method);
  if (state.generator.defined()) tensors.tensors.emplace_back("generator", state.generator);
  files[kState] = to_json(models::write_safetensors(folder / kState, tensors));
  write_checked_json(
      folder / kIndex,
      without_nonfinite(
          {{"format_version", kFormatVersion},
           {"epoch", state.epoch},
           {"batch", state.batch},
           {"step", state.step},
           {"optimizer", to_json(state.optimizer.values)},
           {"method", to_json(state.method.values)},
           {"values", state.values},
           {"logs", {{run_layout::kMetrics, to_json(logs.metrics)}, {run_layout::kTiming, to_json(logs.timing)}}},
           {"files", files}}));
}

CheckpointState read_checkpoint(const fs::path& folder, const Weights& weights,
                                const std::function<void(const LogDigests&)>& check_logs) {
  const nlohmann::json index = read_index(folder);
  const JsonFields fields(index, folder / kIndex, kAdvice);
  check_logs({log_of(fields, run_layout::kMetrics), log_of(fields, run_layout::kTiming)});
  CheckpointState state = state_of(
      fields, folder / kIndex, models::parse_safetensors(folder / kState, read_listed_file(folder, fields, kState)));
  load_weights_files(folder, fields, weights);
  return state;
}

void load_last_weights(const fs::path& folder, const Weights& weights, int64_t epoch) {
  if (!fs::exists(folder / kIndex)) {
    throw Error(ErrorKind::data,
                fmt::format("{}: expected the weights of epoch {}, which the run selected, found none; "
                            "train it again with `keep` weights",
                            folder.string(), epoch + 1));
  }
  const nlohmann::json index = read_index(folder);
  const JsonFields fields(index, folder / kIndex, kAdvice);
  const auto next = fields.get<int64_t>("epoch"), batch = fields.get<int64_t>("batch");
  if (next != epoch + 1 || batch != 0) {
    throw Error(ErrorKind::data, fmt::format("{}: expected the weights after epoch {}, which the run selected, found "
                                             "those after {} epochs and {} batches; go on with `resume`",
                                             folder.string(), epoch + 1, next, batch));
  }
  load_weights_files(folder, fields, weights);
}

}  // namespace pdmp::training

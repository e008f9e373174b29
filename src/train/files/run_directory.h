// One training run on disk (docs/run-directory.md): files, lock, checkpoints.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/files/folder_lock.h"
#include "pdmp/model.h"
#include "pdmp/optimizer.h"
#include "train/files/run_log.h"

namespace pdmp::models {
class WeightAverage;  // models/weights/weight_average.h
}  // namespace pdmp::models

namespace pdmp::training {

// State of a run between two steps.
struct CheckpointState {
  int64_t epoch = 0, batch = 0, step = 0;  // where to go on
  Archive optimizer, method;
  Tensor generator;       // LibTorch's generator
  nlohmann::json values;  // random streams, history, sums of an unfinished epoch
};

// The trained parts: the model, and the method's own parts (null where it has none).
struct Weights {
  torch::nn::Module& model;
  torch::nn::Module* method_parts = nullptr;
  const models::WeightAverage* average = nullptr;  // of `--ema`: written and read beside the weights; null: none
  bool read_averaged = false;  // without `average`: what is read into the parts is the stored average
};

class RunDirectory {
 public:
  // Makes the folder and takes the run's lock (released with the object; a crash releases it too). Error{busy} where
  // another process has it, Error{io} where the folder can't be written.
  explicit RunDirectory(std::filesystem::path path);
  // Error{busy} where another process works in the folder; nothing is made.
  static void expect_free(const std::filesystem::path& path);
  RunDirectory(const RunDirectory&) = delete;
  RunDirectory& operator=(const RunDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path file(const std::string& name) const { return path_ / name; }

  void append_metrics(const nlohmann::json& line);
  void append_timing(const nlohmann::json& line);

  // checkpoints/last is replaced as a whole; the one before stays as checkpoints/previous.
  void save_checkpoint(const Weights& weights, const CheckpointState& state);
  // The newest whole checkpoint; one that is damaged, or whose logs are, is named in a warning and the previous one is
  // used. Cuts metrics.jsonl and timing.jsonl back to it, or empties them where there is none. Error{data} where all
  // are damaged.
  std::optional<CheckpointState> load_checkpoint(const Weights& weights);
  bool has_checkpoint() const;

  // Size and digest of both logs, which are on disk afterwards.
  nlohmann::json sync_logs();

  void save_best(const Weights& weights, int64_t epoch);        // checkpoints/best
  void load_best(const Weights& weights, int64_t epoch) const;  // Error{data} where it is missing, damaged or another
  // Makes sure of checkpoints/best for a run that goes on from `state`, whose weights `weights` holds: what a process
  // killed between two renames left is put in place, and weights of the last epoch are written again. Error{data} where
  // the weights of `epoch` are lost.
  void recover_best(const Weights& weights, int64_t epoch, const CheckpointState& state);

  // Bounds the disk of a finished run: all | weights (no optimizer state) | best (the selected weights) | none.
  void trim(const std::string& keep);

 private:
  std::filesystem::path checkpoints() const { return path_ / "checkpoints"; }

  std::filesystem::path path_;
  RunLog metrics_, timing_;
  std::optional<FolderLock> lock_;
};

}  // namespace pdmp::training

// One training run on disk (docs/run-directory.md): files, lock, checkpoints.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "pdmp/model.h"
#include "pdmp/optimizer.h"

namespace pdmp {

// State of a run between two steps.
struct CheckpointState {
  int64_t epoch = 0, batch = 0, step = 0;        // where to go on
  Archive optimizer, method;
  nlohmann::json values;                         // random streams, history, accumulators of an unfinished epoch
  uint64_t metrics_bytes = 0;                    // length of metrics.jsonl at that moment
  uint64_t timing_bytes = 0;
};

class RunDirectory {
 public:
  // Takes the run's lock (released with the object; a crash releases it too). Error{io} where another process has it or
  // the folder cannot be made.
  explicit RunDirectory(std::filesystem::path path);
  ~RunDirectory();
  RunDirectory(const RunDirectory&) = delete;
  RunDirectory& operator=(const RunDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path file(const std::string& name) const { return path_ / name; }

  void append_metrics(const nlohmann::json& line);
  void append_timing(const nlohmann::json& line);

  // checkpoints/last is replaced as a whole; the one before stays as checkpoints/previous until the next save.
  void save_checkpoint(const torch::nn::Module& weights, const CheckpointState& state);
  // Newest complete checkpoint; a damaged one is named in a warning and the previous one is used. Cuts metrics.jsonl and
  // timing.jsonl back to it. Nothing where there is none.
  std::optional<CheckpointState> load_checkpoint(torch::nn::Module& weights);
  void save_best(const torch::nn::Module& weights, int64_t epoch);   // checkpoints/best
  void load_best(torch::nn::Module& weights) const;

 private:
  std::filesystem::path path_;
  int lock_ = -1;
};

}  // namespace pdmp

// The files of one training run.
#include "train/files/run_directory.h"

#include <fmt/format.h>

#include "base/files/file.h"
#include "base/files/temporary_files.h"
#include "base/log.h"
#include "pdmp/error.h"
#include "train/files/best_folder.h"
#include "train/files/checkpoint.h"
#include "train/files/layout.h"

namespace pdmp::training {

namespace {

namespace fs = std::filesystem;

constexpr const char* kBusyAdvice = "wait for it, or choose another `run`";

// What a killed process left. The lock is held, so nobody else writes here. Folders best.* are recovered or removed
// once it is known which epoch is the best.
void sweep(const fs::path& run) {
  const fs::path checkpoints = run / run_layout::kCheckpoints;
  for (const fs::path& folder : {run, run / run_layout::kUnimodal}) remove_temporaries(folder, /*locked=*/true);
  std::error_code ignored;
  for (const char* name : {run_layout::kFresh, "previous.discarded", "best.old.discarded"})
    fs::remove_all(checkpoints / name, ignored);
  for (const char* name : {run_layout::kLast, run_layout::kPrevious, run_layout::kBest})
    remove_temporaries(checkpoints / name, /*locked=*/true);
}

}  // namespace

RunDirectory::RunDirectory(fs::path path)
    : path_(std::move(path)), metrics_(path_ / run_layout::kMetrics), timing_(path_ / run_layout::kTiming) {
  make_directories(path_);
  lock_.emplace(path_, kBusyAdvice);
  sweep(path_);
}

void RunDirectory::expect_free(const fs::path& path) { FolderLock::expect_free(path, kBusyAdvice); }

void RunDirectory::append_metrics(const nlohmann::json& line) { metrics_.append(line); }

void RunDirectory::append_timing(const nlohmann::json& line) { timing_.append(line); }

// The logs first: what a checkpoint counts on is on disk before it.
void RunDirectory::save_checkpoint(const Weights& weights, const CheckpointState& state) {
  const fs::path fresh = checkpoints() / run_layout::kFresh;
  fs::remove_all(fresh);
  const LogDigests logs{metrics_.sync(), timing_.sync()};
  write_checkpoint(fresh, weights, state, logs);
  sync_folder(path_);
  replace_directory(fresh, checkpoints() / run_layout::kLast, checkpoints() / run_layout::kPrevious);
}

bool RunDirectory::has_checkpoint() const {
  return fs::exists(checkpoints() / run_layout::kLast) || fs::exists(checkpoints() / run_layout::kPrevious);
}

std::optional<CheckpointState> RunDirectory::load_checkpoint(const Weights& weights) {
  std::string damage;
  for (const char* name : {run_layout::kLast, run_layout::kPrevious}) {
    const fs::path folder = checkpoints() / name;
    if (!fs::exists(folder)) continue;
    try {
      LogDigests logs;
      CheckpointState state = read_checkpoint(folder, weights, [&](const LogDigests& found) {
        metrics_.check(found.metrics);
        timing_.check(found.timing);
        logs = found;
      });
      if (!damage.empty()) log_warning(fmt::format("{}; going on from {}", damage, folder.string()));
      metrics_.cut_back(logs.metrics.bytes);
      timing_.cut_back(logs.timing.bytes);
      return state;
    } catch (const Error& error) {
      damage = damage.empty() ? error.what() : fmt::format("{}; {}", damage, error.what());
    }
  }
  if (!damage.empty()) {
    throw Error(ErrorKind::data,
                fmt::format("{}; no complete checkpoint is left, start again with `overwrite`", damage));
  }
  metrics_.cut_back(0);
  timing_.cut_back(0);
  return std::nullopt;
}

nlohmann::json RunDirectory::sync_logs() {
  return {{run_layout::kMetrics, to_json(metrics_.sync())}, {run_layout::kTiming, to_json(timing_.sync())}};
}

void RunDirectory::save_best(const Weights& weights, int64_t epoch) { write_best(checkpoints(), weights, epoch); }

void RunDirectory::load_best(const Weights& weights, int64_t epoch) const {
  load_best_weights(checkpoints(), weights, epoch);
}

void RunDirectory::recover_best(const Weights& weights, int64_t epoch, const CheckpointState& state) {
  if (pdmp::training::recover_best(checkpoints(), epoch, state.epoch)) return;
  const fs::path best = checkpoints() / run_layout::kBest;
  const std::string problem = fmt::format(
      "{}: expected the weights of epoch {}, the best so far, found none that are "
      "whole",
      best.string(), epoch + 1);
  if (state.epoch != epoch + 1 || state.batch != 0) {
    throw Error(ErrorKind::data, problem + "; restore the folder, or start again with `overwrite`");
  }
  log_warning(problem + "; they are those of the checkpoint and written again");
  save_best(weights, epoch);
}

void RunDirectory::trim(const std::string& keep) {
  if (keep == "all") return;
  fs::remove_all(checkpoints() / run_layout::kPrevious);
  if (keep == "none") {
    fs::remove_all(checkpoints());
  } else if (keep == "best" && fs::exists(checkpoints() / run_layout::kBest)) {
    fs::remove_all(checkpoints() / run_layout::kLast);
  } else {
    fs::remove(checkpoints() / run_layout::kLast /
               run_layout::kState);  // checkpoint.json has the digests of the weights
  }
}

}  // namespace pdmp::training

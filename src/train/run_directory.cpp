#include "train/run_directory.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "pdmp/error.h"
#include "train/checkpoint.h"

namespace pdmp {

namespace {

namespace fs = std::filesystem;

constexpr const char* kMetrics = "metrics.jsonl";
constexpr const char* kTiming = "timing.jsonl";

uint64_t size_of(const fs::path& path) {
  std::error_code missing;
  const uint64_t size = fs::file_size(path, missing);
  return missing ? 0 : size;
}

void cut(const fs::path& path, uint64_t length) {
  if (size_of(path) <= length) return;
  std::error_code error;
  fs::resize_file(path, length, error);
  if (error) {
    throw Error(ErrorKind::io,
                fmt::format("{}: can't cut it back to its checkpoint: {}", path.string(), error.message()));
  }
}

}  // namespace

RunDirectory::RunDirectory(fs::path path) : path_(std::move(path)) {
  make_directories(path_);
  const fs::path lock = path_ / "lock";
  lock_ = open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (lock_ < 0) {
    throw Error(ErrorKind::io, fmt::format("{}: can't be written: {}", lock.string(), std::strerror(errno)));
  }
  if (flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    close(lock_);
    throw Error(ErrorKind::io, fmt::format("{}: another process is working in this run directory; wait for it, or "
                                           "choose another --run",
                                           path_.string()));
  }
}

RunDirectory::~RunDirectory() { close(lock_); }

void RunDirectory::append_metrics(const nlohmann::json& line) { append_line(path_ / kMetrics, line.dump()); }

void RunDirectory::append_timing(const nlohmann::json& line) { append_line(path_ / kTiming, line.dump()); }

void RunDirectory::save_checkpoint(const Weights& weights, const CheckpointState& state) {
  const fs::path fresh = checkpoints() / "new";
  fs::remove_all(fresh);
  write_checkpoint(fresh, weights, state, {size_of(path_ / kMetrics), size_of(path_ / kTiming)});
  replace_directory(fresh, checkpoints() / "last", checkpoints() / "previous");
}

bool RunDirectory::has_checkpoint() const {
  return fs::exists(checkpoints() / "last") || fs::exists(checkpoints() / "previous");
}

std::optional<CheckpointState> RunDirectory::load_checkpoint(const Weights& weights) {
  std::string damage;
  for (const char* name : {"last", "previous"}) {
    const fs::path folder = checkpoints() / name;
    if (!fs::exists(folder)) continue;
    try {
      LogLengths lengths;
      CheckpointState state = read_checkpoint(folder, weights, lengths);
      if (!damage.empty()) log_warning(fmt::format("{}; going on from {}", damage, folder.string()));
      cut_logs(lengths.metrics, lengths.timing);
      return state;
    } catch (const Error& error) {
      damage = damage.empty() ? error.what() : fmt::format("{}; {}", damage, error.what());
    }
  }
  if (!damage.empty()) {
    throw Error(ErrorKind::data,
                fmt::format("{}; no complete checkpoint is left, start again with --overwrite", damage));
  }
  cut_logs(0, 0);
  return std::nullopt;
}

void RunDirectory::cut_logs(uint64_t metrics_bytes, uint64_t timing_bytes) {
  cut(path_ / kMetrics, metrics_bytes);
  cut(path_ / kTiming, timing_bytes);
}

void RunDirectory::save_best(const Weights& weights, int64_t epoch) {
  const fs::path fresh = checkpoints() / "best.new";
  fs::remove_all(fresh);
  make_directories(fresh);
  save_weights(weights.model, fresh / "weights.safetensors");
  if (weights.method_parts != nullptr) save_weights(*weights.method_parts, fresh / "method.safetensors");
  write_json(fresh / "best.json", {{"epoch", epoch}});
  const fs::path old = checkpoints() / "best.old";
  replace_directory(fresh, checkpoints() / "best", old);
  fs::remove_all(old);
}

void RunDirectory::load_best(const Weights& weights) const {
  const fs::path best = checkpoints() / "best";
  load_weights(weights.model, best / "weights.safetensors");
  if (weights.method_parts != nullptr) load_weights(*weights.method_parts, best / "method.safetensors");
}

void RunDirectory::trim(const std::string& keep) {
  if (keep == "all") return;
  fs::remove_all(checkpoints() / "previous");
  if (keep == "none") {
    fs::remove_all(checkpoints());
  } else if (keep == "best" && fs::exists(checkpoints() / "best")) {
    fs::remove_all(checkpoints() / "last");
  } else {
    fs::remove(checkpoints() / "last" / "state.safetensors");
    fs::remove(checkpoints() / "last" / "checkpoint.json");
  }
}

}  // namespace pdmp

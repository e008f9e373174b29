#include "run/open_run.h"

#include <array>
#include <fmt/format.h>

#include "base/files/checked_file.h"
#include "base/files/file.h"
#include "base/log.h"
#include "pdmp/error.h"
#include "run/files/config.h"
#include "run/files/environment.h"
#include "train/files/layout.h"

namespace pdmp::runs {
namespace {

namespace fs = std::filesystem;

using training::run_layout::kConfig;
using training::run_layout::kEnvironment;
using training::run_layout::kLock;

// What shows that a folder is a run directory.
constexpr std::array kMarks = {kConfig, kEnvironment};

bool is_mark(const fs::path& entry) { return entry.filename() == kMarks[0] || entry.filename() == kMarks[1]; }

// Left by a process that was killed before it wrote anything of value.
bool is_nothing(const fs::path& entry) {
  const std::string name = entry.filename().string();
  return name == kLock || (name.starts_with(".") && name.ends_with(".tmp"));
}

bool holds_run(const fs::path& folder) { return fs::exists(folder / kConfig) || fs::exists(folder / kEnvironment); }

void refuse_foreign_folder(const fs::path& folder) {
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (is_nothing(entry.path())) continue;
    throw Error(ErrorKind::usage,
                fmt::format("`run` {}: expected a new folder, an empty one or a run of pdmp, found other "
                            "files ('{}'); choose another folder",
                            folder.string(), entry.path().filename().string()));
  }
}

// The lock is ours and stays. The marks go last: a folder half deleted is still known as a run.
void delete_run(const fs::path& folder) {
  if (!holds_run(folder)) return;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (!is_mark(entry.path()) && entry.path().filename() != kLock) fs::remove_all(entry.path());
  }
  for (const char* mark : kMarks) fs::remove(folder / mark);
}

// A run has both from its first moment on; without them it would go on with whatever is asked for now.
void expect_marks(const fs::path& folder) {
  for (const char* mark : kMarks) {
    if (fs::exists(folder / mark)) continue;
    throw Error(ErrorKind::data, fmt::format("{}: expected what the run began with, found no such file; restore it, or "
                                             "start again with `overwrite`",
                                             (folder / mark).string()));
  }
}

RunState inspect_resumed(const RunOptions& options, const ResumeAdvice& advice) {
  const fs::path folder = options.run, config = folder / kConfig;
  if (fs::exists(folder / training::run_layout::kCheckpoints)) expect_marks(folder);
  if (!fs::exists(config)) return RunState::unfinished;
  const RunOptions before = read_config(config);
  check_same_config(options, before, config, advice);
  if (!training::run_layout::is_finished(folder)) return RunState::unfinished;
  if (options.train.epochs == before.train.epochs) return RunState::finished;
  if (before.train.keep != "all") {
    throw Error(ErrorKind::usage,
                fmt::format("{}: {} is finished and was trimmed (`keep` {}), so it can't be trained for more epochs; "
                            "choose {}",
                            advice.option, folder.string(), before.train.keep, advice.other));
  }
  return RunState::unfinished;
}

RunState look_at(const RunOptions& options, const ResumeAdvice& advice = {}) {
  if (options.run.empty()) throw Error(ErrorKind::usage, "`run` is missing: name the folder this run is written to");
  if (options.resume && options.overwrite) {
    throw Error(ErrorKind::usage, "`resume` and `overwrite` contradict each other; give one of them");
  }
  const fs::path folder = options.run;
  if (!fs::exists(folder)) return RunState::fresh;
  if (!fs::is_directory(folder)) {
    throw Error(ErrorKind::usage, fmt::format("`run` {}: expected a folder, found a file", folder.string()));
  }
  if (!holds_run(folder)) {
    refuse_foreign_folder(folder);
    return RunState::fresh;
  }
  if (options.overwrite) return RunState::fresh;
  if (options.resume) return inspect_resumed(options, advice);
  throw Error(ErrorKind::usage,
              fmt::format("`run` {}: there is a run already; add `resume` to go on with it or `overwrite` "
                          "to delete it and start again",
                          folder.string()));
}

}  // namespace

RunState inspect_run(const RunOptions& options, const ResumeAdvice& advice) {
  if (!options.run.empty()) training::RunDirectory::expect_free(options.run);
  return look_at(options, advice);
}

std::unique_ptr<training::RunDirectory> open_run(const RunOptions& options) {
  inspect_run(options);
  auto run = std::make_unique<training::RunDirectory>(options.run);
  look_at(options);  // again: another process may have been here before we had the lock
  if (options.overwrite) delete_run(run->path());
  // A run that is extended is unfinished again.
  fs::remove(run->file(training::run_layout::kSummary));
  write_file_atomically(run->file(kConfig), config_toml(options));
  if (!fs::exists(run->file(kEnvironment))) write_checked_json(run->file(kEnvironment), environment(options.train));
  return run;
}

}  // namespace pdmp::runs

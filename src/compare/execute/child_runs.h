// Several trainings at once, each in a process of its own: LibTorch has one random generator a process, so trainings
// that shared one could not be repeated.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/progress.h"
#include "pdmp/run.h"
#include "run/files/resume_advice.h"

namespace pdmp::comparing {

struct ChildRun {
  std::string name;  // for people: "joint, seed 1"
  RunOptions options;
};

struct FailedRun {
  std::string run;     // directory
  std::string reason;  // the child's last words, or the signal that ended it
};

// What trains: `program` train, and more arguments.
struct TrainingProgram {
  std::filesystem::path file;
  std::vector<std::string> arguments = {};
};

// `program` with each run's options, `jobs` at a time, in the order given. What a child says goes to RUN.log beside
// its run directory, removed where the run succeeds. Those that fail are returned, and the rest goes on. Ctrl-C, and a
// child that was told to stop, is Error{interrupted}: the others save what they have. `progress` advances by one a run.
std::vector<FailedRun> train_in_children(const TrainingProgram& program, const std::vector<ChildRun>& runs,
                                         int64_t jobs, Progress& progress);

// The same in this process, one after the other.
std::vector<FailedRun> train_here(const std::vector<ChildRun>& runs, Progress& progress);

// What to do where another process works in --out.
inline constexpr const char* kBusyOut = "wait for it, or choose another `out`";

// `work` of a command that goes on where it stopped when it is called again: an interruption says so.
void resumable(const std::function<void()>& work);

// What errors advise where the runs in folder `out` were made with other flags or of other data.
runs::ResumeAdvice advice_of(const std::string& out);

// Before anything is trained or written. Error where a run that is there has other options, or is of other data, than
// it would go on with. A run whose files are damaged passes: it fails when its turn comes.
void expect_same_runs(const std::vector<ChildRun>& runs, const std::string& out);

// Largest memory of this process and of each child that has ended, in bytes.
int64_t peak_memory_of_children();

}  // namespace pdmp::comparing

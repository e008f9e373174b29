// Several trainings at once, each in a process of its own: LibTorch has one random generator a process, so trainings
// that shared one could not be repeated.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/progress.h"
#include "pdmp/run.h"

namespace pdmp {

struct ChildRun {
  std::string name;  // for people: "joint, seed 1"
  RunOptions options;
  bool may_fail = false;  // a failed training of it stops nothing and leaves its RUN.log
};

// `pdmp train` with each run's options, `jobs` at a time, in the order given. What a child says goes to RUN.log beside
// its run directory, removed where the run succeeds. The first failure stops the others, which save what they have, and
// is thrown as Error with the child's last words; Ctrl-C likewise as Error{interrupted}. `progress` advances by one a
// run.
void train_in_children(const std::vector<ChildRun>& runs, int64_t jobs, Progress& progress);

// `work` of a command that goes on where it stopped when it is called again: an interruption says so.
void resumable(const std::function<void()>& work);

// `train`, where a usage error means that the runs in folder `out` were made with other flags: one that says so.
void with_runs_in(const std::string& out, const std::function<void()>& train);

// Largest memory of this process and of each child that has ended, in bytes.
int64_t peak_memory_of_children();

}  // namespace pdmp

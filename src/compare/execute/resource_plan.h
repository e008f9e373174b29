// How the trainings of one command share the machine: processes x threads, chosen once.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "pdmp/run.h"

namespace pdmp::comparing {

struct ResourcePlan {
  int64_t jobs = 1;     // trainings at once, each in a process of its own
  int64_t threads = 1;  // of each: another number rounds differently, so it stays what it was
  std::string precision = "fp32";
};

// As many single-threaded trainings as there are cores, which takes less time than one after the other with all cores
// (docs/performance.md), unless there are fewer trainings or less memory than that. Positive numbers asked for win.
// What layout.json in folder `out` says of threads and precision is used again where the options leave them open.
// Nothing is written. `jobs` 0: choose; `runs`: trainings there will be.
ResourcePlan plan_resources(const RunOptions& options, const Dataset& train, int64_t jobs, int64_t runs,
                            const std::filesystem::path& out);

void write_resource_plan(const ResourcePlan& plan, const std::filesystem::path& out);  // OUT/layout.json

// Jobs for `cores`, `threads` of each (0: open), `runs` and the memory at hand, both in bytes.
int64_t best_jobs(int64_t cores, int64_t threads, int64_t runs, int64_t memory, int64_t memory_of_one);

}  // namespace pdmp::comparing

// The options of a run as a whole: their ranges, and whether two runs are the same.
#pragma once

#include <filesystem>

#include "pdmp/run.h"
#include "run/files/resume_advice.h"

namespace pdmp::runs {

// Describes what config.toml holds: all options but those of the methods that were not chosen.
void describe_config(RunOptions& options, OptionList& list);

// Every described range; also for callers that set fields directly. Error{usage}.
void check_options(RunOptions options);

// Error{usage} with every key that differs and both values where the run of `config` cannot go on with `now`: only the
// number of threads and more epochs may change. Paths are compared as the files they name. A data set in another folder
// passes where the run has a data.json, by which RunData::expect_same (run_data.h) judges what it holds.
void check_same_config(RunOptions now, RunOptions before, const std::filesystem::path& config,
                       const ResumeAdvice& advice = {});

}  // namespace pdmp::runs

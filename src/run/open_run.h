// Finding out what is in a run directory, and making it ours.
#pragma once

#include <memory>

#include "pdmp/run.h"
#include "run/files/resume_advice.h"
#include "train/files/run_directory.h"

namespace pdmp::runs {

enum class RunState {
  fresh,       // nothing there, or a run that --overwrite replaces
  unfinished,  // --resume goes on
  finished,    // --resume has nothing to do
};

// Looks only. Error{busy} where another process works in the folder. Error{usage} where the folder holds a run and
// neither --resume nor --overwrite was given, where it holds other things than a run, and where a resume has another
// configuration.
RunState inspect_run(const RunOptions& options, const ResumeAdvice& advice = {});

// Locks the folder, deletes what --overwrite replaces, writes config.toml and, for a new run, environment.json.
std::unique_ptr<training::RunDirectory> open_run(const RunOptions& options);

}  // namespace pdmp::runs

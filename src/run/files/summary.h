// summary.json: the result of a run. Its presence says that the run is finished.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

#include "pdmp/run.h"

namespace pdmp::runs {

// `unimodal` and `dependency` are those of test, or of val where there is no test split.
// `files`: name -> size and digest of other files of the run that are read back (checked_file.h).
void write_summary(const TrainingRun& summary, const std::filesystem::path& path,
                   const nlohmann::json& files = nlohmann::json::object());

// Error{data} where a file of a finished run is not the one its summary lists; nothing where it lists none.
void check_run_file(const std::filesystem::path& run_directory, const std::string& name);

}  // namespace pdmp::runs

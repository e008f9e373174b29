// summary.json: the result of a run. Its presence says that the run is finished.
#pragma once

#include <filesystem>

#include "pdmp/run.h"

namespace pdmp {

// `unimodal` and `dependency` are those of test, or of val where there is no test split.
void write_summary(const RunSummary& summary, const std::filesystem::path& path);

}  // namespace pdmp

// One modality analysis for all runs that need a ranking.
#pragma once

#include <filesystem>

#include "pdmp/run.h"

namespace pdmp::comparing {

// What `file` holds, if it was made with these encoders and settings; else a new analysis, written there. Its
// unfinished trainings are in the folder `analysis` beside the file. Logs the table.
AnalysisResult shared_analysis(const RunOptions& options, const TrainingData& data, const std::filesystem::path& file);

}  // namespace pdmp::comparing

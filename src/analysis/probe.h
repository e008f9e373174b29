// A short joint training that shows which modality leads at first.
#pragma once

#include <filesystem>
#include <string>

#include "analysis/analysis_data.h"
#include "analysis/rank.h"
#include "pdmp/model.h"
#include "pdmp/trainer.h"

namespace pdmp::analysis {

// Trains max(5, a tenth of train.epochs) epochs and fills in branch accuracy and dependency, means of the last
// `points`.
void run_probe(EarlyEvidence& evidence, const AnalysisData& data, const ModelOptions& model, const TrainOptions& train,
               int64_t points, const std::filesystem::path& directory, const std::string& key);

}  // namespace pdmp::analysis

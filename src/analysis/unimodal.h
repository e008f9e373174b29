// Every modality trained alone.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "analysis/analysis_data.h"
#include "metrics/statistics.h"
#include "pdmp/analysis.h"
#include "pdmp/model.h"
#include "pdmp/trainer.h"

namespace pdmp::analysis {

struct UnimodalTraining {
  std::vector<double> accuracy;  // per epoch, on data.val
  std::vector<double> score;     // the same of train.select_metric
  double final_loss = 0;
  metrics::Hits correct;  // per epoch and sample of data.val; empty where options.stop is never
};

// Encoder and a linear head each, started as the modality's encoder in the joint model and trained side by side; all to
// the same epoch, at most train.epochs. Of `options`: stop and end_mode. `key` as for KeptTraining. With a directory,
// the weights after the last epoch are left in directory/<modality>.safetensors.
std::vector<UnimodalTraining> train_unimodal(const AnalysisData& data, const std::vector<std::string>& modalities,
                                             const ModelOptions& model, const TrainOptions& train,
                                             const AnalysisOptions& options, const std::filesystem::path& directory,
                                             const std::string& key);

}  // namespace pdmp::analysis

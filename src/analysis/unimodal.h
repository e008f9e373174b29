// One modality trained alone.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "analysis/analysis_data.h"
#include "pdmp/model.h"
#include "pdmp/trainer.h"

namespace pdmp {

struct UnimodalTraining {
  std::vector<double> accuracy;  // per epoch, on data.val
  double final_loss = 0;
};

// Encoder and a linear head, started as the modality's encoder in the joint model. `key` as for kept_training. With a
// directory, the weights after the last epoch are left in directory/<modality>.safetensors.
UnimodalTraining train_unimodal(const AnalysisData& data, const std::string& modality, const ModelOptions& model,
                                const TrainOptions& train, const std::filesystem::path& directory,
                                const std::string& key);

}  // namespace pdmp

// Modality analysis: train each modality alone, rank them (methods-modulation 1.3; PDMP, section III-B, Algorithm 1).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pdmp/method.h"
#include "pdmp/model.h"
#include "pdmp/trainer.h"

namespace pdmp {

struct AnalysisOptions {
  std::vector<double> subset = {1};            // fractions of train, class-stratified; several: one analysis each
  std::string criterion = "unimodal_early";    // unimodal_early | multimodal_branch | dependency | manual
  std::string end_mode = "mean_last";          // mean_last | last | best
  std::string performance_dominant, optimization_dominant;   // manual: names of modalities
  int64_t epochs = 0;                          // 0 = as the training
  void describe(OptionList& list);             // names without prefix; grouped as `analysis.`
};

struct UnimodalCurve {
  std::vector<double> accuracy;                // per epoch, on the evaluation split
  double final_accuracy = 0, final_se = 0, final_loss = 0, early = 0, early_se = 0;
};

struct AnalysisResult {
  ModalityRanking ranking;
  std::vector<UnimodalCurve> curves;           // per modality
  double subset = 1;
  std::string criterion, end_mode, evaluated_on;   // "val" or "10 % of train"
  int64_t n_train = 0, n_eval = 0, epochs = 0, early_points = 0;
  std::map<std::string, std::string> other_criteria;   // criterion -> its optimization-dominant modality, where computed
  std::string settings;                        // fingerprint of encoders and training settings
};

// The decision alone, from curves: argmax of the aggregated ends and beginnings; ambiguity where two are within 2 se.
AnalysisResult rank_modalities(const std::vector<std::string>& names, const std::vector<std::vector<double>>& accuracy,
                               const std::vector<double>& final_loss, int64_t n_eval, const AnalysisOptions& options);

// Trains what the options ask for. `directory` holds checkpoints of unfinished unimodal trainings, so that a killed
// analysis goes on where it was; empty: nothing is written. unimodal/<m>.safetensors are left in it.
AnalysisResult analyze(const TrainingData& data, const ModelOptions& model, const TrainOptions& train,
                       const AnalysisOptions& options, const std::filesystem::path& directory);

void write_analysis(const AnalysisResult& result, const std::filesystem::path& path);
AnalysisResult read_analysis(const std::filesystem::path& path);          // Error{data} naming the file and the field
std::string analysis_table(const AnalysisResult& result);                 // for people

}  // namespace pdmp

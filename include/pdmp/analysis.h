// Modality analysis: train each modality alone, rank them (methods-modulation 1.3; PDMP, section III-B, Algorithm 1).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "pdmp/method.h"
#include "pdmp/model.h"
#include "pdmp/trainer.h"

namespace pdmp {

struct AnalysisOptions {
  std::vector<double> subset = {1};          // fractions of train, class-stratified; several: one analysis each
  std::string criterion = "unimodal_early";  // unimodal_early | multimodal_branch | dependency | manual
  std::string end_mode = "mean_last";        // mean_last | last | best
  std::string performance_dominant, optimization_dominant;  // manual: names of modalities
  int64_t epochs = 0;                                       // 0 = as the training
  std::string stop = "auto";                                // auto (StopEvidence) | never
  void describe(OptionList& list);                          // names without prefix; grouped as `analysis.`
};

// One modality trained alone. Scores are of TrainOptions::select_metric; `se` is sqrt(a (1 - a) / n_eval) of an
// accuracy, 0 for metrics whose error is not known.
struct UnimodalCurve {
  std::vector<double> score;             // per epoch, on the evaluation split
  double final_score = 0, final_se = 0;  // `end_mode` of the curve
  double final_loss = 0;                 // cross-entropy after the last epoch
  double early = 0, early_se = 0;        // mean of the first `early_points`
};

// Whether an analysis ended before its last epoch, and why. Rule `auto`: it ends after an epoch where
//   - ten epochs and a quarter of those planned are over, which takes the beginning (`early_points`) in;
//   - the modality that is best so far (`end_mode`) was ahead of every other one in each of the last 5 evaluations, and
//     the 95 % interval of its mean lead in them, a paired bootstrap over evaluations and samples, lies above 0;
//   - it would be ahead after the last epoch too, did it keep falling and the others rising as they did over the last
//     half of their curves: mean of the last 5 evaluations plus slope (least squares; 0 where it falls for the others,
//     where it rises for the best) times the epochs left.
// Learning rates are those of the whole training. One modality alone is settled after the first of the three. The
// bootstrap is one of accuracies: an analysis by another metric goes on to its last epoch.
struct StopEvidence {
  struct Interval {
    double low = 0, high = 0;
  };
  std::string rule = "never";              // auto | never
  std::optional<int64_t> stopped_after;    // epochs; nothing: it went on to the last one
  int64_t of = 0;                          // epochs planned
  int64_t evaluations = 0, resamples = 0;  // `auto`: 5, and those of the bootstrap
  std::map<std::string, Interval> leads;   // where stopped: over each other modality
  std::map<std::string, double> forecast;  // where stopped: accuracies after the last epoch, as above
};

struct AnalysisResult {
  ModalityRanking ranking;            // `early` is what the criterion compares; not a number where not measured
  std::vector<UnimodalCurve> curves;  // per modality; empty for criterion manual, which trains nothing
  double subset = 1;
  std::string metric = "accuracy";                // that modalities are compared by
  std::string criterion, end_mode, evaluated_on;  // "val" or "10 % of train"
  int64_t n_train = 0, n_eval = 0, epochs = 0, early_points = 0;
  double performance_margin = 0, optimization_margin = 0;  // leader minus runner-up; 0 for one modality
  std::optional<int64_t> crossing_epoch;  // first 0-based epoch in which the modalities are ordered as at the end
  std::map<std::string, std::string> other_criteria;  // criterion -> its optimization-dominant modality, where computed
  std::string settings;                               // as analysis_settings
  StopEvidence stop;
};

// The decision alone, from curves of `metric` (criterion unimodal_early): the best of the aggregated ends and
// beginnings, ties to the lower final loss, then to the first. Ambiguous where the two best are closer than twice the
// leader's standard error (equal, where that is not known), and at the beginning also where there are fewer than two
// epochs. `options.epochs`: of the whole training where the curves were stopped before, since the beginning is a part
// of that.
AnalysisResult rank_modalities(const std::vector<std::string>& names, const std::vector<std::vector<double>>& scores,
                               const std::vector<double>& final_loss, int64_t n_eval, const AnalysisOptions& options,
                               const std::string& metric = "accuracy");

// Trains what the options ask for, `options.subset` being one fraction; the modalities side by side on the same
// batches, each with the numbers it has when trained alone. Scored on `data.val`, or on a stratified 10 % of train
// where there is none; never on test. `directory` holds checkpoints of unfinished trainings, so that a killed analysis
// goes on where it was; empty: nothing is written. unimodal/<m>.safetensors and .json are left in it.
AnalysisResult analyze(const TrainingData& data, const ModelOptions& model, const TrainOptions& train,
                       const AnalysisOptions& options, const std::filesystem::path& directory);

// What an analysis depends on besides the data, in words: encoders, init, epochs, batch size, optimizer. Not the seed.
std::string analysis_settings(const std::vector<ModalityInfo>& modalities, const ModelOptions& model,
                              const TrainOptions& train, const AnalysisOptions& options);

// The ranking in the order of `names`. Error{data} where the analysis ranks other modalities; `where` begins the
// message.
ModalityRanking ranking_for(const AnalysisResult& result, const std::vector<std::string>& names,
                            const std::string& where);

nlohmann::json to_json(const AnalysisResult& result);  // what analysis.json holds
void write_analysis(const AnalysisResult& result, const std::filesystem::path& path);
AnalysisResult read_analysis(const std::filesystem::path& path);  // Error{data} naming the file and the field
std::string analysis_table(const AnalysisResult& result);         // for people

}  // namespace pdmp

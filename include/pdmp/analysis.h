// Modality analysis: trains each modality alone and ranks them (PDMP, section III-B, Algorithm 1).
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

// Options of a modality analysis. Flags --analysis.<name>, with '-' for '_'.
struct AnalysisOptions {
  // Fractions of train to analyze, each in (0, 1], drawn class by class. `analyze` takes one; `pdmp analyze` several,
  // for one analysis each.
  std::vector<double> subset = {1};
  // What decides which modality leads at the beginning: unimodal_early: the first epochs of each modality alone;
  // multimodal_branch: unimodal accuracies in a short joint training; dependency: Eq. 5 in that training; manual: the
  // two names below.
  std::string criterion = "unimodal_early";
  std::string end_mode = "mean_last";  // the end of a curve: mean_last (mean of the last tenth) | last | best
  std::string performance_dominant, optimization_dominant;  // criterion manual: names of modalities
  int64_t epochs = 0;               // of each modality alone, at least 0; 0: as many as the training
  std::string stop = "auto";        // auto: end early as StopEvidence describes | never
  void describe(OptionList& list);  // adds the options without prefix; callers group them as `analysis.`
};

// One modality trained alone. Scores are those of TrainOptions::select_metric. Standard errors are
// sqrt(a (1 - a) / n_eval) of an accuracy a, and 0 for other metrics.
struct UnimodalCurve {
  std::vector<double> score;             // per epoch, on the evaluation split
  double final_score = 0, final_se = 0;  // the end of the curve (AnalysisOptions::end_mode), and its standard error
  double final_loss = 0;                 // mean cross-entropy after the last epoch
  double early = 0, early_se = 0;        // mean of the first `early_points` epochs, and its standard error
};

// Whether an analysis ended before its last epoch, and why. By rule `auto` it ends after an epoch where all of these
// hold.
//
// 1. At least ten epochs and a quarter of the planned ones are over; the beginning (`early_points`) is within them.
//
// 2. The modality that is best so far (`end_mode`) was ahead of every other one in each of the last 5 evaluations, and
// the 95 % interval of its mean lead in them, by a paired bootstrap over evaluations and samples, is above 0.
//
// 3. It is still ahead in a forecast for the last epoch, which is the mean of the last 5 evaluations plus the slope
// times the epochs left. The slope is that of least squares over the last half of the curve, where it is against the
// best modality: falling for it, rising for the others; otherwise 0.
//
// Learning rates are those of the whole training. A single modality needs the first condition only. The bootstrap is
// one of accuracies: an analysis by another metric goes on to its last epoch.
struct StopEvidence {
  // A confidence interval.
  struct Interval {
    double low = 0, high = 0;  // its ends, as differences of accuracy
  };
  std::string rule = "never";              // auto | never
  std::optional<int64_t> stopped_after;    // epochs; nothing: all were trained
  int64_t of = 0;                          // epochs planned
  int64_t evaluations = 0, resamples = 0;  // rule auto: evaluations compared (5), resamples of the bootstrap
  std::map<std::string, Interval> leads;   // if stopped: 95 % interval of the lead over each other modality
  std::map<std::string, double> forecast;  // if stopped: forecast accuracy of each modality after the last epoch
};

// The result of an analysis, as in analysis.json.
struct AnalysisResult {
  ModalityRanking ranking;                        // `early` is what the criterion compares
  std::vector<UnimodalCurve> curves;              // per modality; empty for criterion manual, which trains nothing
  double subset = 1;                              // fraction of train that was analyzed
  std::string metric = "accuracy";                // name of the metric by which modalities are compared
  std::string criterion, end_mode, evaluated_on;  // as AnalysisOptions; evaluation data: "val" or "10 % of train"
  int64_t n_train = 0, n_eval = 0, epochs = 0, early_points = 0;  // samples, epochs trained, epochs that count as early
  double performance_margin = 0, optimization_margin = 0;         // leader minus runner-up; 0 for one modality
  std::optional<int64_t> crossing_epoch;  // first 0-based epoch in which the modalities are ordered as at the end
  std::map<std::string, std::string> other_criteria;  // criterion -> its optimization-dominant modality, where computed
  std::string settings;                               // analysis_settings() and a hash of the data
  StopEvidence stop;                                  // whether and why it ended early
};

// Ranks modalities by their curves of `metric`, by criterion unimodal_early. The performance-dominant modality is that
// with the best end (`options.end_mode`), the optimization-dominant one that with the best beginning; of equals that
// with the lower final loss, then the first. A choice is ambiguous where the two best are closer than twice the
// leader's standard error, or equal where there is none; at the beginning also where there are fewer than two epochs.
// `names`, `scores` and `final_loss`: per modality; curves have one length, at least 1. `n_eval`: samples of the
// evaluation. `options.epochs`: of the whole training, where curves were stopped early; it sets the number of early
// epochs. Error{usage} where sizes do not fit.
AnalysisResult rank_modalities(const std::vector<std::string>& names, const std::vector<std::vector<double>>& scores,
                               const std::vector<double>& final_loss, int64_t n_eval, const AnalysisOptions& options,
                               const std::string& metric = "accuracy");

// Trains the modalities and ranks them; `options.subset` must be one fraction. Modalities are trained side by side on
// the same batches, with the same results as one by one. They are scored on `data.val`, or on a stratified tenth of
// train where there is none; never on test. `directory` keeps checkpoints of unfinished trainings, so that an analysis
// that was killed goes on, and afterwards unimodal/<m>.safetensors and .json; empty: nothing is written. Error{usage},
// {data}, {interrupted}.
AnalysisResult analyze(const TrainingData& data, const ModelOptions& model, const TrainOptions& train,
                       const AnalysisOptions& options, const std::filesystem::path& directory);

// What an analysis depends on besides the data and the seed, as text: encoders, initial weights, epochs, batch size,
// optimizer.
std::string analysis_settings(const std::vector<ModalityInfo>& modalities, const ModelOptions& model,
                              const TrainOptions& train, const AnalysisOptions& options);

// The ranking with modalities in the order of `names`. Error{data}, whose message begins with `where`, unless the
// analysis ranks exactly these modalities.
ModalityRanking ranking_for(const AnalysisResult& result, const std::vector<std::string>& names,
                            const std::string& where);

// Writes a result as analysis.json (docs/run-directory.md), replacing the file as a whole. Error{io}.
void write_analysis(const AnalysisResult& result, const std::filesystem::path& path);
AnalysisResult read_analysis(const std::filesystem::path& path);  // Error{data} naming the file and the field
std::string analysis_table(const AnalysisResult& result);  // scores and roles as a table for people, of many lines

}  // namespace pdmp

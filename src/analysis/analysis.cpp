#include "pdmp/analysis.h"

#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "analysis/analysis_data.h"
#include "analysis/probe.h"
#include "analysis/rank.h"
#include "analysis/stop_rule.h"
#include "analysis/unimodal.h"
#include "base/files/file.h"
#include "base/files/temporary_files.h"
#include "base/log.h"
#include "data/loader/modality_names.h"
#include "metrics/metric.h"
#include "pdmp/error.h"
#include "train/files/layout.h"
#include "train/training_turn.h"

namespace pdmp {
namespace {

void check_options(const AnalysisOptions& options, bool manual) {
  if (options.subset.size() != 1) {
    throw Error(ErrorKind::usage, fmt::format("subset: expected one fraction for one analysis, found {} ({})",
                                              options.subset.size(), fmt::join(options.subset, ",")));
  }
  const bool named = !options.performance_dominant.empty() || !options.optimization_dominant.empty();
  if (named && !manual) {
    throw Error(ErrorKind::usage,
                fmt::format("performance-dominant and optimization-dominant belong to criterion manual, "
                            "found criterion {}; add `criterion` manual or leave them out",
                            options.criterion));
  }
}

int64_t position(const std::vector<std::string>& names, const std::string& name, const char* option) {
  if (name.empty()) {
    throw Error(ErrorKind::usage,
                fmt::format("criterion manual: `{}` is missing; name one of {}", option, fmt::join(names, ", ")));
  }
  for (size_t m = 0; m < names.size(); ++m) {
    if (names[m] == name) return static_cast<int64_t>(m);
  }
  throw Error(ErrorKind::usage, fmt::format("`{}`: unknown modality '{}'{}", option, name, suggestion(name, names)));
}

AnalysisResult manual_result(const std::vector<std::string>& names, const AnalysisOptions& options) {
  AnalysisResult result;
  result.ranking.modalities = names;
  result.ranking.performance_dominant = position(names, options.performance_dominant, "performance-dominant");
  result.ranking.optimization_dominant = position(names, options.optimization_dominant, "optimization-dominant");
  result.ranking.early.assign(names.size(), std::nan(""));
  result.ranking.final.assign(names.size(), std::nan(""));
  result.criterion = options.criterion;
  result.end_mode = options.end_mode;
  return result;
}

AnalysisResult rank_trainings(const std::vector<std::string>& names,
                              const std::vector<analysis::UnimodalTraining>& trained, const AnalysisOptions& planned,
                              int64_t n_eval, const TrainOptions& train) {
  std::vector<std::vector<double>> scores;
  std::vector<double> loss;
  std::vector<metrics::Hits> correct;
  for (const analysis::UnimodalTraining& alone : trained) {
    scores.push_back(alone.score);
    loss.push_back(alone.final_loss);
    correct.push_back(alone.correct);
  }
  AnalysisResult result = rank_modalities(names, scores, loss, n_eval, planned, train.select_metric);
  result.stop = analysis::not_stopped(planned.stop, planned.epochs);
  if (planned.stop == "never") return result;
  if (const auto evidence = analysis::settled(names, correct, planned.epochs, planned.end_mode, train.seed))
    result.stop = *evidence;
  return result;
}

void warn_where_criteria_disagree(const AnalysisResult& result) {
  const std::string& found = result.ranking.modalities[static_cast<size_t>(result.ranking.optimization_dominant)];
  for (const auto& [criterion, modality] : result.other_criteria) {
    if (modality == found) continue;
    log_warning(fmt::format("modality analysis: by {} {} leads at first, by {} {}; the first is used", result.criterion,
                            found, criterion, modality));
  }
}

}  // namespace

AnalysisResult analyze(const TrainingData& data, const ModelOptions& model, const TrainOptions& train,
                       const AnalysisOptions& options, const std::filesystem::path& directory) {
  const training::TrainingTurn turn;
  const analysis::EarlyCriterion& criterion = analysis::find_early_criterion(options.criterion);
  const std::vector<std::string> names = data::modality_names(data.train->modalities());
  check_options(options, criterion.figures == nullptr);
  if (criterion.figures == nullptr) return manual_result(names, options);

  const analysis::AnalysisData chosen =
      analysis::analysis_data(data, options.subset.front(), static_cast<uint64_t>(train.seed));
  TrainOptions settings = train;
  if (options.epochs > 0) settings.epochs = options.epochs;
  const std::string described =
      analysis_settings(data.train->modalities(), model, train, options) + analysis::data_clause(data);
  const std::string key =
      fmt::format("{}; seed {}; subset {}; {} samples, scored on {} of {}", described, train.seed, chosen.subset,
                  chosen.splits.train->size(), chosen.splits.val->size(), chosen.evaluated_on);
  const std::filesystem::path work = directory.empty() ? directory : directory / training::run_layout::kUnimodal;
  if (!work.empty()) {
    make_directories(work);
    for (const std::filesystem::path& folder : {directory, work}) remove_temporaries(folder, /*locked=*/false);
  }

  AnalysisOptions planned = options;
  planned.epochs = settings.epochs;
  if (!find_metric(settings.select_metric).is_share_of_samples) planned.stop = "never";
  AnalysisResult result =
      rank_trainings(names, analysis::train_unimodal(chosen, names, model, settings, planned, work, key), planned,
                     chosen.splits.val->size(), settings);
  if (criterion.needs_probe) {
    analysis::EarlyEvidence evidence;
    evidence.unimodal = result.ranking.early;
    const std::string joint_key = fmt::format("{}; fusion {}; unimodal {}; modality-dropout {}", key, model.fusion,
                                              model.unimodal, train.modality_dropout);
    analysis::run_probe(evidence, chosen, model, settings, result.early_points, directory, joint_key);
    analysis::apply_criterion(result, criterion, evidence);
    warn_where_criteria_disagree(result);
  }
  result.subset = chosen.subset;
  result.evaluated_on = chosen.evaluated_on;
  result.n_train = chosen.splits.train->size();
  result.settings = described;
  return result;
}

ModalityRanking ranking_for(const AnalysisResult& result, const std::vector<std::string>& names,
                            const std::string& where) {
  const ModalityRanking& found = result.ranking;
  std::vector<int64_t> place(found.modalities.size(), -1);  // of an analysed modality in `names`
  ModalityRanking ranking;
  ranking.modalities = names;
  ranking.ambiguous = found.ambiguous;
  for (size_t m = 0; m < names.size(); ++m) {
    for (size_t i = 0; i < found.modalities.size(); ++i) {
      if (found.modalities[i] != names[m]) continue;
      place[i] = static_cast<int64_t>(m);
      ranking.early.push_back(found.early[i]);
      ranking.final.push_back(found.final[i]);
    }
  }
  if (ranking.early.size() != names.size() || found.modalities.size() != names.size()) {
    throw Error(ErrorKind::data,
                fmt::format("{}: expected a ranking of {}, found one of {}; run `pdmp analyze` with the "
                            "modalities of this run",
                            where, fmt::join(names, ", "), fmt::join(found.modalities, ", ")));
  }
  ranking.performance_dominant = place[static_cast<size_t>(found.performance_dominant)];
  ranking.optimization_dominant = place[static_cast<size_t>(found.optimization_dominant)];
  return ranking;
}

}  // namespace pdmp

#include "analysis/rank.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <numeric>

#include "base/table.h"
#include "metrics/metric.h"
#include "pdmp/error.h"

namespace pdmp {
namespace {

double mean_of_last_tenth(const std::vector<double>& curve) {
  const auto points = static_cast<std::ptrdiff_t>((curve.size() + 9) / 10);
  return std::accumulate(curve.end() - points, curve.end(), 0.0) / static_cast<double>(points);
}

double last_point(const std::vector<double>& curve) { return curve.back(); }

double best_point(const std::vector<double>& curve) { return *std::max_element(curve.begin(), curve.end()); }

// Positions of `figures` from the largest to the smallest.
std::vector<size_t> order_of(const std::vector<double>& figures) {
  std::vector<size_t> order(figures.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return figures[a] > figures[b]; });
  return order;
}

std::vector<double> merits(const std::vector<double>& scores, const Metric& metric) {
  std::vector<double> result;
  for (const double score : scores) result.push_back(metric.merit(score));
  return result;
}

// Samples behind a standard error; 0 where there is none.
int64_t samples_behind(const Metric& metric, int64_t n_eval) { return metric.is_share_of_samples ? n_eval : 0; }

std::optional<int64_t> crossing(const std::vector<std::vector<double>>& scores, const std::vector<double>& final,
                                const Metric& metric) {
  const std::vector<size_t> wanted = order_of(merits(final, metric));
  for (size_t epoch = 0; epoch < scores.front().size(); ++epoch) {
    std::vector<double> now;
    for (const std::vector<double>& curve : scores) now.push_back(metric.merit(curve[epoch]));
    if (order_of(now) == wanted) return static_cast<int64_t>(epoch);
  }
  return std::nullopt;
}

void check_curves(const std::vector<std::string>& names, const std::vector<std::vector<double>>& accuracy,
                  const std::vector<double>& final_loss) {
  bool fits = !names.empty() && accuracy.size() == names.size() && final_loss.size() == names.size();
  for (const std::vector<double>& curve : accuracy) {
    fits = fits && !curve.empty() && curve.size() == accuracy.front().size();
  }
  if (fits) return;
  throw Error(ErrorKind::usage,
              fmt::format("rank_modalities: expected one curve of equal length and one final loss for "
                          "each of {} modalities, found {} curves and {} losses",
                          names.size(), accuracy.size(), final_loss.size()));
}

UnimodalCurve describe_curve(const std::vector<double>& scores, double final_loss, int64_t points, int64_t n,
                             const std::string& end_mode, const Metric& metric) {
  UnimodalCurve curve;
  curve.score = scores;
  curve.final_score = metric.merit(analysis::aggregate_end(merits(scores, metric), end_mode));
  curve.final_se = analysis::standard_error(curve.final_score, n);
  curve.final_loss = final_loss;
  curve.early = analysis::mean_of_first(scores, points);
  curve.early_se = analysis::standard_error(curve.early, n);
  return curve;
}

}  // namespace

const std::vector<analysis::EndMode>& analysis::end_mode_table() {
  static const std::vector<analysis::EndMode> table = {
      {"mean_last", mean_of_last_tenth}, {"last", last_point}, {"best", best_point}};
  return table;
}

double analysis::aggregate_end(const std::vector<double>& curve, const std::string& mode) {
  return get_row(analysis::end_mode_table(), mode, "unknown end mode").aggregate(curve);
}

const std::vector<analysis::EarlyCriterion>& analysis::early_criterion_table() {
  static const std::vector<analysis::EarlyCriterion> table = {
      {"unimodal_early", &analysis::EarlyEvidence::unimodal, false, true},
      {"multimodal_branch", &analysis::EarlyEvidence::branch, true, true},
      {"dependency", &analysis::EarlyEvidence::dependency, true, false},
      {"manual", nullptr, false, false},
  };
  return table;
}

const analysis::EarlyCriterion& analysis::find_early_criterion(const std::string& name) {
  return get_row(analysis::early_criterion_table(), name, "unknown criterion");
}

double analysis::standard_error(double accuracy, int64_t n) {
  if (n <= 0) return 0;
  return std::sqrt(std::max(0.0, accuracy * (1 - accuracy)) / static_cast<double>(n));
}

int64_t analysis::early_points(int64_t epochs) {
  return std::min(epochs, std::max<int64_t>(2, std::llround(0.05 * static_cast<double>(epochs))));
}

double analysis::mean_of_first(const std::vector<double>& curve, int64_t points) {
  return std::accumulate(curve.begin(), curve.begin() + points, 0.0) / static_cast<double>(points);
}

analysis::Leader analysis::find_leader(const std::vector<double>& figures, const std::vector<double>& final_loss,
                                       int64_t n) {
  size_t best = 0;
  for (size_t m = 1; m < figures.size(); ++m) {
    const bool tie = figures[m] == figures[best];
    if (figures[m] > figures[best] || (tie && final_loss[m] < final_loss[best])) best = m;
  }
  analysis::Leader leader{.index = static_cast<int64_t>(best)};
  if (figures.size() < 2) return leader;
  double second = -std::numeric_limits<double>::infinity();
  for (size_t m = 0; m < figures.size(); ++m) {
    if (m != best) second = std::max(second, figures[m]);
  }
  leader.margin = figures[best] - second;
  leader.ambiguous = leader.margin == 0 || leader.margin < 2 * analysis::standard_error(figures[best], n);
  return leader;
}

std::string analysis::ambiguity(bool performance, bool optimization) {
  if (performance && optimization) return "performance, optimization";
  return performance ? "performance" : optimization ? "optimization" : "";
}

AnalysisResult rank_modalities(const std::vector<std::string>& names, const std::vector<std::vector<double>>& scores,
                               const std::vector<double>& final_loss, int64_t n_eval, const AnalysisOptions& options,
                               const std::string& metric_name) {
  check_curves(names, scores, final_loss);
  const Metric& metric = find_metric(metric_name);
  const int64_t n = samples_behind(metric, n_eval);
  AnalysisResult result;
  result.metric = metric_name;
  result.epochs = static_cast<int64_t>(scores.front().size());
  result.early_points = std::min(result.epochs, analysis::early_points(std::max(result.epochs, options.epochs)));
  result.n_eval = n_eval;
  result.end_mode = options.end_mode;
  result.criterion = analysis::early_criterion_table().front().name;
  result.ranking.modalities = names;
  for (size_t m = 0; m < names.size(); ++m) {
    result.curves.push_back(describe_curve(scores[m], final_loss[m], result.early_points, n, options.end_mode, metric));
    result.ranking.final.push_back(result.curves[m].final_score);
    result.ranking.early.push_back(result.curves[m].early);
  }
  const analysis::Leader best = analysis::find_leader(merits(result.ranking.final, metric), final_loss, n);
  const analysis::Leader first = analysis::find_leader(merits(result.ranking.early, metric), final_loss, n);
  result.ranking.performance_dominant = best.index;
  result.ranking.optimization_dominant = first.index;
  result.performance_margin = best.margin;
  result.optimization_margin = first.margin;
  const bool too_short = names.size() > 1 && result.epochs < 2;
  result.ranking.ambiguous = analysis::ambiguity(best.ambiguous, first.ambiguous || too_short);
  result.crossing_epoch = crossing(scores, result.ranking.final, metric);
  return result;
}

namespace {

// The figures of one criterion are of the metric, those of the others are largest where a modality leads.
analysis::Leader leader_by(const analysis::EarlyCriterion& row, const std::vector<double>& figures,
                           const std::vector<double>& final_loss, const AnalysisResult& result) {
  if (row.figures != &analysis::EarlyEvidence::unimodal) {
    return analysis::find_leader(figures, final_loss, row.is_accuracy ? result.n_eval : 0);
  }
  const Metric& metric = find_metric(result.metric);
  return analysis::find_leader(merits(figures, metric), final_loss, samples_behind(metric, result.n_eval));
}

}  // namespace

void analysis::apply_criterion(AnalysisResult& result, const analysis::EarlyCriterion& criterion,
                               const analysis::EarlyEvidence& evidence) {
  std::vector<double> final_loss;
  for (const UnimodalCurve& curve : result.curves) final_loss.push_back(curve.final_loss);
  const bool performance = result.ranking.ambiguous.starts_with("performance");
  for (const analysis::EarlyCriterion& row : analysis::early_criterion_table()) {
    if (row.figures == nullptr || (evidence.*row.figures).empty()) continue;
    const std::vector<double>& figures = evidence.*row.figures;
    const analysis::Leader leader = leader_by(row, figures, final_loss, result);
    if (&row != &criterion) {
      result.other_criteria[row.name] = result.ranking.modalities[static_cast<size_t>(leader.index)];
      continue;
    }
    result.criterion = row.name;
    result.ranking.early = figures;
    result.ranking.optimization_dominant = leader.index;
    result.optimization_margin = leader.margin;
    const bool too_short = row.figures == &analysis::EarlyEvidence::unimodal && figures.size() > 1 && result.epochs < 2;
    result.ranking.ambiguous = analysis::ambiguity(performance, leader.ambiguous || too_short);
  }
}

}  // namespace pdmp

#include <algorithm>
#include <fmt/format.h>

#include "metrics/metric.h"
#include "pdmp/analysis.h"

namespace pdmp {
namespace {

std::string role(const ModalityRanking& ranking, size_t m) {
  const bool best = static_cast<size_t>(ranking.performance_dominant) == m;
  const bool first = static_cast<size_t>(ranking.optimization_dominant) == m;
  if (best && first) return "best on its own, leads at first";
  return best ? "best on its own" : first ? "leads at first" : "";
}

// What the method does with the ranking, in one sentence (Eq. 12).
std::string consequence(const ModalityRanking& ranking) {
  const std::string& best = ranking.modalities[static_cast<size_t>(ranking.performance_dominant)];
  const std::string& first = ranking.modalities[static_cast<size_t>(ranking.optimization_dominant)];
  const size_t count = ranking.modalities.size();
  if (count == 1) return fmt::format("There is only {}: PDMP is plain joint training.", best);
  if (best == first) {
    return fmt::format("PDMP: {} is best and leads already, so every encoder's gradients are multiplied by gamma.",
                       best);
  }
  return fmt::format(
      "PDMP: {} learns faster but {} is better in the end, so the gradients of {}'s encoder are multiplied "
      "by gamma and those of the other encoder{} by 1/gamma.",
      first, best, best, count > 2 ? "s" : "");
}

std::string provenance(const AnalysisResult& result) {
  if (result.curves.empty()) return "Named by hand, nothing was trained.";
  const bool stopped = result.stop.stopped_after.has_value();
  std::string text =
      fmt::format("{} epochs on {} samples, {} on {} of {}; early = mean of the first {}.",
                  stopped ? fmt::format("{} of {}", result.epochs, result.stop.of) : fmt::format("{}", result.epochs),
                  result.n_train, result.metric, result.n_eval, result.evaluated_on, result.early_points);
  if (stopped) text += " Stopped as more would not change who is best.";
  if (result.criterion != "unimodal_early")
    text += fmt::format(" Who leads at first was found by {}.", result.criterion);
  return text;
}

std::string score_text(double score, double error, bool has_error) {
  return has_error ? fmt::format("{:.3f} ± {:.3f}", score, error) : fmt::format("{:.3f}", score);
}

}  // namespace

std::string analysis_table(const AnalysisResult& result) {
  const ModalityRanking& ranking = result.ranking;
  size_t width = std::string("modality").size();
  for (const std::string& name : ranking.modalities) width = std::max(width, name.size());
  const bool has_error = find_metric(result.metric).is_share_of_samples;
  std::string text = fmt::format("{:<{}}  {:<13}  {:<13}  {}\n", "modality", width, "early", "final", "role");
  for (size_t m = 0; m < ranking.modalities.size(); ++m) {
    std::string early = "-", final = "-";
    if (!result.curves.empty()) {
      const UnimodalCurve& curve = result.curves[m];
      early = score_text(curve.early, curve.early_se, has_error);
      final = score_text(curve.final_score, curve.final_se, has_error);
    }
    std::string line =
        fmt::format("{:<{}}  {:<13}  {:<13}  {}", ranking.modalities[m], width, early, final, role(ranking, m));
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  text += consequence(ranking) + "\n";
  if (!ranking.ambiguous.empty()) {
    text += fmt::format(
        "Ambiguous ({}): the two best are {}; more samples to score on, more "
        "epochs or another seed would tell.\n",
        ranking.ambiguous, has_error ? "within two standard errors" : "too close to tell apart");
  }
  return text + provenance(result) + "\n";
}

}  // namespace pdmp

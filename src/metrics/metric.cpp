#include "metrics/metric.h"

#include <cmath>
#include <fmt/format.h>

namespace pdmp::metrics {

bool is_accuracy(const Metric& metric) { return &metric == &metric_table().front(); }

std::vector<const Metric*> shown_metrics(const Scores& scores, MetricPlace least) {
  std::vector<const Metric*> shown;
  for (const Metric& metric : metric_table()) {
    if (metric.place <= least && scores.contains(metric.name)) shown.push_back(&metric);
  }
  return shown;
}

std::string score_text(double score) { return std::isnan(score) ? "-" : fmt::format("{:.4f}", score); }

Scoring::Scoring(const ScoredSet& set) : counts_(set.classes) {
  for (const Metric& metric : metric_table()) {
    if (!metric.of_attacks || set.live >= 0) states_.emplace_back(&metric, metric.make(set));
  }
}

void Scoring::add(const ScoredBatch& batch) {
  counts_.add(batch.labels, batch.predictions);
  for (auto& [metric, state] : states_) state->add(batch);
}

Scores Scoring::scores() const {
  Scores scores;
  for (const auto& [metric, state] : states_) scores[metric->name] = state->value(counts_);
  return scores;
}

}  // namespace pdmp::metrics

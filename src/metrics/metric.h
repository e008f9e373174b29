// Metrics at work: all that apply, on one set of samples.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "metrics/classification.h"
#include "pdmp/metric.h"

namespace pdmp::metrics {

bool is_accuracy(const Metric& metric);  // what tables and notes take for granted

using Scores = std::map<std::string, double>;  // by the metric's name

// Rows of the table, in its order, that `scores` has and that are shown at `least` or before it.
std::vector<const Metric*> shown_metrics(const Scores& scores, MetricPlace least);
std::string score_text(double score);  // "0.8125"; "-" where it is undefined

// All metrics that apply to one set of samples.
class Scoring {
 public:
  explicit Scoring(const ScoredSet& set);
  void add(const ScoredBatch& batch);
  Scores scores() const;

 private:
  ClassCounts counts_;
  std::vector<std::pair<const Metric*, std::unique_ptr<MetricState>>> states_;
};

}  // namespace pdmp::metrics

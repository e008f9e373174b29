// A metric: a score of predictions that come batch by batch. One row of metric_table() each.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "metrics/classification.h"

namespace pdmp::metrics {

// The samples that are scored, as far as known before the first batch.
struct ScoredSet {
  int64_t samples = 0, classes = 0;
  int64_t live = -1;  // attack detection: position of the class that is no attack; -1 = there is none
};

struct ScoredBatch {
  Tensor labels, predictions;  // (B) int64, on the CPU
  Tensor probabilities;        // (B, C) float32, on the CPU
  double loss = 0;             // sum of the samples' cross-entropies
};

// A metric at work on one set of samples.
class MetricState {
 public:
  MetricState() = default;
  virtual ~MetricState() = default;
  MetricState(const MetricState&) = delete;
  MetricState& operator=(const MetricState&) = delete;

  virtual void add(const ScoredBatch&) {}
  // `counts`: of all batches so far. NaN where the metric is undefined for these samples.
  virtual double value(const ClassCounts& counts) const = 0;
};

using MakeMetric = std::unique_ptr<MetricState>(const ScoredSet& set);

// Where a metric is shown. Files for programs have all of them.
enum class MetricPlace {
  headline,  // in every report
  details,   // where there is room: `evaluate`, the second table of a comparison
  values     // in files for programs alone
};

struct Metric {
  const char* name;     // in options, JSON and CSV
  const char* heading;  // in tables and sentences
  const char* summary;  // one line, for `pdmp list metrics`
  MakeMetric* make;
  MetricPlace place = MetricPlace::details;
  bool higher_is_better = true;
  bool is_share_of_samples = false;  // has a binomial standard error
  bool of_attacks = false;           // only for data sets that name a live class

  double merit(double score) const { return higher_is_better ? score : -score; }  // larger is better
};
const std::vector<Metric>& metric_table();           // the only list; accuracy is the first
const Metric& find_metric(const std::string& name);  // Error{usage} with the nearest spelling
bool is_accuracy(const Metric& metric);              // what tables and notes take for granted

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

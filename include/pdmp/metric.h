// Metrics: scores of predictions that arrive batch by batch. Each metric is a row of metric_table().
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "pdmp/registry.h"
#include "pdmp/tensor.h"

namespace pdmp {

// What metrics need of a confusion matrix: its diagonal and the sums of its rows and columns. The matrix of C classes
// has C * C numbers, which is 800 MB for 10,000 classes.
struct ClassCounts {
  Tensor hits, labels, predictions;  // (C) int64 on the CPU: samples of each class found, there, and predicted

  explicit ClassCounts(int64_t classes);                                          // of no samples
  ClassCounts(const Tensor& labels, const Tensor& predictions, int64_t classes);  // (N) int64 in [0, classes)
  // Of a confusion matrix (C, C) int64, whose rows are the true classes.
  ClassCounts(const Tensor& confusion);  // NOLINT(google-explicit-constructor): the matrix says all of it
  // Counts more samples: (N) integers in [0, C). Error{data} where shapes differ or a value is out of range.
  void add(const Tensor& more_labels, const Tensor& more_predictions);
};

// The samples to be scored, as far as they are known before the first batch.
struct ScoredSet {
  int64_t samples = 0, classes = 0;  // how many
  int64_t live = -1;                 // attack detection: class of non-attacks, as Dataset::live_class(); -1: none
};

// One batch of scored samples.
struct ScoredBatch {
  Tensor labels, predictions;  // (B) int64, on the CPU
  Tensor probabilities;        // (B, C) float32, on the CPU; rows sum to 1
  double loss = 0;             // sum of the cross-entropies of the samples
};

// The calculation of one metric on one set of samples. It is used from one thread.
class MetricState {
 public:
  MetricState() = default;
  virtual ~MetricState() = default;
  MetricState(const MetricState&) = delete;
  MetricState& operator=(const MetricState&) = delete;

  virtual void add(const ScoredBatch&) {}  // takes each batch once; not needed where class counts suffice
  // The score of all batches so far, whose counts are `counts`. NaN where the metric is undefined for these samples.
  virtual double value(const ClassCounts& counts) const = 0;
};

// Starts the calculation of a metric.
using MakeMetric = std::unique_ptr<MetricState>(const ScoredSet& set);

// Where a metric is shown. Files for programs contain all metrics.
enum class MetricPlace {
  headline,  // in every report
  details,   // where there is room: `evaluate`, the second table of a comparison
  values     // in files for programs only
};

// One row of the table of metrics. The texts must live as long as the process, as string literals do.
struct Metric {
  const char* name;                          // in options, JSON and CSV; lower-case letters, digits and '_'
  const char* heading;                       // in tables and sentences
  const char* summary;                       // one line, for `pdmp list metrics`
  MakeMetric* make;                          // called once for each set of samples
  MetricPlace place = MetricPlace::details;  // where it is shown
  bool higher_is_better = true;              // direction for selection and ranks
  bool is_share_of_samples = false;          // whether the score has a binomial standard error
  bool of_attacks = false;                   // only for data sets with a live class

  double merit(double score) const { return higher_is_better ? score : -score; }  // larger is better
};
const Registry<Metric>& metric_table();              // pdmp's, accuracy first, then registered ones
const Metric& find_metric(const std::string& name);  // Error{usage} with the nearest spelling
// Adds a metric, which then is in every report and file and can be selected by (--select-metric). Call it before any
// other function of pdmp, from one thread: in main. Error{usage} where the name is taken or not valid.
void register_metric(Metric row);

}  // namespace pdmp

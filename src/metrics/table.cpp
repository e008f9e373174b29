#include "base/table.h"

#include "metrics/counted.h"
#include "metrics/metric.h"

namespace pdmp::metrics {

MakeMetric auroc_metric, balanced_accuracy_metric, brier_score_metric, calibration_error_metric, cross_entropy_metric;

namespace {

std::vector<Metric> metrics_of_all_data() {
  return {
      {.name = "accuracy",
       .heading = "accuracy",
       .summary = "Share of the samples whose class is found.",
       .make = counted<accuracy>,
       .place = MetricPlace::headline,
       .is_share_of_samples = true},
      {.name = "balanced_accuracy",
       .heading = "balanced accuracy",
       .summary = "Mean over the classes that occur of the share of their samples that is found.",
       .make = balanced_accuracy_metric},
      {.name = "macro_f1",
       .heading = "macro-F1",
       .summary = "Mean F1 of the classes that occur in truth or prediction.",
       .make = counted<macro_f1>,
       .place = MetricPlace::headline},
      {.name = "macro_f1_all_classes",
       .heading = "macro-F1 of all classes",
       .summary = "Mean F1 of all classes; one that never occurs counts as 0.",
       .make = counted<macro_f1_all_classes>,
       .place = MetricPlace::values},
      {.name = "loss",
       .heading = "loss",
       .summary = "Mean cross-entropy of the samples, without class weights or smoothing.",
       .make = cross_entropy_metric,
       .place = MetricPlace::values,
       .higher_is_better = false},
      {.name = "auroc",
       .heading = "AUROC",
       .summary = "Area under the ROC curve of each class against all others, mean; undefined where a class is absent.",
       .make = auroc_metric},
      {.name = "brier_score",
       .heading = "Brier",
       .summary = "Mean squared error of the probabilities, summed over the classes (Brier 1950), from 0 to 2.",
       .make = brier_score_metric,
       .higher_is_better = false},
      {.name = "calibration_error",
       .heading = "ECE",
       .summary = "Expected calibration error, 15 bins of the highest probability.",
       .make = calibration_error_metric,
       .higher_is_better = false},
  };
}

std::vector<Metric> metrics_of_attacks() {
  return {
      {.name = "acer",
       .heading = "ACER",
       .summary = "Mean of apcer and bpcer; these three where dataset.json names its live_class.",
       .make = counted<acer>,
       .place = MetricPlace::headline,
       .higher_is_better = false,
       .of_attacks = true},
      {.name = "apcer",
       .heading = "APCER",
       .summary = "Share of the attacks (every other class) that are called live.",
       .make = counted<apcer>,
       .higher_is_better = false,
       .of_attacks = true},
      {.name = "bpcer",
       .heading = "BPCER",
       .summary = "Share of the live samples that are called attacks.",
       .make = counted<bpcer>,
       .higher_is_better = false,
       .of_attacks = true},
  };
}

Registry<Metric>& rows() {
  static Registry<Metric> table = [] {
    Registry<Metric> all;
    for (const Metric& row : metrics_of_all_data()) all.push_back(row);
    for (const Metric& row : metrics_of_attacks()) all.push_back(row);
    return all;
  }();
  return table;
}

}  // namespace
}  // namespace pdmp::metrics

namespace pdmp {

const Registry<Metric>& metric_table() { return metrics::rows(); }

void register_metric(Metric row) { add_row(metrics::rows(), row, "metric"); }

const Metric& find_metric(const std::string& name) { return get_row(metric_table(), name, "unknown metric"); }

}  // namespace pdmp

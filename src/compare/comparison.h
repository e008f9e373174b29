// How a comparison is completed from its runs, and written.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "metrics/metric.h"
#include "metrics/statistics.h"
#include "pdmp/compare.h"

namespace pdmp::comparing {

// Metrics that some row has, in the order of their table, that are shown at `least` or before it.
std::vector<const Metric*> shown_metrics(const Comparison& comparison, MetricPlace least);

bool is_unimodal(const ComparisonRow& row);  // trained on one modality, not a method on several

// Reads summary.json, metrics.jsonl, timing.jsonl and predictions.csv of every run named in `comparison.rows` (those
// with scores) and fills in the rest; the best unimodal model is chosen on validation. Error{data} where two runs
// of a seed saw other test samples, or, unless a row is in `other_batches` (by name), began with other encoder weights
// or other batches than the first of their fusion.
void complete(Comparison& comparison, const std::vector<std::string>& other_batches);

std::string test_heading(const Metric& metric);  // of its column; "test accuracy"
// Over seeds: "0.812 ± 0.010"; one seed has no deviation. "" of none, "-" where it is undefined.
std::string mean_text(const std::vector<double>& values);
nlohmann::json mean_json(const std::vector<double>& values);  // mean, sd, values; null of none

// The bodies of comparison_text, comparison_markdown and comparison_csv (pdmp/compare.h), and comparison.json.
std::string as_text(const Comparison& comparison, const TextForm& form);
std::string as_markdown(const Comparison& comparison);
std::string as_csv(const Comparison& comparison);
nlohmann::json as_json(const Comparison& comparison);

}  // namespace pdmp::comparing

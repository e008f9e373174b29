// The result of a comparison: every method over the same seeds, on the same test samples.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "metrics/metric.h"
#include "metrics/statistics.h"
#include "pdmp/run.h"

namespace pdmp::compare {

constexpr double kSignificant = 0.05;  // a corrected p-value below it counts as a difference

// One row against another on the same test samples and seeds; above 0 where the first is better.
struct Contrast {
  metrics::Difference difference;         // of test accuracy
  double p_holm = 1;                      // difference.p, corrected over the family of tests
  std::vector<metrics::McNemar> mcnemar;  // per seed
  std::vector<double> mcnemar_holm;
};

// better, worse: p_holm < kSignificant. above, below: of the means alone.
enum class Verdict { better, above, equal, below, worse };
Verdict verdict(const Contrast& contrast);

// The row trains as another row of its fusion does, only without choosing a modality that leads.
struct ControlRole {
  std::string of;                // name of that row
  std::string what;              // "every encoder × 15", "joint, learning rate × 15"
  bool of_encoders = false;      // the encoders alone, not the whole model
  std::optional<Contrast> gain;  // that row against this one; the family: the controls of that row
};

// One method with its settings on one fusion, or one unimodal model. Vectors over seeds are in the order of
// Comparison::seeds.
struct ComparisonRow {
  std::string name;     // "pdmp:gamma=5"; "picture alone"
  std::string method;   // row of the table of methods
  std::string fusion;   // as given; empty for a unimodal model
  std::string refusal;  // why the combination means nothing: an n/a cell, everything below is empty
  std::string failure;  // which of its runs failed, and why: its other runs count for nothing
  std::string tuned;    // settings that a search chose ("lr=0.004,pdmp.gamma=8"), else empty
  std::vector<std::string> modalities;
  std::vector<std::string> runs;                      // directories, one per seed
  std::map<std::string, std::vector<double>> scores;  // metric -> on test, per seed
  std::vector<double> validation_accuracy;            // per seed; empty without validation split
  std::vector<std::vector<double>> branch_accuracy;   // [modality][seed], on test, within the model
  std::vector<std::vector<double>> dependency;        // [modality][seed], shares
  std::vector<double> epoch_seconds;                  // training seconds of an epoch, mean, per seed
  std::vector<int64_t> peak_memory;                   // bytes, per seed

  std::vector<ControlRole> controls;  // what it is a control of
  bool added_control = false;         // named by nobody: it stands there for its roles
  bool no_lead = false;               // its method multiplies every encoder alike, so that no modality leads
  std::string never_acted;            // joint row that this other method's runs equal to the last digit, else empty

  // The family is the methods of its fusion; of a unimodal reference, all other rows. Nothing for the reference itself,
  // for unimodal models beside a method, and without a reference.
  std::optional<Contrast> against_reference;
  // Of methods; the family is all of them. Nothing where no unimodal model was chosen.
  std::optional<Contrast> against_unimodal;
  double relative_time = 0;  // epoch_seconds over the reference's, ratio of means; 0 = unknown
  double rank = 0;           // by mean select_metric on test among all rows; equals share their mean place; 0 = none
  bool best = false;         // of all rows
  // The interval of its difference in accuracy to a best one holds 0; true for the best. Where rows are ranked by
  // another metric, of the best alone.
  bool indistinguishable = false;

  bool has_scores() const { return refusal.empty() && failure.empty(); }
  const std::vector<double>& score(const std::string& metric) const;  // empty where there is none
  const std::vector<double>& accuracy() const { return score("accuracy"); }
};

struct Comparison {
  std::string data;                        // folder of the data set
  std::string selected_by;                 // validation | last | test (which makes the result too good)
  std::string select_metric = "accuracy";  // what rows are ranked by, and the best unimodal model is chosen by
  std::string reference;                   // name of the rows others are compared with; empty: none is there
  std::string best_unimodal;               // name of the unimodal row that methods are compared with; empty: none
  std::vector<std::string> modalities;     // of the models that see all
  std::vector<uint64_t> seeds;
  int64_t classes = 0, n_train = 0, n_test = 0;
  double majority = 0;              // test accuracy of always saying the class that is most frequent in train
  int64_t resamples = 0;            // of the bootstrap
  int64_t trials = 0;               // of the search each method got; 0: none
  std::vector<std::string> notes;   // what a reader must know
  std::vector<ComparisonRow> rows;  // unimodal models first, then fusion by fusion
};

// Metrics that some row has, in the order of their table, that are shown at `least` or before it.
std::vector<const metrics::Metric*> shown_metrics(const Comparison& comparison, metrics::MetricPlace least);

bool is_unimodal(const ComparisonRow& row);  // trained on one modality, not a method on several

// Reads summary.json, metrics.jsonl, timing.jsonl and predictions.csv of every run named in `comparison.rows` (those
// with scores) and fills in the rest; the best unimodal model is chosen on validation. Error{data} where two runs
// of a seed saw other test samples, or, unless a row is in `other_batches` (by name), began with other encoder weights
// or other batches than the first of their fusion.
void complete(Comparison& comparison, const std::vector<std::string>& other_batches);

std::string test_heading(const metrics::Metric& metric);  // of its column; "test accuracy"
// Over seeds: "0.812 ± 0.010"; one seed has no deviation. "" of none, "-" where it is undefined.
std::string mean_text(const std::vector<double>& values);
nlohmann::json mean_json(const std::vector<double>& values);  // mean, sd, values; null of none

struct TextForm {
  int64_t width = 0;     // columns, at least 60; 0: no limit
  bool explain = false;  // say what the columns mean
};

// For a terminal, for a page, for a program. Text shortens nothing: what does not fit goes to the next line or table.
std::string comparison_text(const Comparison& comparison, const TextForm& form = {});
std::string comparison_markdown(const Comparison& comparison);
std::string comparison_csv(const Comparison& comparison);  // one line per row and seed, and one per row ("all")
nlohmann::json comparison_json(const Comparison& comparison);

}  // namespace pdmp::compare

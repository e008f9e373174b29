// The result of a comparison: every method over the same seeds, on the same test samples.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "metrics/statistics.h"
#include "pdmp/run.h"

namespace pdmp {

// One method with its settings on one fusion, or one modality alone. Vectors over seeds are in the order of
// Comparison::seeds.
struct ComparisonRow {
  std::string name;     // "pdmp:gamma=5"; "picture alone"
  std::string method;   // row of the table of methods
  std::string fusion;   // as given; empty where one modality is alone
  std::string refusal;  // why the combination means nothing: an n/a cell, everything below is empty
  std::string failure;  // which of its runs failed, and why: its other runs count for nothing
  std::string tuned;    // settings that a search chose ("lr=0.004,pdmp.gamma=8"), else empty
  std::vector<std::string> modalities;
  std::vector<std::string> runs;                              // directories, one per seed
  std::vector<double> accuracy, macro_f1, calibration_error;  // on test, per seed
  std::vector<double> validation_accuracy;                    // per seed; empty without validation split
  std::vector<std::vector<double>> branch_accuracy;           // [modality][seed], on test, within the model
  std::vector<std::vector<double>> dependency;                // [modality][seed], shares
  std::vector<double> epoch_seconds;                          // training seconds of an epoch, mean, per seed
  std::vector<int64_t> peak_memory;                           // bytes, per seed

  // Against the reference of its fusion; nothing for the reference itself, for one alone, and without a reference.
  std::optional<Difference> difference;
  double p_holm = 1;             // difference->p, corrected over the methods of the fusion
  std::vector<McNemar> mcnemar;  // per seed
  std::vector<double> mcnemar_holm;
  double relative_time = 0;        // epoch_seconds over the reference's, ratio of means; 0 = unknown
  double rank = 0;                 // by mean test accuracy among the methods of its fusion; 0 = none
  bool best = false;               // of its fusion
  bool indistinguishable = false;  // the interval of its difference to the best one holds 0; true for the best

  bool has_scores() const { return refusal.empty() && failure.empty(); }
};

struct Comparison {
  std::string data;                     // folder of the data set
  std::string selected_by;              // validation | last | test (which makes the result too good)
  std::string reference;                // name of the rows others are compared with; empty: none is there
  std::vector<std::string> modalities;  // of the models that see all
  std::vector<uint64_t> seeds;
  int64_t classes = 0, n_train = 0, n_test = 0;
  double majority = 0;              // test accuracy of always saying the class that is most frequent in train
  int64_t resamples = 0;            // of the bootstrap
  int64_t trials = 0;               // of the search each method got; 0: none
  std::vector<std::string> notes;   // what a reader must know
  std::vector<ComparisonRow> rows;  // modalities alone first, then fusion by fusion
};

// Reads summary.json, timing.jsonl and predictions.csv of every run named in `comparison.rows` (those with scores)
// and fills in the rest. Error{data} where two runs of a seed saw other test samples, or, unless a row is in
// `other_batches` (by name), began with other encoder weights or other batches than the first of their fusion.
void complete(Comparison& comparison, const std::vector<std::string>& other_batches);

// For a terminal, for a page, for a program.
std::string comparison_text(const Comparison& comparison);
std::string comparison_markdown(const Comparison& comparison);
std::string comparison_csv(const Comparison& comparison);  // one line per row and seed, and one per row ("all")
nlohmann::json comparison_json(const Comparison& comparison);

}  // namespace pdmp

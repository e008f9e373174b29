// `pdmp compare` as one call: trains many methods over seeds and fusions on one data set, with the same splits, batches
// and initial weights, and each modality alone.
//
//   pdmp::Comparison result = pdmp::compare({.methods = {"joint", "ogm_ge", "pdmp:gamma=5"}, .out = "comparison",
//                                            .run = {.data = "mydata"}});
//   std::puts(pdmp::comparison_text(result).c_str());
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "pdmp/run.h"
#include "pdmp/statistics.h"

namespace pdmp {

constexpr double kSignificant = 0.05;  // a corrected p-value below it counts as a difference

// A row tested against another one, on the same test samples and seeds. Differences are above 0 where the first is
// better.
struct Contrast {
  Difference difference;             // of test accuracy
  double p_holm = 1;                 // difference.p, corrected over a family of tests by Holm's method
  std::vector<McNemar> mcnemar;      // per seed; `only_other`: samples that only the first row gets right
  std::vector<double> mcnemar_holm;  // per seed: their p, corrected likewise
};

// The first row of a contrast compared with the second.
enum class Verdict {
  better,  // higher mean, p_holm below kSignificant
  above,   // higher mean, not significant
  equal,   // equal means
  below,   // lower mean, not significant
  worse    // lower mean, p_holm below kSignificant
};

// The role of a control: a row that trains as another row of its fusion does, but without a modality that leads.
struct ControlRole {
  std::string of;                // name of that other row
  std::string what;              // in words: "every encoder × 15", "joint, learning rate × 15"
  bool of_encoders = false;      // whether the factor is on the encoders only, not on the whole model
  std::optional<Contrast> gain;  // the other row against this one; the family is the controls of the other row
};

// One method with its settings on one fusion, or one unimodal model. Values per seed are in the order of
// Comparison::seeds.
struct ComparisonRow {
  std::string name;                                   // "pdmp:gamma=5"; "picture alone"
  std::string method;                                 // name, as in method_table()
  std::string fusion;                                 // as given; empty for a unimodal model
  std::string refusal;                                // why the combination is not applicable; then there are no runs
  std::string failure;                                // which run failed, and why; then the other runs are not used
  std::string tuned;                                  // settings found by a search: "lr=0.004,pdmp.gamma=8"; or empty
  std::vector<std::string> modalities;                // of the model
  std::vector<std::string> runs;                      // run directories, per seed
  std::map<std::string, std::vector<double>> scores;  // metric -> score on test, per seed
  std::vector<double> validation_accuracy;            // per seed; empty without validation split
  std::vector<std::vector<double>> branch_accuracy;   // [modality][seed]: of unimodal logits, on test
  std::vector<std::vector<double>> dependency;        // [modality][seed]: Evaluation::shares(), on test
  std::vector<double> epoch_seconds;                  // mean training time of an epoch in seconds, per seed
  std::vector<int64_t> peak_memory;                   // bytes, per seed

  std::vector<ControlRole> controls;  // the rows it is a control of
  bool added_control = false;         // it was not asked for, but added for its roles
  bool no_lead = false;               // its method has the same factor for all encoders, so that no modality leads
  std::string never_acted;            // name of a joint row whose results equal this method's in every digit; or empty

  // Against the reference. The family is the methods of its fusion, or all other rows where the reference is unimodal.
  // Nothing for the reference itself, for unimodal models where the reference is a method, and without a reference.
  std::optional<Contrast> against_reference;
  // Of a method, against the best unimodal model. The family is all methods. Nothing where no such model was chosen.
  std::optional<Contrast> against_unimodal;
  double relative_time = 0;  // mean epoch_seconds divided by that of the reference; 0: unknown
  double rank = 0;           // place by mean select_metric on test, from 1; equal rows share the mean place; 0: none
  bool best = false;         // whether no row has a better mean
  // Whether the 95 % interval of the difference in accuracy to a best row contains 0; true for the best. Where rows are
  // ranked by another metric, true for the best only.
  bool indistinguishable = false;

  bool has_scores() const { return refusal.empty() && failure.empty(); }     // whether all runs were scored
  const std::vector<double>& score(const std::string& metric) const;         // on test, per seed; empty: there is none
  const std::vector<double>& accuracy() const { return score("accuracy"); }  // on test, per seed
};

// The result of a comparison.
struct Comparison {
  std::string data;                        // folder of the data set
  std::string selected_by;                 // what selected epochs: validation | last | test (then scores are too good)
  std::string select_metric = "accuracy";  // metric by which rows are ranked and the best unimodal model is chosen
  std::string reference;                   // name of the rows that others are compared with; empty: none
  std::string best_unimodal;               // name of the unimodal row that methods are compared with; empty: none
  std::vector<std::string> modalities;     // of the multimodal models
  std::vector<uint64_t> seeds;             // of the trainings of each row
  int64_t classes = 0, n_train = 0, n_test = 0;  // number of classes, of samples in train and in test
  double majority = 0;                           // test accuracy of always predicting the most frequent class of train
  int64_t resamples = 0;                         // of the bootstrap
  int64_t trials = 0;                            // of the search for each method; 0: no search
  std::vector<std::string> notes;                // remarks that a reader must know, one line each
  std::vector<ComparisonRow> rows;               // unimodal models first, then fusion by fusion
};

// Options of a comparison.
struct ComparisonOptions {
  // Methods, each with settings of its own if needed: NAME[:option=value]..., "joint:lr=0.015", "pdmp:gamma=5". A value
  // with commas or colons needs brackets: "pdmp:coefficients=[audio=15,lips=15]". "all": every method.
  std::vector<std::string> methods = {"joint", "pdmp"};
  std::vector<std::string> fusions = {};  // NAME[:option=value]...; empty: that of `run`
  std::string out = "comparison";         // folder of the runs and tables; runs that it contains are used or continued
  std::string reference = {};             // row that others are compared with: as in `methods`, or "alone:<modality>";
                                          // empty: joint, if it is one of `methods`
  bool controls = true;                   // add the controls of every pdmp row (ControlRole)
  int64_t seeds = 3;                      // trainings of each method, in [1, 1000]; seeds run.train.seed, + 1, ...
  int64_t jobs = 0;                    // trainings at once with `program`, in [0, 256]; 0: as many as there are cores
                                       // and memory for
  std::filesystem::path program = {};  // file of the program pdmp, which then trains in processes of its own; empty:
                                       // trainings run in this process, one after the other
  std::vector<std::string> program_arguments = {};  // more arguments of `program`: {"--plugin", "libmine.so"}
  int64_t resamples = 10000;                        // of the bootstrap, in [100, 1000000]
  int64_t tune = 0;                                 // trials of a random search for each method first, in [0, 1000]
  double tune_lr = 4;   // the search draws learning rates from lr / tune_lr to lr * tune_lr; in [1, 1000]
  RunOptions run = {};  // of all trainings; run directory, method and `alone` are not used, an empty cache is OUT/cache
  // Called once the modalities are known, to change `run`.
  std::function<void(RunOptions& run, const std::vector<ModalityInfo>& modalities)> adapt = {};
};

// Form of comparison_text.
struct TextForm {
  int64_t width = 0;     // of the tables in columns, at least 60; 0: no limit
  bool explain = false;  // add what the columns mean
};

// Trains what is not finished and writes comparison.json, .csv and .md into `out`. A training that fails is a row with
// its reason and does not stop the others. Error{usage}, {data} where options, data and runs that exist do not fit
// together, {busy} where another process works in the folder, {interrupted} where the caller cancels: the same call
// then continues.
Comparison compare(const ComparisonOptions& options);

// Tables for a terminal. Nothing is cut: what does not fit into the width goes to another line or table.
std::string comparison_text(const Comparison& comparison, const TextForm& form = {});
std::string comparison_markdown(const Comparison& comparison);  // a page with tables, in GitHub's Markdown
std::string comparison_csv(const Comparison& comparison);  // a line for each row and seed, and one for the whole row

Verdict verdict(const Contrast& contrast);  // by difference.mean and p_holm

}  // namespace pdmp

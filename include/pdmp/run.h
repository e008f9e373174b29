// `pdmp train` as one call: reads the data, analyzes the modalities where the method needs it, trains, and scores the
// test split once.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "pdmp/analysis.h"
#include "pdmp/file_options.h"
#include "pdmp/method_options.h"
#include "pdmp/model.h"
#include "pdmp/trainer.h"

namespace pdmp {

// Which samples are used, and how they are read. Flags of the same names, with '-' for '_'.
struct DataOptions {
  DataOptions() = default;
  // The data set in this folder.
  DataOptions(std::string folder) : data(std::move(folder)) {}  // NOLINT(google-explicit-constructor): a value
  // As above.
  DataOptions(const char* folder) : data(folder) {}  // NOLINT(google-explicit-constructor)
  // Samples in memory, at least `train`.
  DataOptions(TrainingData samples) : in_memory(std::move(samples)) {}  // NOLINT(google-explicit-constructor)

  std::string data = {};                     // folder of dataset.json
  TrainingData in_memory = {};               // not a flag: samples in memory instead of a folder, at least `train`
  std::vector<std::string> modalities = {};  // names of those to use, in the order of the data set; empty: all
  std::string val = "auto";                  // validation: auto (that of the data set) | none (it joins train)
  double max_undecodable = 0.01;             // largest share of a modality's cells in a split that may fail; in [0, 1]
  std::string cache = {};  // folder of the cache of decoded samples, which changes no result; "" or "off": none
  double cache_gib = 20;   // largest size of the cache in GiB, in [0.001, 1000000]
  FileOptions files = {};  // limits for the files of the data set
  bool trains = true;      // not a flag. False: for scoring only, so train may lack a modality
  void describe(OptionList& list);
};

// Options of a run. A value: copies are independent.
struct RunOptions {
  DataOptions data = {};          // samples
  std::string run = {};           // run directory; created by train()
  MethodChoice method = {};       // training strategy and its options; joint
  ModelOptions model = {};        // encoders and fusion
  TrainOptions train = {};        // training, optimizer and loss
  AnalysisOptions analysis = {};  // modality analysis, for methods that need a ranking

  std::string analysis_file = {};  // --analysis: analysis.json to use instead of an analysis
  std::string init_from = {};      // run directory, or weights file in its checkpoints/, to take initial weights from
  NameMap alone = {};      // modality -> run directory of its training alone, for methods with teachers. Those left out
                           // are trained first, in RUN/alone/<modality>
  bool resume = false;     // continue the run in `run`; with more epochs, extend it
  bool overwrite = false;  // delete the run in `run` and start again; not with `resume`
  void describe(OptionList& list);
};

// A finished run, as in summary.json. Where it was read from there, evaluations have `n` and `scores` only, and that of
// test (else of val) the values per modality.
struct TrainingRun {
  std::string method;                      // name of the method
  uint64_t seed = 0;                       // TrainOptions::seed
  std::vector<std::string> modalities;     // names, in the order of the model
  int64_t epochs = 0;                      // number trained
  int64_t selected_epoch = 0;              // 0-based epoch whose weights are used
  std::string selected_by;                 // last | best_val | best_test
  std::string select_metric = "accuracy";  // TrainOptions::select_metric
  std::optional<Evaluation> test, val;     // of the selected weights, averaged with TrainOptions::ema; nothing: no such
                                           // split
  std::optional<Evaluation> trained_test, trained_val;  // with TrainOptions::ema: of the weights as trained
  double seconds = 0;                                   // of training, in all processes of the run
  Beginning beginning;                                  // hashes of initial weights and batches
  std::string directory;                                // the run directory
};

// Opens the splits of a data set with the chosen modalities. `val` and `test` are null where there is no such split,
// `val` also with option `val` none. `seed` draws a validation split that dataset.json asks for without a seed of its
// own. Error{usage} for an unknown modality, {data} or {io} where the data set is invalid or cannot be read.
TrainingData load_data(const DataOptions& options, uint64_t seed);

// Trains and scores, in a new run directory or, with `resume`, in that of a run. A finished run that is resumed without
// more epochs is returned as it is. Trainings of one process wait for each other, as LibTorch has one default random
// generator. Error{usage}, {data}, {io}; {busy} where another process works in the directory; {interrupted} with the
// state saved. Options are checked before anything is written or deleted.
TrainingRun train(const RunOptions& options);

// Why the method cannot be used with this model and data, in one sentence; empty where it can. Nothing is trained.
// Throws errors of other kinds than usage.
std::string not_applicable(const RunOptions& options, const TrainingData& data);

// Options of the run in `directory` that trains one modality of a run alone: by joint training, with the encoder that
// it has in the run and a linear head. `modalities`: all of the run.
RunOptions alone_options(const RunOptions& options, const std::vector<ModalityInfo>& modalities,
                         const std::string& modality, const std::filesystem::path& directory);

// Estimated cost of a run, as text of a few lines: parameters per modality, memory, steps and duration, measured on a
// few steps of a copy. Nothing is written. Error{usage}, {data}, {io}.
std::string plan(const RunOptions& options);

// The result of a finished run, from its summary.json. Error{data} names the file and the field, {io} a missing file.
TrainingRun read_summary(const std::filesystem::path& run_directory);
std::string summary_text(const TrainingRun& summary);  // scores for people, a few lines

// The options as text of config.toml: all that are not internal, and of methods those of the chosen one.
std::string config_toml(RunOptions options);
// Options from such a file. Error{usage} for an unknown key or a bad value, {data} where the file was edited or is not
// TOML, {io} where it cannot be read.
RunOptions read_config(const std::filesystem::path& file);

}  // namespace pdmp

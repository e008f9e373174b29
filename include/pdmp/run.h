// What `pdmp train` does, as one call: read the data, analyse the modalities where the method needs it, train, score
// the test split once.
#pragma once

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "pdmp/analysis.h"
#include "pdmp/file_options.h"
#include "pdmp/method.h"
#include "pdmp/model.h"
#include "pdmp/trainer.h"

namespace pdmp {

struct DataOptions {
  std::string data;                     // folder of dataset.json
  std::vector<std::string> modalities;  // empty = all, in the manifest's order
  std::string val = "auto";             // auto (the manifest's split) | none (validation joins train)
  double max_undecodable = 0.01;        // share of a modality's cells in a split
  std::string cache;                    // folder of the sample cache; "" or "off": none. No number depends on it
  double cache_gib = 20;                // its limit
  FileOptions files;                    // what the files of the data set may cost and where they may lie
  bool trains = true;                   // not a flag. False: samples are only scored, train may lack a modality
  void describe(OptionList& list);
};

struct RunOptions {
  DataOptions data;
  ModelOptions model;
  TrainOptions train;
  AnalysisOptions analysis;
  std::string method = "joint";
  std::vector<std::pair<std::string, std::shared_ptr<MethodOptions>>> methods;  // one per row of the table

  std::string run;            // run directory
  std::string analysis_file;  // --analysis FILE
  std::string init_from;      // run directory, or weights file in its checkpoints/, whose weights it starts from
  NameMap alone;              // modality -> run directory of its training alone, for methods that use teachers; one
                              // that is not named is trained first, in RUN/alone/<modality>
  bool resume = false, overwrite = false, dry_run = false;

  RunOptions();
  void describe(OptionList& list);
  const MethodOptions& method_options() const;  // of `method`; Error{usage} with the nearest spelling
};

// What summary.json holds. Read from a finished run, the evaluations have scores only.
struct RunSummary {
  std::string method;
  uint64_t seed = 0;
  std::vector<std::string> modalities;
  int64_t epochs = 0;          // trained
  int64_t selected_epoch = 0;  // 0-based
  std::string selected_by;     // last | best_val
  std::string select_metric = "accuracy";
  std::optional<Evaluation> test, val;  // nothing where the data set has no such split; with TrainOptions::ema of the
                                        // averaged weights, which predictions are made with
  std::optional<Evaluation> trained_test, trained_val;  // with TrainOptions::ema: of the weights that were trained
  double seconds = 0;                                   // of training, over all processes of the run
  Beginning beginning;
  std::string directory;
};

// Reads the data set of the options: manifest, chosen modalities, splits. Shared by every command. Validation and test
// are null where the data set has none (validation also with `val` none). Error{usage} for an unknown modality.
TrainingData load_data(const DataOptions& options, uint64_t seed);

// Makes or resumes the run directory `options.run`. A finished run that is resumed without more epochs returns its
// summary. With `dry_run` it prints `plan` on stdout, writes nothing and returns an empty summary.
RunSummary run(const RunOptions& options);

// Why the method of these options means nothing with their model and data, in one sentence; empty where it does.
std::string not_applicable(const RunOptions& options, const TrainingData& data);

// The options of the training of one modality alone that belongs to a run: joint training of that modality's encoder
// with a linear head.
RunOptions alone_options(const RunOptions& options, const std::vector<ModalityInfo>& modalities,
                         const std::string& modality, const std::filesystem::path& directory);

// What a run would cost: parameters per modality, memory, steps and a duration measured on a few steps of a throwaway
// copy.
std::string plan(const RunOptions& options);

RunSummary read_summary(const std::filesystem::path& run_directory);  // Error{data} naming the file and the field
std::string summary_text(const RunSummary& summary);                  // for people, a few lines

// Version, LibTorch, compiler, CPU features, threads and precision: environment.json, and `pdmp info`.
nlohmann::json environment(const TrainOptions& options);

// The options of a run as config.toml holds them (the chosen method's only), and back.
std::string config_toml(RunOptions options);
RunOptions read_config(const std::filesystem::path& file);

}  // namespace pdmp

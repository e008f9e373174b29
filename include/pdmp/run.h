// What `pdmp train` does, as one call: read the data, analyse the modalities where the method needs it, train, score the
// test split once.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pdmp/analysis.h"
#include "pdmp/method.h"
#include "pdmp/model.h"
#include "pdmp/trainer.h"

namespace pdmp {

struct DataOptions {
  std::string data;                            // folder of dataset.json
  std::vector<std::string> modalities;         // empty = all, in the manifest's order
  std::string val = "auto";                    // auto (the manifest's split) | none (validation joins train)
  double max_undecodable = 0.01;               // share of a modality's cells in a split
  void describe(OptionList& list);
};

struct RunOptions {
  DataOptions data;
  ModelOptions model;
  TrainOptions train;
  AnalysisOptions analysis;
  std::string method = "joint";
  std::vector<std::pair<std::string, std::shared_ptr<MethodOptions>>> methods;   // one per row of the table

  std::string run;                             // run directory
  std::string analysis_file;                   // --analysis FILE
  bool resume = false, overwrite = false, dry_run = false;

  RunOptions();
  void describe(OptionList& list);
  const MethodOptions& method_options() const;
};

struct RunSummary {
  std::string method;
  uint64_t seed = 0;
  int64_t selected_epoch = 0;
  Evaluation test;
  std::optional<Evaluation> val;
  double seconds = 0;
  std::string directory;
};

// Reads the data set of the options: manifest, chosen modalities, splits. Shared by every command.
TrainingData load_data(const DataOptions& options, uint64_t seed);

RunSummary run(const RunOptions& options);

}  // namespace pdmp

// Flags of the commands that use a trained run on data.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pdmp/trained_model.h"

namespace pdmp::cli {

struct RunArguments {
  std::string run, data, split = "test";
  std::string cache;
  double cache_gib = DataOptions().cache_gib;
  std::optional<int64_t> threads, workers, batch_size, max_file_mib;
  std::optional<double> max_file_seconds;
  std::string media;
  bool untrusted = false;

  // `data_help`, `splits`: what this command takes.
  void describe(OptionList& list, const char* data_help = "Data set; empty: the one the run was trained on.",
                const std::vector<std::string>& splits = {"test", "val", "train"});
  TrainedModel load() const;                                             // sets the number of LibTorch's threads
  std::shared_ptr<const Dataset> open(const TrainedModel& model) const;  // the split; Error{usage} where there is none
};

}  // namespace pdmp::cli

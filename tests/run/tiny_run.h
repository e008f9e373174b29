// Options of a run on numbers that takes a moment.
#pragma once

#include <string>

#include "pdmp/run.h"
#include "support/vector_data.h"

namespace pdmp::testing {

inline RunOptions tiny_run(const std::string& data, const std::string& directory, const std::string& method = "joint",
                           int64_t epochs = 3) {
  RunOptions options;
  options.data.data = data;
  options.run = directory;
  options.method = method;
  options.model.encoders = {{"a", "mlp:hidden=8"}, {"b", "mlp:hidden=8"}};
  options.train.epochs = epochs;
  options.train.batch_size = 16;
  options.train.workers = 0;
  options.train.threads = 1;
  options.train.optimizer.lr = 0.05;
  return options;
}

}  // namespace pdmp::testing

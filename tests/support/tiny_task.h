// Two vector modalities that both tell the class, small enough to train in milliseconds.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pdmp/trainer.h"

namespace pdmp::testing {

inline std::shared_ptr<const Dataset> tiny_split(int64_t samples, uint64_t seed) {
  RandomStream random(seed);
  const Tensor a = torch::zeros({samples, 3}), b = torch::zeros({samples, 2});
  const Tensor labels = torch::zeros({samples}, torch::kInt64);
  for (int64_t i = 0; i < samples; ++i) {
    const int64_t label = i % 3;
    labels[i] = label;
    for (int64_t j = 0; j < 3; ++j) a[i][j] = (j == label ? 1.0 : 0.0) + 0.3 * random.normal();
    for (int64_t j = 0; j < 2; ++j) b[i][j] = static_cast<double>(label) - 1 + 0.8 * random.normal();
  }
  return std::make_shared<TensorDataset>(std::vector<ModalityInfo>{{"a", "vector", {3}}, {"b", "vector", {2}}},
                                         std::vector<std::string>{"red", "green", "blue"}, std::vector<Tensor>{a, b},
                                         labels);
}

inline TrainingData tiny_task() { return {.train = tiny_split(48, 1), .val = tiny_split(24, 2), .test = nullptr}; }

inline ModelOptions tiny_model() {
  ModelOptions options;
  options.encoders = {{"a", "mlp:hidden=8"}, {"b", "mlp:hidden=8"}};
  return options;
}

inline TrainOptions tiny_training(int64_t epochs) {
  TrainOptions options;
  options.epochs = epochs;
  options.batch_size = 16;
  options.workers = 0;
  options.threads = 1;
  options.optimizer.lr = 0.05;
  return options;
}

}  // namespace pdmp::testing

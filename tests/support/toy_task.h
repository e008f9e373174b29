// Small classification tasks in memory, learnable in a few epochs.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pdmp/dataset.h"
#include "pdmp/trainer.h"

namespace pdmp::testing {

// `modalities` vectors of width 4; class c shifts element c of every modality. Three classes.
inline std::shared_ptr<const Dataset> toy_data(int64_t samples, int64_t modalities, uint64_t seed) {
  torch::Generator generator = at::detail::createCPUGenerator(seed);
  const Tensor labels = torch::randint(3, {samples}, generator, torch::kInt64);
  std::vector<ModalityInfo> infos;
  std::vector<Tensor> inputs;
  for (int64_t m = 0; m < modalities; ++m) {
    infos.push_back({.name = std::string(1, static_cast<char>('a' + m)), .type = "vector", .shape = {4}});
    const Tensor noise = torch::randn({samples, 4}, generator, torch::kFloat32);
    inputs.push_back(noise + 2 * torch::one_hot(labels, 4).to(torch::kFloat32));
  }
  return std::make_shared<TensorDataset>(infos, std::vector<std::string>{"x", "y", "z"}, inputs, labels);
}

inline TrainingData toy_splits(int64_t modalities = 2) {
  return {
      .train = toy_data(96, modalities, 1), .val = toy_data(60, modalities, 2), .test = toy_data(60, modalities, 3)};
}

inline std::shared_ptr<Model> toy_model(const Dataset& data, uint64_t seed = 0) {
  return std::make_shared<Model>(data.modalities(), static_cast<int64_t>(data.classes().size()), ModelOptions{}, seed);
}

// A few quick epochs; one thread, so that it is the same everywhere.
inline TrainOptions toy_training(int64_t epochs) {
  TrainOptions options;
  options.epochs = epochs;
  options.batch_size = 16;
  options.threads = 1;
  options.workers = 0;
  options.log_every = 2;
  options.optimizer.lr = 0.02;
  return options;
}

}  // namespace pdmp::testing

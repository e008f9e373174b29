// A pass through a network that must leave no trace in it: no dropout, BatchNorm by its running statistics.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "pdmp/torch.h"

namespace pdmp::models {

// Puts a module into evaluation mode and, at the end, it and each part of it back into the mode it was in.
class EvaluationMode {
 public:
  explicit EvaluationMode(torch::nn::Module& module) : module_(module), was_training_(module.is_training()) {
    for (const auto& part : module.modules(/*include_self=*/false)) parts_.emplace_back(part, part->is_training());
    module.eval();
  }
  ~EvaluationMode() {
    module_.train(was_training_);
    for (const auto& [part, training] : parts_) part->train(training);  // parents first: children have the last word
  }
  EvaluationMode(const EvaluationMode&) = delete;
  EvaluationMode& operator=(const EvaluationMode&) = delete;

 private:
  torch::nn::Module& module_;
  bool was_training_;
  std::vector<std::pair<std::shared_ptr<torch::nn::Module>, bool>> parts_;
};

// `pass` through `module`. A single value per channel (one row; one row and position of a map) has no batch statistics,
// and over a 1x1 map LibTorch refuses to take them: BatchNorm then uses its running ones in training too.
template <class Pass>
auto pass_with_statistics(torch::nn::Module& module, int64_t values, const Pass& pass) {
  if (values > 1 || !module.is_training()) return pass();
  const EvaluationMode evaluation(module);
  return pass();
}

}  // namespace pdmp::models

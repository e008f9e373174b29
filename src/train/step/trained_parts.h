// What a training changes, and what changes it.
#pragma once

#include <memory>
#include <vector>

#include "models/weights/weight_average.h"
#include "pdmp/method.h"
#include "pdmp/optimizer.h"
#include "train/files/run_directory.h"

namespace pdmp::training {

struct TrainedParts {
  std::shared_ptr<Model> model;
  Method& method;
  std::shared_ptr<torch::nn::Module> own = nullptr;  // the method's; null: it has none
  std::unique_ptr<Optimizer> optimizer = nullptr;
  std::shared_ptr<models::WeightAverage> average = nullptr;  // with --ema

  Weights weights() const { return {*model, own.get(), average.get()}; }
  std::vector<Tensor> tensors() const;     // parameters and buffers of all of them
  std::vector<Tensor> parameters() const;  // that the optimizer updates
};

}  // namespace pdmp::training

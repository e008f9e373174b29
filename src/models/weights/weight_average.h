// An exponential moving average of the weights of a training (Polyak and Juditsky 1992), as PyTorch's AveragedModel
// with get_ema_multi_avg_fn makes it: the first update takes the weights as they are, every later one average <- decay
// average + (1 - decay) weights. Buffers (running statistics) are not averaged: the average is used with those of the
// training.
#pragma once

#include <vector>

#include "pdmp/torch.h"

namespace pdmp::models {

class WeightAverage {
 public:
  // Parameters of a model and of a method's own parts; the average holds a copy of them until the first update.
  WeightAverage(std::vector<Tensor> parameters, double decay);

  void update(bool first);  // after an optimizer step
  // The parameters hold the average and the average what they held; called again, all is as before.
  void exchange() const;
  const std::vector<Tensor>& values() const { return values_; }  // in the order of the parameters

 private:
  std::vector<Tensor> parameters_, values_;
  double decay_;
};

// The parameters hold the average, for the life of the object. Null: nothing happens.
class AveragedWeights {
 public:
  explicit AveragedWeights(const WeightAverage* average) : average_(average) { exchange(); }
  ~AveragedWeights() { exchange(); }
  AveragedWeights(const AveragedWeights&) = delete;
  AveragedWeights& operator=(const AveragedWeights&) = delete;

 private:
  void exchange() const {
    if (average_ != nullptr) average_->exchange();
  }
  const WeightAverage* average_;
};

}  // namespace pdmp::models

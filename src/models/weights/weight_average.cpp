#include "models/weights/weight_average.h"

#include <utility>

namespace pdmp::models {

WeightAverage::WeightAverage(std::vector<Tensor> parameters, double decay)
    : parameters_(std::move(parameters)), decay_(decay) {
  for (const Tensor& parameter : parameters_) values_.push_back(parameter.detach().clone());
}

void WeightAverage::update(bool first) {
  const torch::NoGradGuard no_gradients;
  at::_foreach_lerp_(values_, parameters_, first ? 1.0 : 1 - decay_);
}

void WeightAverage::exchange() const {
  const torch::NoGradGuard no_gradients;
  for (size_t i = 0; i < values_.size(); ++i) {
    const Tensor held = parameters_[i].clone();
    Tensor(parameters_[i]).copy_(values_[i]);
    Tensor(values_[i]).copy_(held);
  }
}

}  // namespace pdmp::models

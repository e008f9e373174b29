// Parameters and gradients small enough to follow by hand, and LibTorch's own optimizers to agree with.
#pragma once

#include <gtest/gtest.h>
#include <torch/optim.h>

#include "pdmp/optimizer.h"

namespace pdmp::testing {

inline OptimizerOptions sgd(double lr, double momentum, double decay) {
  OptimizerOptions options;
  options.lr = lr;
  options.momentum = momentum;
  options.weight_decay = decay;
  return options;
}

inline OptimizerOptions adamw() {
  OptimizerOptions options;
  options.optimizer = "adamw";
  options.lr = 0.01;
  options.weight_decay = 0.1;
  return options;
}

inline Tensor parameter(const Tensor& value) { return value.detach().clone().requires_grad_(true); }

inline ParameterGroup group(std::vector<Tensor> parameters, double lr_scale = 1, double decay_scale = 1) {
  return {"all", std::nullopt, std::move(parameters), lr_scale, decay_scale};
}

inline void set_gradient(const Tensor& target, const Tensor& gradient) { target.mutable_grad() = gradient.clone(); }

// Three tensors, the last of which gets its first gradient in step 2.
inline std::vector<Tensor> gradients_of_step(int step) {
  const auto base = at::arange(6, at::kDouble).reshape({2, 3});
  std::vector<Tensor> gradients = {at::sin(base + step), at::cos(base * step + 1).slice(1, 0, 2).contiguous()};
  gradients.push_back(step < 2 ? Tensor() : at::full({3}, 0.3 * step, at::kDouble));
  return gradients;
}

inline std::vector<Tensor> start() {
  const auto values = at::linspace(-1, 1, 6, at::kDouble);
  return {parameter(values.reshape({2, 3})), parameter(values.slice(0, 1, 5).reshape({2, 2})),
          parameter(values.slice(0, 3))};
}

inline void set_gradients(const std::vector<Tensor>& parameters, int step) {
  const std::vector<Tensor> gradients = gradients_of_step(step);
  for (size_t i = 0; i < parameters.size(); ++i) parameters[i].mutable_grad() = gradients[i];
}

inline void expect_as_libtorch(const OptimizerOptions& options, torch::optim::Optimizer& theirs,
                               const std::vector<Tensor>& reference) {
  const std::vector<Tensor> ours = start();
  const auto optimizer = make_optimizer(options, {group({ours[0]}), group({ours[1], ours[2]})});
  for (int step = 0; step < 6; ++step) {
    set_gradients(ours, step);
    set_gradients(reference, step);
    optimizer->step(1);
    theirs.step();
  }
  for (size_t i = 0; i < ours.size(); ++i) {
    EXPECT_LE((ours[i] - reference[i]).abs().max().item<double>(), 1e-12) << "parameter " << i;
    EXPECT_GT((ours[i] - start()[i]).abs().max().item<double>(), 1e-3) << "parameter " << i << " never moved";
  }
}

}  // namespace pdmp::testing

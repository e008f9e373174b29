// Gradients against central differences.
#pragma once

#include <gtest/gtest.h>
#include <torch/autograd.h>
#include <vector>

#include "pdmp/torch.h"

namespace pdmp::testing {

// Of `loss()`, a number in double, by every number of the leaves `inputs`.
template <class Loss>
void expect_gradients(const std::vector<Tensor>& inputs, const Loss& loss, double step = 1e-6, double limit = 1e-5) {
  const std::vector<Tensor> gradients = torch::autograd::grad({loss()}, inputs);
  const torch::NoGradGuard no_grad;
  for (size_t i = 0; i < inputs.size(); ++i) {
    Tensor values = inputs[i].detach();  // the same memory
    for (int64_t k = 0; k < values.numel(); ++k) {
      Tensor value = values.as_strided({1}, {1}, k);
      const double before = value.item<double>();
      value.fill_(before + step);
      const double above = loss().template item<double>();
      value.fill_(before - step);
      const double below = loss().template item<double>();
      value.fill_(before);
      const double found = gradients[i].as_strided({1}, {1}, k).template item<double>();
      EXPECT_NEAR(found, (above - below) / (2 * step), limit) << "input " << i << ", number " << k;
    }
  }
}

}  // namespace pdmp::testing

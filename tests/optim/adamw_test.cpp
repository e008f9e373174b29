#include <gtest/gtest.h>
#include <torch/optim.h>

#include "optim/toy_parameters.h"

namespace pdmp::optim {
namespace {

using namespace testing;  // pdmp::testing

TEST(AdamW, AgreesWithLibTorch) {
  const std::vector<Tensor> reference = start();
  torch::optim::AdamW theirs(reference, torch::optim::AdamWOptions(0.01).weight_decay(0.1));
  expect_as_libtorch(adamw(), theirs, reference);
}

}  // namespace
}  // namespace pdmp::optim

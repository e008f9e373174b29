#include <gtest/gtest.h>
#include <torch/optim.h>

#include "optim/toy_parameters.h"
#include "pdmp/error.h"

namespace pdmp::optim {
namespace {

using namespace testing;  // pdmp::testing

TEST(Sgd, AgreesWithLibTorch) {
  for (const double momentum : {0.0, 0.9}) {
    for (const bool nesterov : {false, true}) {
      if (nesterov && momentum == 0) continue;
      OptimizerOptions options = sgd(0.1, momentum, 0.01);
      options.nesterov = nesterov;
      const std::vector<Tensor> reference = start();
      torch::optim::SGD theirs(reference,
                               torch::optim::SGDOptions(0.1).momentum(momentum).weight_decay(0.01).nesterov(nesterov));
      expect_as_libtorch(options, theirs, reference);
    }
  }
}

// Learning rate .1, gradient 1: a first step of .1, with Nesterov's momentum of .1 (1 + .9). CeFA's released code has
// it.
TEST(Sgd, TrapNesterovOnlyWhereAsked) {
  EXPECT_FALSE(OptimizerOptions().nesterov);
  for (const bool nesterov : {false, true}) {
    OptimizerOptions options = sgd(0.1, 0.9, 0);
    options.nesterov = nesterov;
    const Tensor p = parameter(at::ones({1}, at::kDouble));
    const auto optimizer = make_optimizer(options, {group({p})});
    set_gradient(p, at::ones({1}, at::kDouble));
    optimizer->step(1);
    EXPECT_NEAR(p.item<double>(), nesterov ? 0.81 : 0.90, 1e-15);
  }
}

// methods-collaborative 0.5: .90 where the gradient is none, .81 where it is zero (momentum goes on).
TEST(Sgd, ParameterWithoutGradientIsLeftAlone) {
  for (const bool zeroed : {false, true}) {
    const Tensor p = parameter(at::ones({1}, at::kDouble));
    const auto optimizer = make_optimizer(sgd(0.1, 0.9, 0), {group({p})});
    set_gradient(p, at::ones({1}, at::kDouble));
    optimizer->step(1);
    optimizer->zero_grad();
    EXPECT_FALSE(p.grad().defined());
    if (zeroed) set_gradient(p, at::zeros({1}, at::kDouble));
    optimizer->step(1);
    EXPECT_NEAR(p.item<double>(), zeroed ? 0.81 : 0.90, 1e-15);
  }
}

// methods-modulation 0.5: gradient times c, and learning rate times c with decay divided by c, are one update.
TEST(Sgd, ScaledRateWithDividedDecayIsScaledGradient) {
  struct Case {
    double gradient_scale, lr_scale, decay_scale, expected;
  };
  for (const Case& c :
       {Case{15, 1, 1, 0.948099445450}, Case{1, 15, 1.0 / 15, 0.948099445450}, Case{1, 15, 1, 0.948091681761}}) {
    const Tensor theta = parameter(at::ones({1}, at::kDouble));
    const auto optimizer = make_optimizer(sgd(1e-3, 0.9, 1e-4), {group({theta}, c.lr_scale, c.decay_scale)});
    for (const double g : {1.0, 0.5, -0.2}) {
      set_gradient(theta, at::full({1}, g * c.gradient_scale, at::kDouble));
      optimizer->step(1);
    }
    EXPECT_NEAR(theta.item<double>(), c.expected, 1e-12);
  }
}

TEST(Sgd, NesterovNeedsMomentum) {
  OptimizerOptions options = sgd(0.1, 0, 0);
  options.nesterov = true;
  EXPECT_THROW(make_optimizer(options, {}), Error);
}

}  // namespace
}  // namespace pdmp::optim

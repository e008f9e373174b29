// Numbers from methods-modulation 2 (OGM-GE, Eq. 8-10).
#include "methods/ogm.h"

#include <cmath>
#include <gmock/gmock.h>
#include <limits>

#include "methods/branch_fixture.h"
#include "methods/parts/confidence.h"
#include "methods/toy_model.h"
#include "support/expect_error.h"

namespace pdmp::methods {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace testing;  // pdmp::testing

using Settings = std::vector<std::pair<std::string, std::string>>;

std::vector<double> fixture_confidence(size_t modalities) {
  const Tensor present = torch::ones({2, static_cast<int64_t>(modalities)}, torch::kBool);
  return mean_confidence(branch_logits(modalities), present, branch_labels());
}

TEST(Ogm, TwoModalities) {
  for (const OgmMulti multi : {OgmMulti::mean_pairwise, OgmMulti::min_ref}) {
    const std::vector<double> ratios = ogm_ratios(fixture_confidence(2), multi);
    EXPECT_NEAR(ratios[0], 1.611856, 1e-6);
    EXPECT_NEAR(ogm_coefficient(ratios[0], .1), .840196, 1e-6);
    EXPECT_NEAR(ogm_coefficient(ratios[0], .3), .550912, 1e-6);
    EXPECT_NEAR(ogm_coefficient(ratios[0], .8), .141009, 1e-6);
    EXPECT_EQ(ogm_coefficient(ratios[1], .8), 1);
  }
}

TEST(Ogm, CoefficientOfARatio) {
  EXPECT_NEAR(ogm_coefficient(1 + 1e-9, .8), .335963, 1e-6);
  EXPECT_NEAR(ogm_coefficient(1.25, .8), .238406, 1e-6);
  EXPECT_NEAR(ogm_coefficient(1.5, .8), .166345, 1e-6);
  EXPECT_NEAR(ogm_coefficient(2, .8), .078331, 1e-6);
  EXPECT_EQ(ogm_coefficient(1, .8), 1);  // equally sure: nobody is slowed down
  EXPECT_EQ(ogm_coefficient(2, 0), 1);
}

TEST(Ogm, ThreeModalities) {
  const std::vector<double> pairwise = ogm_ratios(fixture_confidence(3), OgmMulti::mean_pairwise);
  EXPECT_THAT(pairwise, ElementsAre(DoubleNear(1.465705, 1e-6), DoubleNear(.719529, 1e-6), DoubleNear(.989674, 1e-6)));
  EXPECT_NEAR(ogm_coefficient(pairwise[0], .8), .174908, 1e-6);
  EXPECT_EQ(ogm_coefficient(pairwise[1], .8), 1);
  EXPECT_EQ(ogm_coefficient(pairwise[2], .8), 1);
  const std::vector<double> least = ogm_ratios(fixture_confidence(3), OgmMulti::min_ref);
  EXPECT_THAT(least, ElementsAre(DoubleNear(1.611856, 1e-6), DoubleNear(1, 1e-6), DoubleNear(1.221516, 1e-6)));
  EXPECT_EQ(ogm_coefficient(least[1], .8), 1);
}

TEST(Ogm, AModalityNobodyHasTakesNoPart) {
  const double nothing = std::numeric_limits<double>::quiet_NaN();
  for (const OgmMulti multi : {OgmMulti::mean_pairwise, OgmMulti::min_ref}) {
    EXPECT_THAT(
        ogm_ratios({.8, nothing, .4}, multi),
        ElementsAre(DoubleNear(2, 1e-6), 1, multi == OgmMulti::min_ref ? DoubleNear(1, 1e-6) : DoubleNear(.5, 1e-6)));
    EXPECT_THAT(ogm_ratios({nothing, .4}, multi), ElementsAre(1, 1));
    EXPECT_TRUE(std::isfinite(ogm_ratios({.5, 0}, multi)[0]));
  }
}

// The scalar model with half the weights in v's block of the head: p(true) is sigma(-2) for a and sigma(-1) for v.
std::shared_ptr<Model> uneven_model() {
  auto model = scalar_model();
  const torch::NoGradGuard no_grad;
  head_block(*model, 1).mul_(.5);
  return model;
}

TEST(Ogm, SlowsTheSurerEncoderDown) {
  const auto model = uneven_model();
  MethodAtWork run(model, method("ogm"), {}, scalar_batch());
  std::vector<double> seen;
  const auto look = [&] {
    for (int64_t m = 0; m < 2; ++m) {
      seen.push_back(theta(*model, m).grad().item<double>());
      seen.push_back(head_block(*model, m).grad().flatten()[0].item<double>());
    }
  };
  run.watched.before = look;
  run.watched.after = look;
  run.train(scalar_batch());
  const double k = .052686;  // 1 - tanh(.8 * 2.256165)
  EXPECT_NEAR(run.log().at("score/a"), .119203, 1e-6);
  EXPECT_NEAR(run.log().at("score/v"), .268941, 1e-6);
  EXPECT_NEAR(run.log().at("ratio/v"), 2.256165, 1e-6);
  EXPECT_EQ(run.log().at("coef/a"), 1);
  EXPECT_NEAR(run.log().at("coef/v"), k, 1e-6);
  ASSERT_EQ(seen.size(), 8u);
  EXPECT_EQ(seen[4], seen[0]);
  EXPECT_EQ(seen[5], seen[1]);
  EXPECT_NEAR(seen[6], seen[2] * k, 1e-6);
  EXPECT_EQ(seen[7], seen[3]);
}

// Encoder tensors of each modality whose gradient changed. Nothing else may.
std::vector<int64_t> touched_by(const std::string& name, const Settings& settings) {
  const auto model = image_model();
  MethodAtWork run(model, method(name, settings), {}, image_batch(0));
  std::vector<Tensor> before;
  std::vector<int64_t> touched = {0, 0};
  run.watched.before = [&] {
    for (const OwnedParameter& parameter : model->ownership()) before.push_back(parameter.value.grad().clone());
  };
  run.watched.after = [&] {
    for (size_t i = 0; i < before.size(); ++i) {
      const OwnedParameter& parameter = model->ownership()[i];
      if (at::equal(parameter.value.grad(), before[i])) continue;
      EXPECT_TRUE(parameter.in_encoder) << parameter.name;
      EXPECT_TRUE(parameter.value.grad().isfinite().all().item<bool>()) << parameter.name;
      ++touched[static_cast<size_t>(*parameter.owner)];
    }
  };
  run.train(image_batch(0));
  return touched;
}

// A ResNet-18 trunk has 60 tensors, 20 of them convolutions: BatchNorm and the head stay as they are.
TEST(Ogm, TouchesConvolutions) {
  const std::vector<int64_t> slowed = touched_by("ogm", {});
  EXPECT_EQ(slowed[0] + slowed[1], 20);
  EXPECT_EQ(slowed[0] * slowed[1], 0);
  const std::vector<int64_t> whole = touched_by("ogm", {{"scope", "encoder_all"}});
  EXPECT_EQ(whole[0] + whole[1], 60);
  EXPECT_THAT(touched_by("ogm_ge", {}), ElementsAre(20, 20));  // noise on both
}

// Of an encoder of series, the filters of its layers and not their BatchNorm.
TEST(Ogm, ConvolutionsOverTimeAreConvolutions) {
  ModelOptions options;
  options.encoders = {{"a", "conv1d:width=4:depth=2"}, {"v", "conv1d:width=4:depth=2"}};
  const std::vector<ModalityInfo> infos = {{"a", "tensor", {2, 16}}, {"v", "tensor", {2, 16}}};
  const auto model = std::make_shared<Model>(infos, 2, options, 0);
  const Tensor series = at::sin(at::arange(128, at::kFloat).square() * .37).reshape({4, 2, 16});
  const Batch batch = full_batch({series, series + 1}, at::tensor({0, 1, 1, 0}, at::kLong));
  MethodAtWork run(model, method("ogm_ge"), {}, batch);
  std::vector<Tensor> before;
  run.watched.before = [&] {
    for (const OwnedParameter& parameter : model->ownership()) before.push_back(parameter.value.grad().clone());
  };
  std::vector<std::string> touched;
  run.watched.after = [&] {
    for (size_t i = 0; i < before.size(); ++i) {
      const OwnedParameter& parameter = model->ownership()[i];
      if (!at::equal(parameter.value.grad(), before[i])) touched.push_back(parameter.name);
    }
  };
  run.train(batch);
  EXPECT_THAT(touched, ElementsAre("encoders.a.conv1.weight", "encoders.a.conv2.weight", "encoders.v.conv1.weight",
                                   "encoders.v.conv2.weight"));
}

std::shared_ptr<Model> vector_model(int64_t width, const std::string& encoder) {
  ModelOptions options;
  options.encoders = {{"a", encoder}, {"v", encoder}};
  const std::vector<ModalityInfo> infos = {{"a", "vector", {width}}, {"v", "vector", {width}}};
  return std::make_shared<Model>(infos, 2, options, 0);
}

Batch vector_batch(int64_t width) {
  return full_batch({at::rand({4, width}), at::rand({4, width})}, at::tensor({0, 1, 1, 0}, at::kLong));
}

Tensor matrix(const Model& model, int64_t m) {
  for (const OwnedParameter& parameter : model.ownership()) {
    if (parameter.in_encoder && parameter.owner == m && parameter.value.dim() == 2) return parameter.value;
  }
  throw std::logic_error("no matrix");
}

TEST(OgmGe, NoiseIsAsWideAsTheGradient) {
  const auto model = vector_model(1000, "mlp:hidden=1000");
  MethodAtWork run(model, method("ogm_ge", {{"alpha", "0"}}), {}, vector_batch(1000));
  std::vector<Tensor> before, noise;
  run.watched.before = [&] {
    for (int64_t m = 0; m < 2; ++m) before.push_back(matrix(*model, m).grad().clone());
  };
  run.watched.after = [&] {
    for (int64_t m = 0; m < 2; ++m) noise.push_back(matrix(*model, m).grad() - before[static_cast<size_t>(m)]);
  };
  run.train(vector_batch(1000));
  for (size_t m = 0; m < 2; ++m) {
    const double width = before[m].std().item<double>() + 1e-8;
    EXPECT_NEAR(noise[m].mean().item<double>() / width, 0, 5e-3);
    EXPECT_NEAR(noise[m].std().item<double>() / width, 1, 5e-3);
  }
  EXPECT_GT((noise[0] / before[0].std() - noise[1] / before[1].std()).abs().max().item<double>(), 1);  // two draws
}

// The width is that of the gradient before it is scaled, and a single element (the bias) gets no noise.
TEST(OgmGe, WidthOfTheReference) {
  const auto model = vector_model(4, "mlp:hidden=1");
  MethodAtWork run(model, method("ogm_ge"), {}, vector_batch(4));
  const auto biases = [&] {
    std::vector<Tensor> values;
    for (const OwnedParameter& parameter : model->ownership()) {
      if (parameter.in_encoder && parameter.value.dim() == 1) values.push_back(parameter.value);
    }
    return values;
  };
  run.watched.before = [&] {
    for (int64_t m = 0; m < 2; ++m) matrix(*model, m).mutable_grad() = torch::tensor({{1.f, 2.f, 3.f, 4.f}});
    for (const Tensor& bias : biases()) bias.mutable_grad() = at::zeros_like(bias);
  };
  run.watched.after = [&] {
    for (const Tensor& bias : biases()) EXPECT_EQ(bias.grad().abs().max().item<double>(), 0);
  };
  run.train(vector_batch(4));
  EXPECT_NEAR(run.log().at("noise/a"), 1.290994, 1e-6);
  EXPECT_NEAR(run.log().at("noise/v"), 1.290994, 1e-6);
}

std::vector<Tensor> after_three_steps(const std::string& name, const Settings& settings = {}, int64_t epoch = 0) {
  const auto model = image_model(at::kFloat);
  MethodAtWork run(model, method(name, settings), {}, image_batch(0, at::kFloat));
  run.state.epoch = epoch;
  for (int step = 0; step < 3; ++step) run.train(image_batch(step, at::kFloat));
  return copies(*model);
}

TEST(Ogm, NeutralSettingsAreJointBitForBit) {
  const std::vector<Tensor> joint = after_three_steps("joint");
  EXPECT_EQ(largest_difference(after_three_steps("ogm", {{"alpha", "0"}}), joint), 0);
  EXPECT_EQ(largest_difference(after_three_steps("ogm_ge", {{"alpha", "0"}, {"noise", "0"}}), joint), 0);
  const std::vector<Tensor> ogm = after_three_steps("ogm");
  EXPECT_GT(largest_difference(ogm, joint), 0);
  EXPECT_EQ(largest_difference(after_three_steps("ogm_ge", {{"noise", "0"}}), ogm), 0);
  EXPECT_GT(largest_difference(after_three_steps("ogm_ge"), ogm), 0);
}

// Both ends of the window are in it.
TEST(Ogm, OutsideTheWindowNothingIsDone) {
  const std::vector<Tensor> joint = after_three_steps("joint");
  const Settings window = {{"start-epoch", "2"}, {"end-epoch", "3"}};
  for (const std::string name : {"ogm", "ogm_ge"}) {
    EXPECT_EQ(largest_difference(after_three_steps(name, window, 1), joint), 0);
    EXPECT_GT(largest_difference(after_three_steps(name, window, 2), joint), 0);
    EXPECT_GT(largest_difference(after_three_steps(name, window, 3), joint), 0);
    EXPECT_EQ(largest_difference(after_three_steps(name, window, 4), joint), 0);
    EXPECT_GT(largest_difference(after_three_steps(name, {}, 50), joint), 0);
    EXPECT_EQ(largest_difference(after_three_steps(name, {}, 51), joint), 0);
  }
}

TEST(Ogm, AnAbsentModalityScalesNothing) {
  const auto model = uneven_model();
  Batch batch = scalar_batch();
  batch.present[0][0] = false;
  MethodAtWork run(model, method("ogm_ge"), {}, batch);
  EXPECT_TRUE(std::isfinite(run.train(batch).total.item<double>()));
  EXPECT_EQ(run.log().at("coef/v"), 1);
  EXPECT_EQ(run.log().count("score/a"), 0u);
}

TEST(Ogm, TellsAndRefuses) {
  ModelOptions options;
  options.encoders = {{"a", "mlp:hidden=4"}};
  const auto alone = std::make_shared<Model>(std::vector<ModalityInfo>{{"a", "vector", {3}}}, 2, options, 0);
  const Batch batch = full_batch({at::ones({2, 3})}, at::tensor({0, 1}, at::kLong));
  for (const std::string name : {"ogm", "ogm_ge"}) {
    MethodAtWork run(alone, method(name), {}, batch);
    EXPECT_THAT(run.method().notes(), ElementsAre("one modality ('a'): " + name + " is joint training"));
    EXPECT_TRUE(std::isfinite(run.train(batch).total.item<double>()));
    expect_error(ErrorKind::usage, {"`" + name + ".scope` encoder_conv", "modality 'a'"}, [&] {
      MethodAtWork(scalar_model(), method(name, {{"scope", "encoder_conv"}}), {}, scalar_batch());
    });
    expect_error(ErrorKind::usage, {"`" + name + ".start-epoch` 9", "`" + name + ".end-epoch` 3"}, [&] {
      method(name, {{"start-epoch", "9"}, {"end-epoch", "3"}});
    });
  }
}

}  // namespace
}  // namespace pdmp::methods

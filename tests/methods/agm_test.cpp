// Numbers from methods-modulation 4 (AGM, section 3).
#include "methods/agm.h"

#include <cmath>
#include <gmock/gmock.h>
#include <limits>

#include "methods/branch_fixture.h"
#include "methods/parts/confidence.h"
#include "methods/toy_model.h"
#include "support/expect_error.h"
#include "support/through_json.h"

namespace pdmp::methods {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using namespace testing;  // pdmp::testing

using Settings = std::vector<std::pair<std::string, std::string>>;

const double kUnknown = std::numeric_limits<double>::quiet_NaN();

std::vector<double> fixture_scores(size_t modalities) {
  const Tensor present = torch::ones({2, static_cast<int64_t>(modalities)}, torch::kBool);
  return mean_cross_entropy(branch_logits(modalities), present, branch_labels());
}

TEST(Agm, FirstStepOfTwoModalities) {
  const AgmFactors factors = agm_factors(fixture_scores(2), {kUnknown, kUnknown}, 1, 10);
  EXPECT_THAT(factors.lead, ElementsAre(DoubleNear(1.809710, 1e-6), DoubleNear(.552575, 1e-6)));
  EXPECT_THAT(factors.usual_lead, ElementsAre(1, 1));
  EXPECT_THAT(factors.coefficients, ElementsAre(DoubleNear(.444987, 1e-6), DoubleNear(1.564280, 1e-6)));
}

TEST(Agm, ComparesWithTheUsualLead) {
  const AgmFactors factors = agm_factors(fixture_scores(2), {.8, 1.0}, 1, 10);
  EXPECT_THAT(factors.usual_lead, ElementsAre(DoubleNear(1.221403, 1e-6), DoubleNear(.818731, 1e-6)));
  EXPECT_THAT(factors.coefficients, ElementsAre(DoubleNear(.555266, 1e-6), DoubleNear(1.304939, 1e-6)));
}

TEST(Agm, FirstStepOfThreeModalities) {
  const AgmFactors factors = agm_factors(fixture_scores(3), {kUnknown, kUnknown, kUnknown}, 1, 7);
  EXPECT_THAT(factors.lead,
              ElementsAre(DoubleNear(1.693840, 1e-6), DoubleNear(.695759, 1e-6), DoubleNear(.848533, 1e-6)));
  EXPECT_THAT(factors.coefficients,
              ElementsAre(DoubleNear(.499654, 1e-6), DoubleNear(1.355596, 1e-6), DoubleNear(1.163540, 1e-6)));
}

TEST(Agm, CapBoundsTheExponentFromAbove) {
  // tau = (e^3, e^-3), r = (e^-3, e^3).
  const AgmFactors factors = agm_factors({3, 0}, {0, 3}, 1, 7);
  EXPECT_NEAR(factors.coefficients[0], std::exp(7), 1e-9);
  EXPECT_NEAR(factors.coefficients[1], std::exp(std::exp(-3) - std::exp(3)), 1e-12);
}

TEST(Agm, WhatIsUnknownTakesNoPart) {
  const AgmFactors three = agm_factors({1, kUnknown, 2}, {1, 1, 1}, 1, 7);
  EXPECT_THAT(three.lead, ElementsAre(DoubleNear(std::exp(1), 1e-12), 1, DoubleNear(std::exp(-1), 1e-12)));
  EXPECT_EQ(three.coefficients[1], 1);
  EXPECT_THAT(agm_factors({1, kUnknown}, {.8, 1}, 1, 10).coefficients, ElementsAre(1, 1));
  EXPECT_THAT(agm_factors({1, 1}, {.8, kUnknown}, 1, 10).usual_lead, ElementsAre(1, 1));
}

// phi_1 = [F(12) - F(2) + F(1)] / 2. With g the gradient of F(12): F(12) gets (k1 + k2) / 2 g, F(1) (k1 - k2) / 2 g and
// F(2) (k2 - k1) / 2 g.
TEST(Agm, GradientThroughThePasses) {
  Tensor both = torch::full({1, 1}, 2, torch::kDouble).requires_grad_();
  Tensor first = torch::full({1, 1}, 1.5, torch::kDouble).requires_grad_();
  Tensor second = torch::full({1, 1}, .3, torch::kDouble).requires_grad_();
  const std::vector<Tensor> shares = {(both - second + first) / 2, (both - first + second) / 2};
  EXPECT_NEAR(shares[0].item<double>(), 1.6, 1e-12);
  EXPECT_NEAR(shares[1].item<double>(), .4, 1e-12);
  const Tensor logits = agm_logits(both, shares, {.4, 1.5});
  EXPECT_EQ(logits.item<double>(), 2);
  (logits * 3).sum().backward();  // g = 3
  EXPECT_NEAR(both.grad().item<double>(), 3 * .95, 1e-12);
  EXPECT_NEAR(first.grad().item<double>(), 3 * -.55, 1e-12);
  EXPECT_NEAR(second.grad().item<double>(), 3 * .55, 1e-12);
}

// The scalar model with half the weights in v's block of the head: logits (1, -1) of a and (.5, -.5) of v, label 1.
std::shared_ptr<Model> uneven_model() {
  auto model = scalar_model();
  const torch::NoGradGuard no_grad;
  head_block(*model, 1).mul_(.5);
  return model;
}

// Gradients of theta_a, theta_v, and of an element of each block and of the bias of the head, as the update sees them.
std::vector<double> gradients_of(MethodAtWork& run, Model& model) {
  std::vector<double> seen;
  run.watched.after = [&] {
    for (int64_t m = 0; m < 2; ++m) seen.push_back(theta(model, m).grad().item<double>());
    for (int64_t m = 0; m < 2; ++m) seen.push_back(head_block(model, m).grad().flatten()[0].item<double>());
    seen.push_back(head_bias(model).grad()[0].item<double>());
  };
  run.train(scalar_batch());
  run.watched.after = nullptr;
  return seen;
}

// Cross-entropies log(1 + e^2) and log(1 + e): r = exp(-+.813666), kappa = exp(1 - r).
TEST(Agm, OneStepInBothModes) {
  const auto plain = uneven_model();
  MethodAtWork joint(plain, method("joint"), {}, scalar_batch());
  const std::vector<double> vanilla = gradients_of(joint, *plain);
  const double a = 1.745027, v = .284744;
  const std::vector<std::pair<std::string, std::vector<double>>> expected = {{"logit", {a, v, a, v, (a + v) / 2}},
                                                                             {"param", {a, v, 1, 1, 1}}};
  for (const auto& [mode, factors] : expected) {
    const auto model = uneven_model();
    MethodAtWork run(model, method("agm", {{"alpha", "1"}, {"mode", mode}, {"clip", "0"}}), {}, scalar_batch());
    const std::vector<double> seen = gradients_of(run, *model);
    ASSERT_EQ(seen.size(), factors.size());
    for (size_t i = 0; i < seen.size(); ++i) EXPECT_NEAR(seen[i], vanilla[i] * factors[i], 1e-5) << mode << " " << i;
    EXPECT_NEAR(run.log().at("score/a"), 2.126928, 1e-6);
    EXPECT_NEAR(run.log().at("score/v"), 1.313262, 1e-6);
    EXPECT_NEAR(run.log().at("ratio/a"), .443230, 1e-6);
    EXPECT_NEAR(run.log().at("coef/a"), a, 1e-6);
    EXPECT_NEAR(run.log().at("coef/v"), v, 1e-6);
    EXPECT_EQ(run.log().at("ratio_mean/a"), 1);
    EXPECT_EQ(run.log().count("score_mean/a"), 0u);
    run.train(scalar_batch());  // the average is that of the one step before
    EXPECT_NEAR(run.log().at("score_mean/a"), 2.126928, 1e-6);
    EXPECT_NEAR(run.log().at("ratio_mean/a"), .443230, 1e-6);
  }
}

// Encoders that answer zeros with 1/2: F(12) = 2.125, F(1) = 1.625, F(2) = 1.125 for class 0, so that phi = (1.3125,
// .8125) where inputs are masked, and (1.5, .625) where features are. Numbers of PyTorch's autograd.
TEST(Agm, MasksInputsOrFeatures) {
  struct Expected {
    std::string mask;
    double score_a, coefficient_a, coefficient_v;
    std::vector<double> gradients;
  };
  const std::vector<Expected> cases = {
      {"input", 2.694936, 1.802948, .237973, {3.555183, .234627, 2.280646, .972308, 1.006109}},
      {"feature", 3.048587, 2.196887, .024829, {4.331982, .024480, 3.248987, .061199, 1.095235}}};
  for (const Expected& expected : cases) {
    const auto model = uneven_model();
    {
      const torch::NoGradGuard no_grad;
      for (const OwnedParameter& parameter : model->ownership()) {
        if (parameter.in_encoder && parameter.value.dim() == 1) parameter.value.fill_(.5);
      }
    }
    MethodAtWork run(model, method("agm", {{"alpha", "1"}, {"mask", expected.mask}, {"clip", "0"}}), {},
                     scalar_batch());
    const std::vector<double> seen = gradients_of(run, *model);
    for (size_t i = 0; i < seen.size(); ++i) EXPECT_NEAR(seen[i], expected.gradients[i], 1e-6) << expected.mask << i;
    EXPECT_NEAR(run.log().at("score/a"), expected.score_a, 1e-6);
    EXPECT_NEAR(run.log().at("coef/a"), expected.coefficient_a, 1e-6);
    EXPECT_NEAR(run.log().at("coef/v"), expected.coefficient_v, 1e-6);
  }
}

// The masked passes see the whole model in evaluation mode and leave it as it was.
TEST(Agm, MaskedInputsLeaveNoTrace) {
  std::vector<std::vector<Tensor>> buffers;
  for (const auto& how : {method("joint"), method("agm"), method("agm", {{"mode", "param"}})}) {
    const auto model = image_model(at::kFloat);
    MethodAtWork run(model, how, {}, image_batch(0, at::kFloat));
    run.train(image_batch(0, at::kFloat));
    EXPECT_TRUE(model->is_training());
    EXPECT_TRUE(model->encoder(0).is_training());
    buffers.emplace_back();
    for (const Tensor& buffer : model->buffers()) buffers.back().push_back(buffer.clone());
  }
  for (size_t run = 1; run < buffers.size(); ++run) {
    for (size_t i = 0; i < buffers[0].size(); ++i) EXPECT_TRUE(at::equal(buffers[run][i], buffers[0][i])) << i;
  }
}

std::shared_ptr<Model> three_model(uint64_t seed = 0) {
  ModelOptions options;
  std::vector<ModalityInfo> infos;
  for (const std::string name : {"a", "v", "t"}) {
    options.encoders[name] = "mlp:hidden=5";
    infos.push_back({name, "vector", {3}});
  }
  options.fusion = "attention";
  return std::make_shared<Model>(infos, 2, options, seed);
}

Batch three_batch(int step) {
  std::vector<Tensor> inputs;
  for (int m = 0; m < 2; ++m) inputs.push_back(at::sin(at::arange(12, at::kFloat) * (m + 1) + step).reshape({4, 3}));
  inputs.push_back(at::zeros({4, 3}));  // tells nothing
  return full_batch(inputs, at::tensor({0, 1, 1, 0}, at::kLong));
}

TEST(Agm, GoesOnFromWhatWasSaved) {
  const auto undisturbed = three_model();
  MethodAtWork whole(undisturbed, method("agm"), {}, three_batch(0));
  for (int step = 0; step < 3; ++step) whole.train(three_batch(step));
  Archive archive;
  whole.method().save(archive);
  archive.values = through_json(archive.values);
  MethodAtWork later(undisturbed, method("agm"), {}, three_batch(0));
  later.method().load(archive);
  const std::vector<Tensor> weights = copies(*undisturbed);
  whole.train(three_batch(3));
  const StepLog expected = whole.log();
  const torch::NoGradGuard no_grad;
  for (size_t i = 0; i < weights.size(); ++i) undisturbed->parameters()[i].copy_(weights[i]);
  {
    const torch::AutoGradMode gradients(true);
    later.train(three_batch(3));
  }
  for (const auto& [name, value] : expected) EXPECT_EQ(later.log().at(name), value) << name;
}

TEST(Agm, RefusesScoresOfOtherModalities) {
  MethodAtWork three(three_model(), method("agm"), {}, three_batch(0));
  MethodAtWork two(scalar_model(), method("agm"), {}, scalar_batch());
  Archive archive;
  three.method().save(archive);
  expect_error(ErrorKind::data, {"3 modalities", "this run compares 2"}, [&] { two.method().load(archive); });
}

TEST(Agm, AverageOfTwoSteps) {
  MethodAtWork run(scalar_model(), method("agm"), {}, scalar_batch());
  Archive archive;
  archive.values["means"] = std::vector<double>{.8, 1};
  archive.values["steps"] = std::vector<int64_t>{1, 1};
  run.method().load(archive);
  run.train(scalar_batch());  // both scores are log(1 + e^2) = 2.126928
  Archive after;
  run.method().save(after);
  EXPECT_THAT(after.value("means", std::vector<double>()),
              ElementsAre(DoubleNear((.8 + 2.126928) / 2, 1e-6), DoubleNear((1 + 2.126928) / 2, 1e-6)));
  EXPECT_THAT(after.value("steps", std::vector<int64_t>()), ElementsAre(2, 2));
}

TEST(Agm, AlphaZeroIsJointBitForBit) {
  std::vector<std::vector<Tensor>> ends;
  for (const auto& how : {method("joint"), method("agm", {{"alpha", "0"}}),
                          method("agm", {{"alpha", "0"}, {"mode", "param"}}), method("agm")}) {
    const auto model = image_model(at::kFloat);
    MethodAtWork run(model, how, {}, image_batch(0, at::kFloat));
    for (int step = 0; step < 3; ++step) run.train(image_batch(step, at::kFloat));
    ends.push_back(copies(*model));
  }
  EXPECT_EQ(largest_difference(ends[1], ends[0]), 0);
  EXPECT_EQ(largest_difference(ends[2], ends[0]), 0);
  EXPECT_GT(largest_difference(ends[3], ends[0]), 0);
}

// The passes of fewer modalities are not seen by BatchNorm, and reach what they go through.
TEST(Agm, ExtraPassesLeaveNoTrace) {
  ModelOptions options;
  options.fusion = "se_fusion:width=4:se=2";
  const std::vector<ModalityInfo> infos = {{"a", "image", {1, 32, 32}}, {"v", "image", {3, 32, 32}}};
  const Batch batch = image_batch(0, at::kFloat);
  std::vector<std::vector<Tensor>> buffers;
  for (const auto& how :
       {method("joint"), method("agm"), method("agm", {{"mode", "param"}}), method("agm", {{"mask", "feature"}})}) {
    const auto model = std::make_shared<Model>(infos, 3, options, 0);
    MethodAtWork run(model, how, {}, batch);
    EXPECT_TRUE(std::isfinite(run.train(batch).total.item<double>()));
    EXPECT_TRUE(model->fusion().is_training());
    for (const Tensor& parameter : model->parameters()) {
      const Tensor& gradient = parameter.grad();
      EXPECT_TRUE(!gradient.defined() || gradient.isfinite().all().item<bool>());
    }
    buffers.emplace_back();
    for (const Tensor& buffer : model->buffers()) buffers.back().push_back(buffer.clone());
  }
  for (size_t run = 1; run < buffers.size(); ++run) {
    for (size_t i = 0; i < buffers[0].size(); ++i) EXPECT_TRUE(at::equal(buffers[run][i], buffers[0][i])) << i;
  }
}

TEST(Agm, ClipsWhereTheHeadsGradientIsLarge) {
  double norm = 0;
  for (const auto& [clip, clipped] : std::vector<std::pair<std::string, bool>>{{"0.01", true}, {"100", false}}) {
    const auto model = uneven_model();
    MethodAtWork run(model, method("agm", {{"clip", clip}}), {}, scalar_batch());
    run.watched.after = [&] {
      norm = 0;
      for (const Tensor& parameter : model->parameters()) {
        if (parameter.grad().defined()) norm += parameter.grad().square().sum().item<double>();
      }
    };
    run.train(scalar_batch());
    EXPECT_EQ(run.log().at("clipped"), clipped ? 1 : 0);
    if (clipped) {
      EXPECT_NEAR(std::sqrt(norm), .01, 1e-4);
    } else {
      EXPECT_GT(std::sqrt(norm), .1);
    }
  }
  EXPECT_TRUE(method("agm")->clips_after_modulation());
}

TEST(Agm, AbsentModalitiesGiveNumbers) {
  for (const std::string mode : {"logit", "param"}) {
    const auto model = three_model();
    MethodAtWork run(model, method("agm", {{"mode", mode}}), {}, three_batch(0));
    Batch batch = three_batch(0);
    batch.present.select(1, 0).fill_(false);  // nobody has a
    batch.present[0][1] = false;              // the first row has t only
    for (int step = 0; step < 2; ++step) EXPECT_TRUE(std::isfinite(run.train(batch).total.item<double>()));
    EXPECT_EQ(run.log().at("coef/a"), 1);
    EXPECT_EQ(run.log().count("score/a"), 0u);
    EXPECT_TRUE(std::isfinite(run.train(three_batch(1)).total.item<double>()));
    for (const Tensor& parameter : model->parameters()) EXPECT_TRUE(parameter.isfinite().all().item<bool>()) << mode;
  }
}

TEST(Agm, TellsAndRefuses) {
  ModelOptions options;
  options.encoders = {{"a", "mlp:hidden=4"}};
  const auto alone = std::make_shared<Model>(std::vector<ModalityInfo>{{"a", "vector", {3}}}, 2, options, 0);
  const Batch batch = full_batch({at::ones({2, 3})}, at::tensor({0, 1}, at::kLong));
  MethodAtWork run(alone, method("agm"), {}, batch);
  EXPECT_THAT(run.method().notes(), ElementsAre("one modality ('a'): agm is joint training"));
  EXPECT_TRUE(std::isfinite(run.train(batch).total.item<double>()));
  expect_error(ErrorKind::usage, {"modality 'a'", "`agm.scope` encoder_conv", "`agm.mode` logit"}, [] {
    MethodAtWork(scalar_model(), method("agm", {{"mode", "param"}, {"scope", "encoder_conv"}}), {}, scalar_batch());
  });
  std::vector<ModalityInfo> many;
  std::vector<Tensor> inputs;
  for (int m = 0; m < 9; ++m) {
    many.push_back({std::string(1, static_cast<char>('a' + m)), "vector", {2}});
    inputs.push_back(at::ones({2, 2}));
  }
  const auto crowd = std::make_shared<Model>(many, 2, ModelOptions{}, 0);
  const Batch crowded = full_batch(inputs, at::tensor({0, 1}, at::kLong));
  expect_error(ErrorKind::usage, {"at most 8", "found 9"}, [&] { MethodAtWork(crowd, method("agm"), {}, crowded); });
}

}  // namespace
}  // namespace pdmp::methods

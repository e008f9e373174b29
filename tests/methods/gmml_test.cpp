// Numbers from methods-modulation 8; the branch logits are those of fixture F1 (0.8).
#include <cmath>
#include <gmock/gmock.h>

#include "methods/identity_model.h"
#include "methods/toy_model.h"
#include "support/expect_error.h"

namespace pdmp::methods {
namespace {

using ::testing::ElementsAre;
using namespace testing;  // pdmp::testing

using Settings = std::vector<std::pair<std::string, std::string>>;

Batch fixture(int64_t modalities) {
  std::vector<Tensor> inputs = {matrix(2, 0, 0, 1), matrix(1, 0, 1, 0), matrix(0, 1, 0, 3)};
  inputs.resize(static_cast<size_t>(modalities));
  return full_batch(inputs, at::tensor({0, 1}, at::kLong));
}

const ParameterGroup& heads_of(MethodAtWork& run) { return run.optimizer().groups().back(); }

// u_m = z_m, so that the heads' logits are the batch itself.
void make_heads_identities(MethodAtWork& run) {
  const torch::NoGradGuard no_grad;
  ASSERT_EQ(heads_of(run).name, "heads");
  for (const Tensor& value : heads_of(run).parameters)
    value.copy_(value.dim() == 2 ? matrix(1, 0, 0, 1) : at::zeros(2));
}

struct Seen {
  std::vector<double> scores, ratios, coefficients;
  Loss loss;
};

Seen seen_on_fixture(int64_t modalities, const Settings& settings) {
  const auto model = identity_model(modalities);
  MethodAtWork run(model, method("gmml", settings), {}, fixture(modalities));
  make_heads_identities(run);
  Seen seen;
  seen.loss = run.train(fixture(modalities));
  for (const ModalityInfo& info : model->infos()) {
    seen.scores.push_back(run.log().at("score/" + info.name));
    seen.ratios.push_back(run.log().at("ratio/" + info.name));
    seen.coefficients.push_back(run.log().at("coef/" + info.name));
  }
  return seen;
}

void expect_near(const std::vector<double>& found, const std::vector<double>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-6) << i;
}

TEST(Gmml, CoefficientsOfTwoModalities) {
  const Seen seen = seen_on_fixture(2, {});
  expect_near(seen.scores, {.805928, .5});
  expect_near(seen.ratios, {.620403, 1.611856});
  expect_near(seen.coefficients, {.705325, 1.453807});
  expect_near(seen_on_fixture(2, {{"beta-max", "3"}}).coefficients, {.705325, 1.907614});
  expect_near(seen_on_fixture(2, {{"variant", "ogm_acc"}}).coefficients, {.141009, 1.858991});
}

TEST(Gmml, CoefficientsOfThreeModalities) {
  const Seen seen = seen_on_fixture(3, {});
  expect_near(seen.ratios, {.689117, 1.416686, 1.069105});
  expect_near(seen.coefficients, {.756298, 1.321526, 1.055227});
}

TEST(Gmml, EveryModalityHasALoss) {
  const Seen seen = seen_on_fixture(3, {{"weight", "0.5"}});
  ASSERT_EQ(seen.loss.parts.size(), 4u);
  const char* names[] = {"fused", "unimodal_a", "unimodal_v", "unimodal_t"};
  const double values[] = {0, .220095, .813262, .680925};
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(seen.loss.parts[i].first, names[i]);
  for (size_t i = 1; i < 4; ++i) EXPECT_NEAR(seen.loss.parts[i].second.item<double>(), values[i], 1e-6) << i;
  const double fused = seen.loss.parts[0].second.item<double>();
  EXPECT_NEAR(seen.loss.total.item<double>(), fused + .5 * (.220095 + .813262 + .680925), 2e-6);
}

// A head that is never right: the lower end is 1 - tanh(alpha), the upper one 2.
TEST(Gmml, RangeOfTheCoefficients) {
  const auto model = identity_model(2);
  const Batch batch = full_batch({matrix(60, 0, 0, 60), matrix(0, 60, 60, 0)}, at::tensor({0, 1}, at::kLong));
  MethodAtWork run(model, method("gmml"), {}, batch);
  make_heads_identities(run);
  run.train(batch);
  EXPECT_NEAR(run.log().at("coef/a"), .335963, 1e-6);
  EXPECT_NEAR(run.log().at("coef/v"), 2, 1e-9);
}

TEST(Gmml, ReachesEncoderHeadBlockAndOwnHead) {
  const auto model = identity_model(2);
  MethodAtWork run(model, method("gmml"), {}, fixture(2));
  make_heads_identities(run);
  std::vector<Tensor> before;
  std::vector<std::pair<Tensor, double>> parameters;
  const double factors[] = {.7053254526, 1.4538071906};
  for (const OwnedParameter& parameter : model->ownership())
    parameters.emplace_back(parameter.value, parameter.owner ? factors[*parameter.owner] : 1);
  for (size_t i = 0; i < 4; ++i) parameters.emplace_back(heads_of(run).parameters[i], factors[i / 2]);
  run.watched.before = [&] {
    for (const auto& [value, factor] : parameters) before.push_back(value.grad().clone());
  };
  run.watched.after = [&] {
    for (size_t i = 0; i < parameters.size(); ++i) {
      EXPECT_GT(before[i].abs().max().item<double>(), 0) << i;
      EXPECT_TRUE(at::allclose(parameters[i].first.grad(), before[i] * parameters[i].second, 1e-6, 0)) << i;
    }
  };
  run.train(fixture(2));
  ASSERT_EQ(before.size(), parameters.size());
}

std::vector<Tensor> after_three_steps(const std::shared_ptr<Method>& how) {
  const auto model = image_model(at::kFloat);
  MethodAtWork run(model, how, {}, image_batch(0, at::kFloat));
  for (int step = 0; step < 3; ++step) run.train(image_batch(step, at::kFloat));
  return copies(*model);
}

TEST(Gmml, WithoutLossesAndModulationItIsJointBitForBit) {
  const auto joint = after_three_steps(method("joint"));
  const auto neutral = after_three_steps(method("gmml", {{"alpha", "0"}, {"weight", "0"}}));
  for (size_t i = 0; i < joint.size(); ++i) EXPECT_TRUE(at::equal(joint[i], neutral[i])) << i;
  EXPECT_GT(largest_difference(joint, after_three_steps(method("gmml"))), 1e-4);
}

TEST(Gmml, AbsentModalitiesAreLeftOut) {
  const auto model = identity_model(3);
  MethodAtWork run(model, method("gmml"), {}, fixture(3));
  make_heads_identities(run);
  Batch batch = fixture(3);
  batch.present.select(1, 2).fill_(false);  // nobody has "t": the other two are as without it
  const Loss loss = run.train(batch);
  EXPECT_TRUE(std::isfinite(loss.total.item<double>()));
  EXPECT_EQ(loss.parts.size(), 3u);
  EXPECT_NEAR(run.log().at("coef/a"), .705325, 1e-6);
  EXPECT_NEAR(run.log().at("coef/v"), 1.453807, 1e-6);
  EXPECT_EQ(run.log().at("coef/t"), 1);
  batch = fixture(3);
  batch.present.copy_(torch::tensor({true, false, false, true, false, false}).reshape({2, 3}));
  EXPECT_TRUE(std::isfinite(run.train(batch).total.item<double>()));
  EXPECT_EQ(run.log().at("coef/a"), 1);  // nothing to compare it with
  for (const Tensor& value : model->parameters()) EXPECT_TRUE(value.isfinite().all().item<bool>());
}

TEST(Gmml, OneModalityIsJoint) {
  const auto model = identity_model(1);
  MethodAtWork run(model, method("gmml"), {}, fixture(1));
  EXPECT_THAT(run.method().notes(), ElementsAre("one modality ('a'): gmml is joint training"));
  EXPECT_EQ(run.optimizer().groups().size(), default_groups(*model).size());
  EXPECT_TRUE(run.train(fixture(1)).parts.empty());
}

TEST(Gmml, RefusesWhatItCannotDo) {
  expect_error(ErrorKind::usage, {"ogm_acc is defined for two modalities, this model has 3"}, [] {
    MethodAtWork(identity_model(3), method("gmml", {{"variant", "ogm_acc"}}), {}, fixture(3));
  });
  expect_error(ErrorKind::usage, {"--gmml.beta-max"}, [] { method("gmml", {{"beta-max", "0.5"}}); });
}

}  // namespace
}  // namespace pdmp::methods

#include <algorithm>
#include <cmath>
#include <gmock/gmock.h>

#include "methods/toy_model.h"
#include "support/expect_error.h"

namespace pdmp::methods {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace testing;  // pdmp::testing

using Settings = std::vector<std::pair<std::string, std::string>>;

std::shared_ptr<Model> vectors(int64_t modalities, const std::string& fusion = "concat") {
  std::vector<ModalityInfo> infos;
  ModelOptions options;
  options.fusion = fusion;
  for (int64_t m = 0; m < modalities; ++m) {
    infos.push_back({std::string(1, static_cast<char>('a' + m)), "vector", {3}});
    options.encoders[infos.back().name] = "mlp:hidden=16";
  }
  auto model = std::make_shared<Model>(infos, 3, options, 3);
  model->to(at::kDouble);
  return model;
}

Batch batch_of(int64_t modalities, int64_t rows = 6) {
  std::vector<Tensor> inputs;
  for (int64_t m = 0; m < modalities; ++m)
    inputs.push_back(at::sin(at::arange(3 * rows, at::kDouble).square() * .37 + m).reshape({rows, 3}) + 1);
  return full_batch(inputs, at::arange(rows).remainder(3));
}

double part(const Loss& loss, const std::string& name) {
  for (const auto& [found, value] : loss.parts) {
    if (found == name) return value.item<double>();
  }
  ADD_FAILURE() << "no part " << name;
  return NAN;
}

const std::vector<Tensor>& parameters_of_estimators(MethodAtWork& run) {
  EXPECT_EQ(run.optimizer().groups().back().name, "estimators");
  return run.optimizer().groups().back().parameters;
}

int64_t count(const std::vector<Tensor>& parameters) {
  int64_t total = 0;
  for (const Tensor& parameter : parameters) total += parameter.numel();
  return total;
}

int64_t added_parameters(const Settings& settings) {
  ModelOptions options;
  options.encoders = {{"a", "mlp:hidden=512"}, {"v", "mlp:hidden=512"}};
  const std::vector<ModalityInfo> infos = {{"a", "vector", {2}}, {"v", "vector", {2}}};
  const auto model = std::make_shared<Model>(infos, 3, options, 0);
  return count(method("udml", settings)->extend(*model)->parameters());
}

TEST(Udml, AddsTheLayersOfTheRelease) {
  EXPECT_EQ(added_parameters({}), 2 * (527360 + 131585));
  EXPECT_EQ(added_parameters({{"pe", "false"}}), 2 * 131585);
}

// Without a distribution and its other losses, and before noise is used, features are doubled: v = u = 1.
TEST(Udml, EqualWeightsDoubleTheFeatures) {
  const auto model = vectors(2);
  const Batch batch = batch_of(2);
  MethodAtWork run(model, method("udml", {{"pe", "false"}, {"gamma", "0"}, {"var-weight", "0"}}), {}, batch);
  Outputs plain = model->forward(batch, false);
  for (Feature& feature : plain.features) feature.pooled = 2 * feature.pooled;
  const Tensor fused = model->fuse(plain.features, batch.present);
  const Loss loss = run.train(batch);
  EXPECT_NEAR(loss.total.item<double>(), run.criterion()(fused, batch.labels).item<double>(), 1e-12);
}

TEST(Udml, TotalIsTheSumOfItsParts) {
  const auto model = vectors(3);
  MethodAtWork run(model, method("udml", {{"gamma", "2.5"}, {"beta", "0.01"}, {"var-weight", "0.3"}}), {}, batch_of(3));
  const Loss loss = run.train(batch_of(3));
  const double own = part(loss, "unimodal_a") + part(loss, "unimodal_b") + part(loss, "unimodal_c");
  EXPECT_NEAR(loss.total.item<double>(),
              part(loss, "fused") + 2.5 * own + .01 * part(loss, "divergence") + .3 * part(loss, "noise"), 1e-9);
  EXPECT_GT(part(loss, "divergence"), 0);
}

// Dependencies start at 32 and 10 and are then what the step before gave: v = 2 (1 / D_m) / sum_j (1 / D_j).
TEST(Udml, WeightsFollowTheDependency) {
  ModelOptions options;
  options.encoders = {{"a", "mlp:hidden=16"}, {"v", "mlp:hidden=16"}};
  auto model =
      std::make_shared<Model>(std::vector<ModalityInfo>{{"a", "audio", {3}}, {"v", "vector", {3}}}, 3, options, 3);
  model->to(at::kDouble);
  MethodAtWork run(model, method("udml"), {}, batch_of(2));
  run.train(batch_of(2));
  EXPECT_NEAR(run.log().at("weight/a"), 2 * 10 / 42.0, 1e-6);
  EXPECT_NEAR(run.log().at("weight/v"), 2 * 32 / 42.0, 1e-6);
  EXPECT_EQ(run.log().at("dependency/a"), 32);
  run.train(batch_of(2));
  const double a = run.log().at("dependency/a"), v = run.log().at("dependency/v");
  EXPECT_LT(a, 32);
  EXPECT_NEAR(run.log().at("weight/a"), 2 * v / (a + v), 1e-6);
}

TEST(Udml, EvaluationDrawsNothingAndChangesNothing) {
  const auto model = vectors(2);
  const auto udml = method("udml");
  MethodAtWork run(model, udml, {}, batch_of(2));
  run.train(batch_of(2));
  model->eval();
  const torch::NoGradGuard no_grad;
  const Outputs first = udml->forward(*model, batch_of(2), Mode::evaluate);
  const Outputs second = udml->forward(*model, batch_of(2), Mode::evaluate);
  EXPECT_TRUE(first.fused.equal(second.fused));
  ASSERT_EQ(first.unimodal.size(), 2u);
  EXPECT_TRUE(at::allclose(first.unimodal[0] + first.unimodal[1], first.fused));  // concat shares its bias out
  // A row's weights depend on nobody else.
  const Outputs one = udml->forward(*model, batch_of(2, 1), Mode::evaluate);
  EXPECT_TRUE(at::allclose(one.fused[0], first.fused[0]));
}

struct Reached {
  bool encoder = false, noise_head = false;
};

// What the classification losses reach once noise is used.
Reached reached(const std::string& weight_gradient) {
  const auto model = vectors(2);
  MethodAtWork run(
      model,
      method("udml",
             {{"weight-gradient", weight_gradient}, {"clean-epochs", "0"}, {"equal-epochs", "0"}, {"var-weight", "0"}}),
      {}, batch_of(2));
  Reached result;
  run.watched.before = [&] {
    result.encoder = theta(*model, 0).grad().abs().max().item<double>() > 0;
    const Tensor& hidden = parameters_of_estimators(run)[0];  // (8, 16): the first layer of the noise predictor
    result.noise_head = hidden.grad().defined() && hidden.grad().abs().max().item<double>() > 0;
  };
  run.train(batch_of(2));
  return result;
}

TEST(Udml, NoisePredictorsLearnFromTheirLossOnly) {
  EXPECT_TRUE(reached("false").encoder);
  EXPECT_FALSE(reached("false").noise_head);
  EXPECT_TRUE(reached("true").noise_head);
}

TEST(Udml, CleanEpochsComeFirst) {
  Batch batch = batch_of(2, 200);
  std::vector<double> errors;
  for (const int64_t epoch : {49, 50}) {
    const auto model = vectors(2);
    MethodAtWork run(model, method("udml"), {}, batch);
    run.state.epoch = epoch;
    errors.push_back(part(run.train(batch), "noise"));
  }
  EXPECT_LT(errors[0], 10);                  // everybody is at level 1
  EXPECT_GT(errors[1], 2 * errors[0] + 10);  // half of them anywhere up to 11
}

// Noise of level 11 is far outside of what batch statistics make of the rest: first predictions are wild.
TEST(Udml, LearnsNoiseLevelsUnderClipping) {
  torch::manual_seed(4);
  OptimizerOptions optimizer;
  optimizer.clip_norm = 40;
  const auto model = vectors(2);
  const Batch batch = batch_of(2, 200);
  MethodAtWork run(model, method("udml", {{"clean-epochs", "0"}, {"equal-epochs", "0"}}), optimizer, batch);
  EXPECT_THAT(run.method().notes(), IsEmpty());
  double worst = 0, last = 0;
  for (int step = 0; step < 120; ++step) {
    const Loss loss = run.train(batch);
    ASSERT_TRUE(loss.total.isfinite().item<bool>()) << step;
    last = loss.parts.back().first == "noise" ? loss.parts.back().second.item<double>() : INFINITY;
    worst = std::max(worst, last);
  }
  EXPECT_LT(last, worst / 2);
  EXPECT_GT(run.log().at("noise/a"), 1);
}

TEST(Udml, ScalesMapsAsWell) {
  ModelOptions options;
  options.fusion = "se_fusion:width=4:se=2";
  auto model = std::make_shared<Model>(std::vector<ModalityInfo>{{"a", "image", {1, 32, 32}}, {"v", "vector", {3}}}, 3,
                                       options, 1);
  const Tensor pictures = at::sin(at::arange(4 * 1024, at::kFloat) * .01f).reshape({4, 1, 32, 32});
  const Batch batch = full_batch({pictures, at::ones({4, 3})}, at::tensor({0, 1, 2, 0}, at::kLong));
  const auto udml = method("udml");
  MethodAtWork run(model, udml, {}, batch);
  EXPECT_TRUE(run.train(batch).total.isfinite().item<bool>());
  model->eval();
  const torch::NoGradGuard no_grad;
  const Outputs outputs = udml->forward(*model, batch, Mode::evaluate);
  EXPECT_EQ(outputs.features[0].map.dim(), 4);
  EXPECT_FALSE(outputs.features[1].map.defined());
  EXPECT_TRUE(at::allclose(outputs.features[0].map.mean({2, 3}), outputs.features[0].pooled, 1e-4, 1e-5));
}

TEST(Udml, AbsentModalitiesAndSingleRows) {
  for (const int64_t epoch : {0, 70}) {
    std::vector<std::vector<Tensor>> results;
    for (const double rubbish : {0.0, 1e9}) {
      torch::manual_seed(4);
      OptimizerOptions optimizer;
      optimizer.clip_norm = 40;
      const auto model = vectors(3);
      MethodAtWork run(model, method("udml"), optimizer, batch_of(3));
      run.state.epoch = epoch;
      Batch batch = batch_of(3);
      batch.inputs[2].zero_();
      batch.present[0][1] = false;
      batch.inputs[1][0].fill_(rubbish);
      EXPECT_TRUE(run.train(batch).total.isfinite().item<bool>());
      batch.present.select(1, 1).fill_(false);
      batch.inputs[1].fill_(rubbish);
      EXPECT_TRUE(run.train(batch).total.isfinite().item<bool>());
      EXPECT_EQ(run.log().count("weight/b"), 0u);
      EXPECT_TRUE(run.train(batch_of(3, 1)).total.isfinite().item<bool>());
      batch.present.fill_(false);
      EXPECT_TRUE(run.train(batch).total.isfinite().item<bool>());
      for (const Tensor& parameter : parameters_of_estimators(run))
        EXPECT_TRUE(parameter.isfinite().all().item<bool>());
      results.push_back(copies(*model));
      for (const Tensor& parameter : results.back()) EXPECT_TRUE(parameter.isfinite().all().item<bool>());
    }
    EXPECT_EQ(largest_difference(results[0], results[1]), 0) << epoch;
  }
}

TEST(Udml, OtherFusions) {
  for (const char* fusion : {"sum", "gated", "film"}) {
    const auto model = vectors(2, fusion);
    MethodAtWork run(model, method("udml"), {}, batch_of(2));
    EXPECT_TRUE(run.train(batch_of(2)).total.isfinite().item<bool>()) << fusion;
  }
}

// What a loaded run has: extend and the weights, buffers included.
TEST(Udml, EvaluatesFromItsWeightsAlone) {
  const auto model = vectors(2);
  model->eval();
  const torch::NoGradGuard no_grad;
  const auto trained = method("udml"), loaded = method("udml");
  const auto from = trained->extend(*model), to = loaded->extend(*model);
  const auto fused = [&](Method& udml) { return udml.forward(*model, batch_of(2), Mode::evaluate).fused; };
  ASSERT_TRUE(from->named_buffers().contains("dependency"));
  from->named_buffers()["dependency"].copy_(at::tensor({1.0, 7.0}, at::kDouble));
  const Tensor expected = fused(*trained);
  EXPECT_FALSE(at::allclose(fused(*loaded), expected));
  for (const auto& item : from->named_parameters()) to->named_parameters()[item.key()].copy_(item.value());
  EXPECT_FALSE(at::allclose(fused(*loaded), expected));  // the dependency counts
  for (const auto& item : from->named_buffers()) to->named_buffers()[item.key()].copy_(item.value());
  EXPECT_TRUE(at::allclose(fused(*loaded), expected));
}

TEST(Udml, AdvisesClipping) {
  MethodAtWork run(vectors(2), method("udml"), {}, batch_of(2));
  EXPECT_THAT(run.method().notes(), ElementsAre(HasSubstr("`clip-norm` 40")));
}

TEST(Udml, OneModalityIsJointBitForBit) {
  std::vector<std::vector<Tensor>> results;
  for (const char* name : {"joint", "udml"}) {
    const auto model = vectors(1);
    MethodAtWork run(model, method(name), {}, batch_of(1));
    for (int step = 0; step < 3; ++step) run.train(batch_of(1));
    results.push_back(copies(*model));
    if (std::string(name) == "joint") continue;
    EXPECT_THAT(run.method().notes(), ElementsAre("one modality ('a'): udml is joint training"));
  }
  EXPECT_EQ(largest_difference(results[0], results[1]), 0);
}

}  // namespace
}  // namespace pdmp::methods

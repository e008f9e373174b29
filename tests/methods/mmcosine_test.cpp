// Numbers from methods-modulation 6.
#include <cmath>
#include <gmock/gmock.h>
#include <torch/autograd.h>
#include <torch/nn/functional/loss.h>

#include "methods/toy_model.h"
#include "support/expect_error.h"

namespace pdmp::methods {
namespace {

using namespace testing;  // pdmp::testing

Tensor matrix(std::vector<double> values, int64_t columns) {
  return at::tensor(values, at::kDouble).reshape({-1, columns});
}

// z = x for x >= 0: two modalities of width 2, two classes, W_1 = I, W_2 = [[1, 1], [-1, 0]], bias (5, -5).
std::shared_ptr<Model> plane_model(const std::string& fusion = "concat") {
  ModelOptions options;
  options.fusion = fusion;
  options.encoders = {{"a", "mlp:hidden=2"}, {"v", "mlp:hidden=2"}};
  const std::vector<ModalityInfo> infos = {{"a", "vector", {2}}, {"v", "vector", {2}}};
  auto model = std::make_shared<Model>(infos, 2, options, 0);
  model->to(at::kDouble);
  const torch::NoGradGuard no_grad;
  for (const OwnedParameter& parameter : model->ownership()) {
    if (parameter.in_encoder) parameter.value.dim() == 2 ? parameter.value.copy_(at::eye(2)) : parameter.value.zero_();
    if (!parameter.in_encoder && parameter.value.dim() == 1) parameter.value.copy_(at::tensor({5.0, -5.0}));
    if (parameter.in_encoder || parameter.value.dim() != 2) continue;
    parameter.value.copy_(*parameter.owner == 0 ? at::eye(2) : matrix({1, 1, -1, 0}, 2));
  }
  return model;
}

Batch plane_batch(double scale = 1) {
  return full_batch({matrix({3, 4}, 2) * scale, matrix({1, 0}, 2) * scale}, at::zeros({1}, at::kLong));
}

void expect_values(const Tensor& tensor, const std::vector<double>& expected, double tolerance = 1e-6) {
  const Tensor flat = tensor.detach().flatten();
  ASSERT_EQ(flat.size(0), static_cast<int64_t>(expected.size()));
  for (size_t i = 0; i < expected.size(); ++i)
    EXPECT_NEAR(flat[static_cast<int64_t>(i)].item<double>(), expected[i], tolerance) << i;
}

TEST(MmCosine, PaperNumbers) {
  for (const std::string fusion : {"concat", "sum"}) {
    for (const Mode mode : {Mode::train, Mode::evaluate}) {
      const auto model = plane_model(fusion);
      const Outputs outputs = method("mmcosine", {{"scale", "1"}})->forward(*model, plane_batch(), mode);
      ASSERT_EQ(outputs.unimodal.size(), 2u);
      expect_values(outputs.unimodal[0], {.6, .8});
      expect_values(outputs.unimodal[1], {.707107, -1});
      expect_values(outputs.fused, {1.307107, -.2});
    }
  }
}

TEST(MmCosine, CrossEntropy) {
  struct Row {
    const char* scale;
    int64_t label;
    double loss, tolerance;
  };
  for (const Row& row : {Row{"1", 0, .200121, 1e-6}, Row{"1", 1, 1.707227, 1e-6}, Row{"10", 0, 2.849e-7, 1e-10},
                         Row{"10", 1, 15.071068, 1e-6}}) {
    Batch batch = plane_batch();
    batch.labels.fill_(row.label);
    MethodAtWork run(plane_model(), method("mmcosine", {{"scale", row.scale}}), {}, batch);
    EXPECT_NEAR(run.train(batch).total.item<double>(), row.loss, row.tolerance) << row.scale << " " << row.label;
  }
}

TEST(MmCosine, MagnitudesDoNotCount) {
  const auto model = plane_model();
  const auto cosine = method("mmcosine");
  const Tensor before = cosine->forward(*model, plane_batch(), Mode::train).fused.detach();
  {
    const torch::NoGradGuard no_grad;
    head_block(*model, 0).mul_(.1);
  }
  const Tensor after = cosine->forward(*model, plane_batch(7), Mode::train).fused.detach();
  EXPECT_TRUE(at::allclose(before, after, 1e-12, 1e-12));
}

TEST(MmCosine, GradientsAreOrthogonalToFeaturesAndLeaveTheBiasAlone) {
  const auto model = plane_model();
  Batch batch = plane_batch();
  batch.labels.fill_(1);
  const Outputs outputs = method("mmcosine", {{"scale", "2"}})->forward(*model, batch, Mode::train);
  const std::vector<Tensor> features = {outputs.features[0].pooled, outputs.features[1].pooled};
  const Tensor loss = torch::nn::functional::cross_entropy(outputs.fused, batch.labels);
  const auto gradients = torch::autograd::grad({loss}, features, {}, /*retain_graph=*/true);
  for (size_t m = 0; m < 2; ++m) {
    EXPECT_NEAR((gradients[m] * features[m]).sum().item<double>(), 0, 1e-12);
    EXPECT_GT(gradients[m].norm().item<double>(), 1e-3);
  }
  loss.backward();
  EXPECT_FALSE(head_bias(*model).grad().defined());
  EXPECT_TRUE(head_block(*model, 1).grad().defined());
}

TEST(MmCosine, TrainsAllButTheBias) {
  for (const std::string fusion : {"concat", "sum"}) {
    MethodAtWork run(plane_model(fusion), method("mmcosine"), {}, plane_batch());
    for (const OwnedParameter& parameter : run.model().ownership()) {
      const bool bias = !parameter.in_encoder && parameter.value.dim() == 1;
      EXPECT_EQ(run.method().trains(parameter), !bias) << fusion << " " << parameter.name;
    }
  }
  const auto model = std::make_shared<Model>(std::vector<ModalityInfo>{{"a", "vector", {2}}}, 2, ModelOptions{}, 0);
  const Batch batch = full_batch({at::ones({3, 2})}, at::tensor({0, 1, 1}, at::kLong));
  MethodAtWork run(model, method("mmcosine"), {}, batch);
  for (const OwnedParameter& parameter : model->ownership()) EXPECT_TRUE(run.method().trains(parameter));
}

TEST(MmCosine, ZeroFeatureHasCosineZero) {
  const auto model = plane_model();
  Batch batch = plane_batch();
  batch.inputs[1].zero_();
  const Outputs outputs = method("mmcosine", {{"scale", "1"}})->forward(*model, batch, Mode::train);
  expect_values(outputs.fused, {.6, .8});
  const auto gradient =
      torch::autograd::grad({outputs.fused.select(1, 0).sum()}, {outputs.features[1].pooled, head_block(*model, 1)});
  for (const Tensor& values : gradient) expect_values(values, std::vector<double>(values.numel(), 0.0));
}

TEST(MmCosine, AbsentModalityDoesNotVote) {
  Batch batch = full_batch({matrix({3, 4, 3, 4}, 2), matrix({1, 0, 1, 0}, 2)}, at::tensor({0, 1}, at::kLong));
  batch.present[1][1] = false;
  batch.inputs[1][1].fill_(std::nan(""));
  MethodAtWork run(plane_model(), method("mmcosine", {{"scale", "1"}}), {}, batch);
  expect_values(run.method().forward(run.model(), batch, Mode::evaluate).fused, {1.307107, -.2, .6, .8});
  run.train(batch);
  for (const Tensor& parameter : run.model().parameters()) EXPECT_TRUE(parameter.isfinite().all().item<bool>());
  EXPECT_NEAR(run.log().at("score/a"), .7, 1e-9);
  EXPECT_NEAR(run.log().at("score/v"), .707107, 1e-6);
  EXPECT_NEAR(run.log().at("featurenorm/a"), 5, 1e-9);
  EXPECT_NEAR(run.log().at("featurenorm/v"), 1, 1e-9);
}

TEST(MmCosine, OfficialEvaluatesThePlainHead) {
  const auto model = plane_model();
  const auto official = method("mmcosine", {{"scale", "1"}, {"official", "true"}});
  expect_values(official->forward(*model, plane_batch(), Mode::train).fused, {1.307107, -.2});
  const Outputs outputs = official->forward(*model, plane_batch(), Mode::evaluate);
  expect_values(outputs.fused, {3 + 1 + 5, 4 - 1 - 5});
  EXPECT_EQ(outputs.unimodal.size(), 2u);
}

TEST(MmCosine, OtherFusionsAreRefused) {
  ModelOptions options;
  options.fusion = "gated";
  const std::vector<ModalityInfo> infos = {{"a", "vector", {1}}, {"v", "vector", {1}}};
  const auto model = std::make_shared<Model>(infos, 2, options, 0);
  expect_error(ErrorKind::usage, {"mmcosine", "`fusion` concat or sum"},
               [&] { MethodAtWork run(model, method("mmcosine"), {}, scalar_batch()); });
}

TEST(MmCosine, OneModalityIsJointBitForBit) {
  std::vector<std::vector<Tensor>> results;
  for (const char* name : {"joint", "mmcosine"}) {
    const auto model = std::make_shared<Model>(std::vector<ModalityInfo>{{"a", "vector", {2}}}, 2, ModelOptions{}, 0);
    const Batch batch = full_batch({at::ones({3, 2})}, at::tensor({0, 1, 1}, at::kLong));
    MethodAtWork run(model, method(name), {}, batch);
    for (int step = 0; step < 3; ++step) run.train(batch);
    results.push_back(copies(*model));
    EXPECT_EQ(run.method().notes().size(), std::string(name) == "joint" ? 0u : 1u);
  }
  EXPECT_EQ(largest_difference(results[0], results[1]), 0);
}

}  // namespace
}  // namespace pdmp::methods

// Numbers from methods-collaborative 5.4.
#include <gmock/gmock.h>
#include <torch/autograd.h>
#include <torch/nn/functional/loss.h>

#include "methods/toy_model.h"

namespace pdmp::methods {
namespace {

using namespace testing;  // pdmp::testing

// z = theta x with theta = (2, 1), W = [[1, -1], [0, 2]], b = (.5, 0).
std::shared_ptr<Model> two_scalars(double theta_2 = 1) {
  auto model = scalar_model();
  const torch::NoGradGuard no_grad;
  theta(*model, 0).fill_(2);
  theta(*model, 1).fill_(theta_2);
  head_block(*model, 0).copy_(at::tensor({1.0, 0.0}, at::kDouble).reshape({2, 1}));
  head_block(*model, 1).copy_(at::tensor({-1.0, 2.0}, at::kDouble).reshape({2, 1}));
  head_bias(*model).copy_(at::tensor({.5, 0.0}, at::kDouble));
  return model;
}

Batch ones() {
  return full_batch({at::ones({1, 1}, at::kDouble), at::ones({1, 1}, at::kDouble)}, at::zeros({1}, at::kLong));
}

void expect_values(const Tensor& tensor, const std::vector<double>& expected, double tolerance = 1e-4) {
  ASSERT_TRUE(tensor.defined());
  const Tensor flat = tensor.detach().flatten();
  ASSERT_EQ(flat.size(0), static_cast<int64_t>(expected.size()));
  for (size_t i = 0; i < expected.size(); ++i)
    EXPECT_NEAR(flat[static_cast<int64_t>(i)].item<double>(), expected[i], tolerance) << i;
}

TEST(Dgl, PaperNumbers) {
  const auto model = two_scalars();
  const auto dgl = method("dgl");
  const Outputs outputs = dgl->forward(*model, ones(), Mode::train);
  expect_values(outputs.fused, {1.5, 2.0}, 1e-12);
  expect_values(outputs.unimodal[0], {2.5, 0}, 1e-12);
  expect_values(outputs.unimodal[1], {-.5, 2.0}, 1e-12);
  MethodAtWork run(model, dgl, {}, ones());
  run.watched.before = [&] {
    expect_values(head_block(*model, 0).grad(), {-1.2449, 1.2449});
    expect_values(head_block(*model, 1).grad(), {-.6225, .6225});
    expect_values(head_bias(*model).grad(), {-.6225, .6225});
    expect_values(theta(*model, 0).grad(), {-.3034});
    expect_values(theta(*model, 1).grad(), {11.0897});
  };
  const Loss loss = run.train(ones());
  ASSERT_EQ(loss.parts.size(), 3u);
  EXPECT_NEAR(loss.parts[0].second.item<double>(), .974077, 1e-6);
  EXPECT_NEAR(loss.parts[1].second.item<double>(), .078890, 1e-6);
  EXPECT_NEAR(loss.parts[2].second.item<double>(), 2.578890, 1e-6);
  EXPECT_NEAR(loss.total.item<double>(), .974077 + 4 * (.078890 + 2.578890), 1e-5);
}

TEST(Dgl, JointWouldMixThem) {
  const auto model = two_scalars();
  MethodAtWork run(model, method("joint"), {}, ones());
  run.watched.before = [&] {
    expect_values(theta(*model, 0).grad(), {-.6225});
    expect_values(theta(*model, 1).grad(), {1.8674});
  };
  run.train(ones());
}

TEST(Dgl, AnEncoderKnowsNothingOfTheOther) {
  std::vector<double> gradients;
  for (const double theta_2 : {1.0, 3.0}) {
    const auto model = two_scalars(theta_2);
    MethodAtWork run(model, method("dgl"), {}, ones());
    run.watched.before = [&] { gradients.push_back(theta(*model, 0).grad().item<double>()); };
    run.train(ones());
  }
  EXPECT_EQ(gradients[0], gradients[1]);
}

TEST(Dgl, EvaluationIsThePlainModel) {
  const auto model = two_scalars();
  const Outputs outputs = method("dgl")->forward(*model, ones(), Mode::evaluate);
  expect_values(outputs.fused, {1.5, 2.0}, 1e-12);
  expect_values(outputs.unimodal[0], {2.25, 0}, 1e-12);
}

std::shared_ptr<Model> vector_model(const std::string& fusion, int64_t modalities) {
  ModelOptions options;
  options.fusion = fusion;
  std::vector<ModalityInfo> infos;
  for (int64_t m = 0; m < modalities; ++m)
    infos.push_back({.name = std::string(1, static_cast<char>('a' + m)), .type = "vector", .shape = {3}});
  auto model = std::make_shared<Model>(infos, 3, options, 3);
  model->to(at::kDouble);
  return model;
}

Batch vector_batch(int64_t modalities) {
  std::vector<Tensor> inputs;
  for (int64_t m = 0; m < modalities; ++m)
    inputs.push_back(at::sin(at::arange(18, at::kDouble).square() * .37 + m).reshape({6, 3}));
  return full_batch(inputs, at::tensor({0, 1, 2, 2, 1, 0}, at::kLong));
}

// The same in two passes, as the release does it: own losses, then the fused loss for the fusion alone.
void expect_two_pass_gradients(Model& model, const Batch& batch, bool linear) {
  const Outputs outputs = model.forward(batch, true);
  Tensor own;
  for (int64_t m = 0; m < model.modalities(); ++m) {
    std::vector<Feature> alone = outputs.features;
    Tensor present = at::zeros_like(batch.present);
    present.select(1, m).fill_(true);
    for (int64_t n = 0; n < model.modalities(); ++n) {
      auto& pooled = alone[static_cast<size_t>(n)].pooled;
      if (n != m) pooled = at::zeros_like(pooled);
    }
    const Tensor logits = linear ? model.fuse(alone, present) : outputs.unimodal[static_cast<size_t>(m)];
    const Tensor loss = 4 * torch::nn::functional::cross_entropy(logits, batch.labels);
    own = own.defined() ? own + loss : loss;
  }
  const Tensor fused = torch::nn::functional::cross_entropy(outputs.fused, batch.labels);
  for (const OwnedParameter& parameter : model.ownership()) {
    const Tensor expected = torch::autograd::grad({parameter.in_encoder ? own : fused}, {parameter.value}, {}, true)[0];
    ASSERT_TRUE(parameter.value.grad().defined()) << parameter.name;
    EXPECT_TRUE(at::allclose(parameter.value.grad(), expected, 1e-9, 1e-12)) << parameter.name;
  }
}

TEST(Dgl, OneBackwardIsTheReleasesTwo) {
  for (const std::string fusion : {"concat", "sum", "gated", "film_bilinear", "film_symmetric"}) {
    for (const int64_t modalities : {2, 3}) {
      if (modalities == 3 && (fusion == "gated" || fusion == "film_bilinear")) continue;
      SCOPED_TRACE(fusion);
      const auto model = vector_model(fusion, modalities);
      const Batch batch = vector_batch(modalities);
      MethodAtWork run(model, method("dgl"), {}, batch);
      run.watched.before = [&] { expect_two_pass_gradients(*model, batch, fusion == "concat" || fusion == "sum"); };
      run.train(batch);
      for (const Tensor& parameter : model->parameters()) EXPECT_TRUE(parameter.requires_grad());
    }
  }
}

TEST(Dgl, AlphaZeroLeavesOnlyDecayToTheEncoders) {
  OptimizerOptions options;
  options.weight_decay = 0;
  const auto model = vector_model("concat", 2);
  MethodAtWork run(model, method("dgl", {{"alpha", "0"}}), options, vector_batch(2));
  std::vector<Tensor> before;
  for (const Tensor& parameter : model->modality_parameters(0)) before.push_back(parameter.detach().clone());
  const Tensor head = head_block(*model, 0).detach().clone();
  run.train(vector_batch(2));
  EXPECT_EQ(largest_difference(before, model->modality_parameters(0)), 0);
  EXPECT_FALSE(at::equal(head, head_block(*model, 0)));
}

TEST(Dgl, AbsentModalities) {
  Batch batch = vector_batch(2);
  batch.present[0][1] = false;
  const auto some = vector_model("concat", 2);
  MethodAtWork run(some, method("dgl"), {}, batch);
  EXPECT_TRUE(run.train(batch).total.isfinite().item<bool>());
  batch.present.select(1, 1).fill_(false);
  EXPECT_EQ(run.train(batch).parts.size(), 2u);
  for (const Tensor& parameter : some->modality_parameters(1)) EXPECT_FALSE(parameter.grad().defined());
  for (const Tensor& parameter : some->parameters()) EXPECT_TRUE(parameter.isfinite().all().item<bool>());
}

TEST(Dgl, FrozenParametersStayFrozen) {
  const auto model = vector_model("concat", 2);
  head_bias(*model).requires_grad_(false);
  MethodAtWork run(model, method("dgl"), {}, vector_batch(2));
  run.train(vector_batch(2));
  EXPECT_FALSE(head_bias(*model).requires_grad());
  EXPECT_TRUE(head_block(*model, 0).requires_grad());
}

TEST(Dgl, OneModalityIsJointBitForBit) {
  std::vector<std::vector<Tensor>> results;
  for (const char* name : {"joint", "dgl"}) {
    const auto model = vector_model("concat", 1);
    MethodAtWork run(model, method(name), {}, vector_batch(1));
    for (int step = 0; step < 3; ++step) run.train(vector_batch(1));
    results.push_back(copies(*model));
    EXPECT_EQ(run.method().notes().size(), std::string(name) == "joint" ? 0u : 1u);
  }
  EXPECT_EQ(largest_difference(results[0], results[1]), 0);
}

}  // namespace
}  // namespace pdmp::methods

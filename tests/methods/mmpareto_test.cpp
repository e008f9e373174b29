// Which gradients MMPareto merges; the numbers of the merger are in merged_gradient_test.cpp.
#include "methods/mmpareto.h"

#include <gmock/gmock.h>
#include <torch/autograd.h>
#include <torch/nn/functional/loss.h>

#include "methods/parts/unimodal_heads.h"
#include "methods/toy_model.h"

namespace pdmp::methods {
namespace {

using namespace testing;  // pdmp::testing

std::shared_ptr<Model> vector_model(int64_t modalities = 2, std::map<std::string, std::string> encoders = {}) {
  ModelOptions options;
  options.encoders = std::move(encoders);
  std::vector<ModalityInfo> infos;
  for (int64_t m = 0; m < modalities; ++m)
    infos.push_back({.name = std::string(1, static_cast<char>('a' + m)), .type = "vector", .shape = {3}});
  auto model = std::make_shared<Model>(infos, 3, options, 3);
  model->to(at::kDouble);
  return model;
}

Batch vector_batch(int64_t modalities = 2) {
  std::vector<Tensor> inputs;
  for (int64_t m = 0; m < modalities; ++m)
    inputs.push_back(at::sin(at::arange(18, at::kDouble).square() * .37 + m).reshape({6, 3}));
  return full_batch(inputs, at::tensor({0, 1, 2, 2, 1, 0}, at::kLong));
}

struct Prepared {
  std::unique_ptr<MethodAtWork> run;
  std::shared_ptr<UnimodalHeads> heads;  // a copy of the method's
};

Prepared prepared(const std::shared_ptr<Model>& model, const std::shared_ptr<Method>& how, const Batch& batch) {
  torch::manual_seed(5);
  const auto heads = std::make_shared<UnimodalHeads>(*model);
  torch::manual_seed(5);
  return {std::make_unique<MethodAtWork>(model, how, OptimizerOptions{}, batch), heads};
}

// Gradients of the fused loss and of each modality's own, by themselves.
struct Apart {
  std::vector<Tensor> parameters, fused, own;
};

Apart apart(Model& model, UnimodalHeads& heads, const Batch& batch, int64_t m) {
  Apart result;
  result.parameters = model.modality_parameters(m);
  const Outputs outputs = model.forward(batch, false);
  const auto gradients = [&](const Tensor& logits) {
    const Tensor loss = torch::nn::functional::cross_entropy(logits, batch.labels);
    return torch::autograd::grad({loss}, result.parameters, {}, /*retain_graph=*/true);
  };
  result.fused = gradients(outputs.fused);
  result.own = gradients(heads.logits(outputs.features)[static_cast<size_t>(m)]);
  return result;
}

TEST(MmPareto, MergesPerEncoder) {
  for (const MmParetoRescale rescale : {MmParetoRescale::per_tensor, MmParetoRescale::per_encoder}) {
    for (const int64_t modalities : {2, 3}) {
      const auto model = vector_model(modalities);
      const Batch batch = vector_batch(modalities);
      Prepared at_work = prepared(model, method("mmpareto", {{"rescale", choice_name(rescale)}}), batch);
      std::vector<Apart> expected;
      for (int64_t m = 0; m < modalities; ++m) expected.push_back(apart(*model, *at_work.heads, batch, m));
      at_work.run->watched.before = [&] {
        for (const Apart& encoder : expected) {
          const std::vector<Tensor> merged = merge_gradients(encoder.fused, encoder.own, 1.5, rescale).tensors;
          for (size_t t = 0; t < merged.size(); ++t)
            EXPECT_TRUE(at::allclose(encoder.parameters[t].grad(), merged[t], 1e-9, 1e-12)) << t;
        }
      };
      at_work.run->train(batch);
    }
  }
}

TEST(MmPareto, TheFusionLearnsFromTheFusedLossOnly) {
  const Batch batch = vector_batch();
  std::vector<std::vector<Tensor>> seen;
  for (const char* name : {"joint", "mmpareto"}) {
    const auto model = vector_model();
    MethodAtWork run(model, method(name), {}, batch);
    run.watched.before = [&] {
      seen.emplace_back();
      for (const OwnedParameter& parameter : model->ownership()) {
        if (!parameter.in_encoder) seen.back().push_back(parameter.value.grad().clone());
      }
    };
    run.train(batch);
  }
  EXPECT_LT(largest_difference(seen[0], seen[1]), 1e-12);
}

TEST(MmPareto, HeadsLearnFromTheirOwnLoss) {
  const auto model = vector_model();
  const auto pareto = method("mmpareto");
  const Batch batch = vector_batch();
  OptimizerOptions options;
  MethodAtWork run(model, pareto, options, batch);
  std::vector<ParameterGroup> groups = pareto->parameter_groups(*model, options);
  ASSERT_EQ(groups.back().name, "heads");
  ASSERT_EQ(groups.back().parameters.size(), 4u);
  const Tensor before = groups.back().parameters[0].detach().clone();
  const Loss loss = run.train(batch);
  EXPECT_FALSE(at::equal(before, groups.back().parameters[0]));
  ASSERT_EQ(loss.parts.size(), 3u);
  EXPECT_EQ(loss.parts[0].first, "fused");
  EXPECT_EQ(loss.parts[1].first, "unimodal_a");
  double sum = 0;
  for (const auto& part : loss.parts) sum += part.second.item<double>();
  EXPECT_NEAR(loss.total.item<double>(), sum, 1e-12);
  for (const std::string name : {"score/a", "weight/b", "conflict/a", "ratio/b"}) {
    EXPECT_EQ(run.log().count(name), 1u) << name;
  }
}

TEST(MmPareto, ASharedEncoderGetsThePlainSum) {
  const auto model = vector_model(2, {{"b", "@a"}});
  const Batch batch = vector_batch();
  Prepared at_work = prepared(model, method("mmpareto"), batch);
  std::vector<Tensor> parameters;
  for (const OwnedParameter& parameter : model->ownership()) {
    if (parameter.in_encoder) parameters.push_back(parameter.value);
  }
  const Outputs outputs = model->forward(batch, false);
  Tensor loss = torch::nn::functional::cross_entropy(outputs.fused, batch.labels);
  for (const Tensor& logits : at_work.heads->logits(outputs.features))
    loss = loss + torch::nn::functional::cross_entropy(logits, batch.labels);
  const std::vector<Tensor> expected = torch::autograd::grad({loss}, parameters);
  at_work.run->watched.before = [&] {
    for (size_t t = 0; t < parameters.size(); ++t)
      EXPECT_TRUE(at::allclose(parameters[t].grad(), expected[t], 1e-9, 1e-12)) << t;
  };
  at_work.run->train(batch);
}

TEST(MmPareto, AbsentModalitiesLeaveTheirEncoderAlone) {
  const auto model = vector_model();
  Batch batch = vector_batch();
  batch.present.select(1, 1).fill_(false);
  MethodAtWork run(model, method("mmpareto"), {}, batch);
  run.watched.before = [&] {
    for (const Tensor& parameter : model->modality_parameters(0)) EXPECT_TRUE(parameter.grad().defined());
    for (const Tensor& parameter : model->modality_parameters(1)) EXPECT_FALSE(parameter.grad().defined());
  };
  const Loss loss = run.train(batch);
  EXPECT_EQ(loss.parts.size(), 2u);
  for (const Tensor& parameter : model->parameters()) EXPECT_TRUE(parameter.isfinite().all().item<bool>());
}

TEST(MmPareto, AFrozenEncoderStaysSo) {
  const auto model = vector_model();
  for (const Tensor& parameter : model->modality_parameters(0)) Tensor(parameter).requires_grad_(false);
  const std::vector<Tensor> before = copies(*model);
  MethodAtWork run(model, method("mmpareto"), {}, vector_batch());
  run.train(vector_batch());
  for (const Tensor& parameter : model->modality_parameters(0)) EXPECT_FALSE(parameter.grad().defined());
  EXPECT_GT(largest_difference(before, copies(*model)), 0);
}

TEST(MmPareto, OneModalityIsJointBitForBit) {
  std::vector<std::vector<Tensor>> results;
  for (const char* name : {"joint", "mmpareto"}) {
    const auto model = vector_model(1);
    MethodAtWork run(model, method(name), {}, vector_batch(1));
    for (int step = 0; step < 3; ++step) run.train(vector_batch(1));
    results.push_back(copies(*model));
    EXPECT_EQ(run.method().notes().size(), std::string(name) == "joint" ? 0u : 1u);
  }
  EXPECT_EQ(largest_difference(results[0], results[1]), 0);
}

}  // namespace
}  // namespace pdmp::methods

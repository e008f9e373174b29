#include <cmath>
#include <gmock/gmock.h>

#include "methods/branch_fixture.h"
#include "methods/toy_model.h"
#include "support/expect_error.h"

namespace pdmp::methods {
namespace {

using ::testing::ElementsAre;
using namespace testing;  // pdmp::testing

constexpr const char* kNames[] = {"a", "v", "t"};

std::shared_ptr<Model> mlps(const std::vector<std::string>& names, int64_t width, int64_t classes,
                            const std::string& fusion = "concat") {
  std::vector<ModalityInfo> infos;
  ModelOptions options;
  options.fusion = fusion;
  for (const std::string& name : names) {
    infos.push_back({name, "vector", {width}});
    options.encoders[name] = "mlp:hidden=" + std::to_string(width);
  }
  auto model = std::make_shared<Model>(infos, classes, options, 5);
  model->to(at::kDouble);
  return model;
}

const std::vector<Tensor>& heads_of(MethodAtWork& run) {
  EXPECT_EQ(run.optimizer().groups().back().name, "heads");
  return run.optimizer().groups().back().parameters;
}

// Encoders and heads are identities (for x >= 0): a modality's logits are its input.
struct Identities {
  explicit Identities(size_t modalities, const std::vector<std::pair<std::string, std::string>>& settings = {})
      : model(mlps({kNames, kNames + modalities}, 2, 2)),
        batch(full_batch(branch_logits(modalities), branch_labels())),
        run(model, method("unimodal_ensemble", settings), {}, batch) {
    const torch::NoGradGuard no_grad;
    for (const OwnedParameter& parameter : model->ownership()) {
      if (parameter.in_encoder) set(parameter.value);
    }
    for (const Tensor& parameter : heads_of(run)) set(parameter);
  }
  static void set(Tensor value) { value.dim() == 2 ? value.copy_(at::eye(2, at::kDouble)) : value.zero_(); }
  Outputs evaluate() { return run.method().forward(*model, batch, Mode::evaluate); }

  std::shared_ptr<Model> model;
  Batch batch;
  MethodAtWork run;
};

// Probabilities of the first class in row 0: .880797 (a), .731059 (v).
TEST(UnimodalEnsemble, PredictsTheMeanOfTheProbabilities) {
  Identities two(2);
  const Outputs outputs = two.evaluate();
  ASSERT_EQ(outputs.unimodal.size(), 2u);
  EXPECT_TRUE(at::allclose(outputs.unimodal[1], two.batch.inputs[1]));
  EXPECT_NEAR(outputs.fused[0][0].item<double>(), std::log((.880797 + .731059) / 2), 1e-6);
  EXPECT_NEAR(outputs.fused[1][1].item<double>(), std::log((.731059 + .268941) / 2), 1e-6);
  EXPECT_TRUE(at::allclose(outputs.fused.exp().sum(1), at::ones(2, at::kDouble)));
}

TEST(UnimodalEnsemble, OrTheMeanOfTheLogits) {
  Identities three(3, {{"average", "logits"}});
  const Tensor mean = (three.batch.inputs[0] + three.batch.inputs[1] + three.batch.inputs[2]) / 3;
  EXPECT_TRUE(at::allclose(three.evaluate().fused, mean));
}

TEST(UnimodalEnsemble, OnlyPresentModalitiesCount) {
  for (const char* average : {"probabilities", "logits"}) {
    Identities two(2, {{"average", average}});
    two.batch.present = at::tensor({1, 0, 0, 0}).reshape({2, 2}).to(at::kBool);
    const Tensor first = two.evaluate().fused.softmax(1);
    EXPECT_NEAR(first[0][0].item<double>(), .880797, 1e-6) << average;
    EXPECT_NEAR(first[1][0].item<double>(), .5, 1e-12) << average;  // has nothing: no class is likelier
    two.batch.inputs[1].fill_(1e6);
    EXPECT_TRUE(two.evaluate().fused.softmax(1).equal(first)) << average;
  }
}

TEST(UnimodalEnsemble, SumsTheLosses) {
  Identities two(2);
  const Loss loss = two.run.train(two.batch);
  ASSERT_EQ(loss.parts.size(), 3u);
  EXPECT_EQ(loss.parts[0].first, "fused");
  EXPECT_NEAR(loss.parts[1].second.item<double>(), .220095, 1e-6);
  EXPECT_NEAR(loss.parts[2].second.item<double>(), .813262, 1e-6);
  EXPECT_NEAR(loss.total.item<double>(), .220095 + .813262, 2e-6);
  EXPECT_EQ(two.run.log().at("acc/a"), 1);
  EXPECT_EQ(two.run.log().at("acc/v"), .5);
}

Batch random_batch(int step, size_t modalities) {
  std::vector<Tensor> inputs;
  for (size_t m = 0; m < modalities; ++m) {
    const Tensor values = at::arange(24, at::kDouble).reshape({6, 4});
    inputs.push_back(at::sin(values * values * .37 + static_cast<double>(m) + step));
  }
  return full_batch(inputs, at::tensor({0, 1, 2, 2, 1, 0}, at::kLong));
}

// Modality m trained alone by `joint`, its head starting where `start` is; the encoder starts where a seed says.
std::vector<Tensor> trained_alone(size_t m, const std::vector<Tensor>& start, const OptimizerOptions& options) {
  const auto model = mlps({kNames[m]}, 4, 3);
  {
    const torch::NoGradGuard no_grad;
    head_block(*model, 0).copy_(start[0]);
    head_bias(*model).copy_(start[1]);
  }
  const auto only = [m](Batch batch) {
    batch.inputs = {batch.inputs[m]};
    batch.present = batch.present.slice(1, 0, 1).contiguous();
    return batch;
  };
  MethodAtWork run(model, method("joint"), options, only(random_batch(0, 3)));
  for (int step = 0; step < 5; ++step) run.train(only(random_batch(step, 3)));
  return copies(*model);
}

TEST(UnimodalEnsemble, IsSeparateTrainingsFromTheSameBatches) {
  OptimizerOptions options;
  options.lr = .05;
  const auto model = mlps({"a", "v", "t"}, 4, 3);
  MethodAtWork run(model, method("unimodal_ensemble"), options, random_batch(0, 3));
  std::vector<Tensor> start;
  for (const Tensor& parameter : heads_of(run)) start.push_back(parameter.detach().clone());
  for (int step = 0; step < 5; ++step) run.train(random_batch(step, 3));
  for (size_t m = 0; m < 3; ++m) {
    std::vector<Tensor> together = model->modality_parameters(static_cast<int64_t>(m));
    together.push_back(heads_of(run)[2 * m]);
    together.push_back(heads_of(run)[2 * m + 1]);
    const std::vector<Tensor> alone = trained_alone(m, {start[2 * m], start[2 * m + 1]}, options);
    ASSERT_EQ(together.size(), alone.size());
    EXPECT_LT(largest_difference(together, alone), 1e-12) << m;
    EXPECT_GT((start[2 * m] - alone[alone.size() - 2]).abs().max().item<double>(), 1e-4) << m;
  }
}

TEST(UnimodalEnsemble, TheFusionIsNotTrained) {
  const auto model = mlps({"a", "v"}, 4, 3);
  const auto ensemble = method("unimodal_ensemble");
  MethodAtWork run(model, ensemble, {}, random_batch(0, 2));
  run.watched.before = [&] {
    for (const OwnedParameter& parameter : model->ownership()) {
      EXPECT_EQ(ensemble->trains(parameter), parameter.in_encoder) << parameter.name;
      EXPECT_EQ(parameter.value.grad().defined(), parameter.in_encoder) << parameter.name;
    }
  };
  run.train(random_batch(0, 2));
  expect_error(ErrorKind::usage, {"unimodal_ensemble", "`fusion` concat or sum"}, [] {
    MethodAtWork(mlps({"a", "v"}, 4, 3, "gated"), method("unimodal_ensemble"), {}, random_batch(0, 2));
  });
}

TEST(UnimodalEnsemble, AbsentModalities) {
  const auto model = mlps({"a", "v", "t"}, 4, 3);
  MethodAtWork run(model, method("unimodal_ensemble"), {}, random_batch(0, 3));
  Batch batch = random_batch(0, 3);
  batch.inputs[2].zero_();
  EXPECT_TRUE(run.train(batch).total.isfinite().item<bool>());
  batch.present.select(1, 1).fill_(false);
  EXPECT_EQ(run.train(batch).parts.size(), 3u);
  for (const Tensor& parameter : model->modality_parameters(1)) EXPECT_FALSE(parameter.grad().defined());
  batch.present.fill_(false);
  EXPECT_EQ(run.train(batch).total.item<double>(), 0);
  for (const Tensor& parameter : model->parameters()) EXPECT_TRUE(parameter.isfinite().all().item<bool>());
}

TEST(UnimodalEnsemble, OneModalityIsJointBitForBit) {
  std::vector<std::vector<Tensor>> results;
  for (const char* name : {"joint", "unimodal_ensemble"}) {
    const auto model = mlps({"a"}, 4, 3);
    MethodAtWork run(model, method(name), {}, random_batch(0, 1));
    for (int step = 0; step < 3; ++step) run.train(random_batch(step, 1));
    results.push_back(copies(*model));
    if (std::string(name) == "joint") continue;
    EXPECT_THAT(run.method().notes(), ElementsAre("one modality ('a'): unimodal_ensemble is joint training"));
  }
  EXPECT_EQ(largest_difference(results[0], results[1]), 0);
}

}  // namespace
}  // namespace pdmp::methods

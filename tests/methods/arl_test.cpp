// Formulas from methods-collaborative 6.1 and 6.2; the numbers of 6.5 are in asymmetry_test.cpp.
#include "methods/arl.h"

#include <cmath>
#include <gmock/gmock.h>
#include <torch/autograd.h>
#include <torch/nn/functional/loss.h>

#include "methods/toy_model.h"
#include "methods/vector_model.h"
#include "support/expect_error.h"

namespace pdmp::methods {
namespace {

using ::testing::ElementsAre;
using namespace testing;  // pdmp::testing

using Settings = std::vector<std::pair<std::string, std::string>>;

constexpr int64_t kActive = 6;  // the first epoch of the default start

// Fused logits with all modalities but m missing, whole bias included: what a linear head says of m.
Tensor alone(Model& model, const Outputs& outputs, const Tensor& present, int64_t m) {
  std::vector<Feature> features = outputs.features;
  for (size_t n = 0; n < features.size(); ++n) {
    if (static_cast<int64_t>(n) != m) features[n].pooled = at::zeros_like(features[n].pooled);
  }
  Tensor here = at::zeros_like(present);
  here.select(1, m).copy_(present.select(1, m));
  return model.fuse(features, here);
}

struct Reference {
  Tensor loss;
  std::vector<double> weights;  // k of the defaults
};

Reference reference(Model& model, const Batch& batch, double gamma, double temperature = 8) {
  const Outputs outputs = model.forward(batch, false);
  Reference result{torch::nn::functional::cross_entropy(outputs.fused, batch.labels), {}};
  std::vector<Tensor> logits;
  for (int64_t m = 0; m < model.modalities(); ++m) {
    logits.push_back(alone(model, outputs, batch.present, m));
    result.loss = result.loss + gamma * torch::nn::functional::cross_entropy(logits.back(), batch.labels);
  }
  AsymmetryRule rule;
  rule.temperature = temperature;
  result.weights = asymmetry(logits, batch.present, rule).weight;
  return result;
}

// Gradients after modulation are those of `loss`, times factors[m] for encoder m.
void expect_gradients(const Model& model, const Tensor& loss, const std::vector<double>& factors) {
  for (const OwnedParameter& parameter : model.ownership()) {
    const Tensor expected = torch::autograd::grad({loss}, {parameter.value}, {}, /*retain_graph=*/true)[0];
    const double factor = parameter.in_encoder ? factors[static_cast<size_t>(*parameter.owner)] : 1;
    ASSERT_TRUE(parameter.value.grad().defined()) << parameter.name;
    EXPECT_TRUE(at::allclose(parameter.value.grad(), expected * factor, 1e-9, 1e-12)) << parameter.name;
  }
}

TEST(Arl, UpToStartItIsTheSumOfAllLosses) {
  for (const int64_t modalities : {2, 3}) {
    const auto model = vector_model("concat", modalities);
    const Batch batch = vector_batch(modalities);
    MethodAtWork run(model, method("arl"), {}, batch);
    run.state.epoch = kActive - 1;
    run.watched.after = [&] { expect_gradients(*model, reference(*model, batch, 1).loss, std::vector<double>(3, 1)); };
    const Loss loss = run.train(batch);
    EXPECT_EQ(loss.parts.size(), static_cast<size_t>(modalities) + 1);
    EXPECT_EQ(run.log().at("coef/a"), 1);
  }
}

TEST(Arl, ThenEncodersGrowByTheirWeights) {
  for (const std::string fusion : {"concat", "sum"}) {
    for (const int64_t modalities : {2, 3}) {
      const auto model = vector_model(fusion, modalities);
      const Batch batch = vector_batch(modalities);
      MethodAtWork run(model, method("arl", {{"gamma", "3"}, {"temperature", "4"}}), {}, batch);
      run.state.epoch = kActive;
      std::vector<double> factors;
      run.watched.after = [&] {
        const Reference expected = reference(*model, batch, 3, 4);
        for (const double weight : expected.weights) factors.push_back(1 + weight);
        expect_gradients(*model, expected.loss, factors);
      };
      run.train(batch);
      ASSERT_EQ(factors.size(), static_cast<size_t>(modalities));
      EXPECT_NEAR(run.log().at("coef/b"), factors[1], 1e-12);
      EXPECT_NEAR(run.log().at("ratio/b"), factors[1] - 1, 1e-12);
    }
  }
}

std::vector<double> coefficients(const Settings& settings, int64_t steps = 1) {
  const auto model = vector_model("concat", 2);
  MethodAtWork run(model, method("arl", settings), {}, vector_batch(2));
  run.state.epoch = kActive;
  for (int64_t step = 0; step < steps; ++step) run.train(vector_batch(2, step));
  return {run.log().at("coef/a"), run.log().at("coef/b"), run.log().at("ratio/a"), run.log().at("ratio/b")};
}

TEST(Arl, FormsOfTheFactor) {
  const std::vector<double> times = coefficients({{"scale-form", "times"}});
  EXPECT_NEAR(times[0], 2 * times[2], 1e-12);
  EXPECT_NEAR(times[1], 2 * times[3], 1e-12);
  EXPECT_NEAR(times[0] + times[1], 2, 1e-12);
  const std::vector<double> even = coefficients({{"temperature", "0"}});
  EXPECT_NEAR(even[0], 1.5, 1e-12);
  EXPECT_NE(coefficients({{"variance", "inverse_mean"}})[2], coefficients({})[2]);
  EXPECT_NE(coefficients({{"ratio", "own"}})[2], coefficients({})[2]);
}

// The release's layout: what a step finds out counts in the next one, and 1 / 2 before there was any.
TEST(Arl, NextStep) {
  const std::vector<double> first = coefficients({{"applied", "next_step"}});
  const std::vector<double> second = coefficients({{"applied", "next_step"}}, 2);
  EXPECT_EQ(first[0], 1.5);
  EXPECT_EQ(first[1], 1.5);
  EXPECT_NEAR(second[0], 1 + first[2], 1e-12);
  EXPECT_NEAR(second[1], 1 + first[3], 1e-12);
}

TEST(Arl, StateIsSaved) {
  std::vector<Tensor> results[2];
  for (const bool interrupted : {false, true}) {
    const auto model = vector_model("concat", 2);
    auto arl = method("arl", {{"applied", "next_step"}});
    auto run = std::make_unique<MethodAtWork>(model, arl, OptimizerOptions{}, vector_batch(2));
    run->state.epoch = kActive;
    run->train(vector_batch(2));
    Archive state, momentum;
    arl->save(state);
    run->optimizer().save(momentum);
    if (interrupted) {
      arl = method("arl", {{"applied", "next_step"}});
      run = std::make_unique<MethodAtWork>(model, arl, OptimizerOptions{}, vector_batch(2));
      run->state.epoch = kActive;
      arl->load(state);
      run->optimizer().load(momentum);
    }
    run->train(vector_batch(2, 1));
    results[interrupted ? 1 : 0] = copies(*model);
  }
  EXPECT_EQ(largest_difference(results[0], results[1]), 0);
  Archive other;
  other.values["weights"] = std::vector<double>{1, 2, 3};
  const auto model = vector_model("concat", 2);
  MethodAtWork run(model, method("arl"), {}, vector_batch(2));
  expect_error(ErrorKind::data, {"arl's weights of 3 modalities"}, [&] { run.method().load(other); });
}

TEST(Arl, EveryFusion) {
  for (const std::string fusion : {"gated", "film_bilinear", "film_symmetric", "gated_symmetric"}) {
    const auto model = vector_model(fusion, 2);
    MethodAtWork run(model, method("arl"), {}, vector_batch(2));
    run.state.epoch = kActive;
    EXPECT_TRUE(std::isfinite(run.train(vector_batch(2)).total.item<double>())) << fusion;
    for (const Tensor& parameter : model->parameters()) EXPECT_TRUE(parameter.isfinite().all().item<bool>()) << fusion;
  }
}

TEST(Arl, EvaluationIsThePlainModel) {
  const auto model = vector_model("concat", 2);
  const Outputs outputs = method("arl")->forward(*model, vector_batch(2), Mode::evaluate);
  const Outputs plain = model->forward(vector_batch(2), true);
  EXPECT_TRUE(at::equal(outputs.fused, plain.fused));
  EXPECT_TRUE(at::equal(outputs.unimodal.at(1), plain.unimodal.at(1)));
}

TEST(Arl, AbsentAndConstantModalities) {
  const auto model = vector_model("concat", 3);
  Batch batch = vector_batch(3);
  batch.inputs[2].zero_();
  MethodAtWork run(model, method("arl"), {}, batch);
  run.state.epoch = kActive;
  EXPECT_TRUE(run.train(batch).total.isfinite().item<bool>());
  batch.present[0][1] = false;
  EXPECT_TRUE(run.train(batch).total.isfinite().item<bool>());
  batch.present.select(1, 2).fill_(false);
  EXPECT_EQ(run.train(batch).parts.size(), 3u);
  EXPECT_EQ(run.log().at("coef/c"), 1);
  EXPECT_NEAR(run.log().at("coef/a") + run.log().at("coef/b"), 3, 1e-12);
  batch.present.select(1, 1).fill_(false);
  run.train(batch);
  EXPECT_EQ(run.log().at("coef/a"), 1);  // nothing to compare it with
  for (const Tensor& parameter : model->parameters()) EXPECT_TRUE(parameter.isfinite().all().item<bool>());
}

TEST(Arl, OneModalityIsJointBitForBit) {
  std::vector<std::vector<Tensor>> results;
  for (const char* name : {"joint", "arl"}) {
    const auto model = vector_model("concat", 1);
    MethodAtWork run(model, method(name), {}, vector_batch(1));
    run.state.epoch = kActive;
    for (int step = 0; step < 3; ++step) run.train(vector_batch(1, step));
    results.push_back(copies(*model));
    if (std::string(name) == "joint") continue;
    EXPECT_THAT(run.method().notes(), ElementsAre("one modality ('a'): arl is joint training"));
  }
  EXPECT_EQ(largest_difference(results[0], results[1]), 0);
}

}  // namespace
}  // namespace pdmp::methods

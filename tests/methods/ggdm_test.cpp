// Formulas from methods-modulation 9; its numbers are in gradient_volume_test.cpp.
#include "methods/ggdm.h"

#include <cmath>
#include <gmock/gmock.h>
#include <torch/autograd.h>
#include <torch/nn/functional/linear.h>
#include <torch/nn/functional/loss.h>

#include "methods/toy_model.h"
#include "methods/vector_model.h"
#include "support/expect_error.h"

namespace pdmp::methods {
namespace {

using ::testing::ElementsAre;
using namespace testing;  // pdmp::testing

using Settings = std::vector<std::pair<std::string, std::string>>;

// Weight and bias of every head, in the order of the modalities.
const std::vector<Tensor>& heads_of(MethodAtWork& run) { return run.optimizer().groups().back().parameters; }

// The method computed anew, with plain autograd.
struct Reference {
  explicit Reference(MethodAtWork& run) : model(run.model()), heads(heads_of(run)) {
    features = model.forward(run.batch(), false).features;
    for (size_t m = 0; m < features.size(); ++m) {
      logits.push_back(torch::nn::functional::linear(features[m].pooled, heads[2 * m], heads[2 * m + 1]));
    }
    const Tensor mean = at::stack(logits).mean(0);
    fused = torch::nn::functional::cross_entropy(mean, run.batch().labels);
    Tensor q = at::zeros_like(mean);
    for (const Tensor& own : logits) q = q + own.softmax(1) / static_cast<double>(logits.size());
    alignment = at::zeros({}, at::kDouble);
    for (const Tensor& own : logits) {
      const Tensor divergence = (q * (q.log() - own.log_softmax(1))).sum(1).mean();
      alignment = alignment + divergence / static_cast<double>(logits.size());
    }
  }
  static std::vector<Tensor> gradients(const Tensor& loss, const std::vector<Tensor>& of) {
    return torch::autograd::grad({loss}, of, {}, /*retain_graph=*/true);
  }
  double volume(size_t n, size_t m, bool in_feature_space) const {
    if (in_feature_space) {
      const auto of = [&](const Tensor& loss, size_t i) { return gradients(loss, {features[i].pooled})[0]; };
      return unit_volume(of(alignment, n), of(fused, n), of(fused, m));
    }
    const auto of = [&](const Tensor& loss, size_t i) {
      return gradients(loss, model.modality_parameters(static_cast<int64_t>(i)));
    };
    const std::vector<Tensor> nothing(of(fused, m).size());
    return surrogate_volume(gradient_moments(of(alignment, n), of(fused, n)), gradient_moments(nothing, of(fused, m)));
  }
  std::vector<double> volumes(bool in_feature_space) const {
    std::vector<double> result;
    for (size_t m = 0; m < features.size(); ++m) {
      double sum = 0;
      for (size_t n = 0; n < features.size(); ++n) sum += n == m ? 0 : volume(n, m, in_feature_space);
      result.push_back(sum / static_cast<double>(features.size() - 1));
    }
    return result;
  }

  Model& model;
  std::vector<Tensor> heads;
  std::vector<Feature> features;
  std::vector<Tensor> logits;
  Tensor fused, alignment;
};

void expect_equal(const Tensor& found, const Tensor& expected, const std::string& what) {
  ASSERT_TRUE(found.defined()) << what;
  EXPECT_TRUE(at::allclose(found, expected, 1e-8, 1e-12)) << what;
}

void expect_update(MethodAtWork& run, bool in_feature_space, bool weighted) {
  const Reference reference(run);
  const Damping damped = damping(reference.volumes(in_feature_space), 0);
  for (size_t m = 0; m < reference.features.size(); ++m) {
    const std::string name = run.model().infos()[m].name;
    const double gain = m == 0 ? 1 : 2;
    const std::vector<Tensor> parameters = run.model().modality_parameters(static_cast<int64_t>(m));
    const std::vector<Tensor> s = Reference::gradients(reference.fused, parameters);
    const std::vector<Tensor> u = Reference::gradients(reference.alignment, parameters);
    for (size_t t = 0; t < parameters.size(); ++t) {
      expect_equal(parameters[t].grad(), 4 * (gain * damped.factor[m] * u[t] + s[t]), name);
    }
    const std::vector<Tensor> head = {reference.heads[2 * m], reference.heads[2 * m + 1]};
    const std::vector<Tensor> both = Reference::gradients(reference.fused + reference.alignment, head);
    const Tensor rows = weighted ? belief(reference.logits[m], 10) : at::ones({3}, at::kDouble);
    expect_equal(head[0].grad(), both[0] * rows.unsqueeze(1), "head of " + name);
    expect_equal(head[1].grad(), both[1] * rows, "bias of " + name);
    EXPECT_NEAR(run.log().at("damping/" + name), damped.factor[m], 1e-9);
    EXPECT_NEAR(run.log().at("ratio/" + name), damped.share[m], 1e-9);
  }
}

TEST(Ggdm, UpdateIsTheFormula) {
  for (const std::string space : {"param_surrogate", "feature"}) {
    for (const int64_t modalities : {2, 3}) {
      for (const int64_t epoch : {0, 1}) {
        SCOPED_TRACE(space + " " + std::to_string(modalities) + " " + std::to_string(epoch));
        const auto model = vector_model("concat", modalities);
        const Batch batch = vector_batch(modalities);
        MethodAtWork run(model, method("ggdm", {{"space", space}, {"threshold", "0"}}), {}, batch);
        run.state.epoch = epoch;
        run.watched.after = [&] { expect_update(run, space == "feature", epoch == 1); };
        const Loss loss = run.train(batch);
        ASSERT_EQ(loss.parts.size(), 2u);
        const double parts = loss.parts[0].second.item<double>() + loss.parts[1].second.item<double>();
        EXPECT_NEAR(loss.total.item<double>(), parts, 1e-12);
        EXPECT_EQ(run.method().coefficients(), std::vector<double>(static_cast<size_t>(modalities), 4));
      }
    }
  }
}

TEST(Ggdm, BelowTheThresholdNothingIsDamped) {
  MethodAtWork run(vector_model("sum", 2), method("ggdm", {{"threshold", "1e9"}}), {}, vector_batch(2));
  run.train(vector_batch(2));
  EXPECT_EQ(run.log().at("damping/a"), 1);
  EXPECT_EQ(run.log().at("damping/b"), 1);
}

// Neutral knobs: the mean of the heads, with the fused loss for the encoders.
TEST(Ggdm, WithoutGainsEncodersLearnFromTheFusedLoss) {
  const auto model = vector_model("concat", 2);
  const Settings neutral = {{"alignment-gains", "0"}, {"encoder-gain", "1"}, {"belief", "false"}};
  MethodAtWork run(model, method("ggdm", neutral), {}, vector_batch(2));
  run.watched.after = [&] {
    const Reference reference(run);
    for (const int64_t m : {0, 1}) {
      const std::vector<Tensor> parameters = model->modality_parameters(m);
      const std::vector<Tensor> expected = Reference::gradients(reference.fused, parameters);
      for (size_t t = 0; t < parameters.size(); ++t) expect_equal(parameters[t].grad(), expected[t], "encoder");
    }
  };
  run.train(vector_batch(2));
}

TEST(Ggdm, HeadsReplaceTheFusion) {
  const auto model = vector_model("concat", 2);
  MethodAtWork run(model, method("ggdm"), {}, vector_batch(2));
  run.watched.after = [&] {
    for (const OwnedParameter& parameter : model->ownership()) {
      EXPECT_EQ(run.method().trains(parameter), parameter.in_encoder) << parameter.name;
      EXPECT_EQ(parameter.value.grad().defined(), parameter.in_encoder) << parameter.name;
    }
  };
  run.train(vector_batch(2));
  const torch::NoGradGuard no_grad;
  const Outputs outputs = run.method().forward(*model, vector_batch(2), Mode::evaluate);
  const Reference reference(run);
  for (const size_t m : {0, 1}) expect_equal(outputs.unimodal.at(m), reference.logits[m], "unimodal");
  expect_equal(outputs.fused, (reference.logits[0] + reference.logits[1]) / 2, "fused");
}

TEST(Ggdm, LearningRatesCarryTheGainWhereAsked) {
  OptimizerOptions options;
  options.modulation = "lr";
  const auto model = vector_model("concat", 2);
  MethodAtWork run(model, method("ggdm"), options, vector_batch(2));
  run.watched.after = [&] {
    EXPECT_EQ(run.optimizer().next_step_scale(model->modality_parameters(0)[0]), 4);
    EXPECT_EQ(run.optimizer().next_step_scale(heads_of(run)[0]), 1);
  };
  run.train(vector_batch(2));
}

TEST(Ggdm, AbsentAndConstantModalities) {
  for (const std::string space : {"param_surrogate", "feature"}) {
    const auto model = vector_model("concat", 3);
    Batch batch = vector_batch(3);
    batch.inputs[2].zero_();
    MethodAtWork run(model, method("ggdm", {{"space", space}}), {}, batch);
    run.state.epoch = 1;
    EXPECT_TRUE(run.train(batch).total.isfinite().item<bool>());
    batch.present[0][1] = false;
    EXPECT_TRUE(run.train(batch).total.isfinite().item<bool>());
    batch.present.select(1, 2).fill_(false);
    batch.present.select(1, 1).fill_(false);
    run.watched.after = [&] {
      for (const Tensor& parameter : model->modality_parameters(2)) EXPECT_FALSE(parameter.grad().defined());
      EXPECT_FALSE(heads_of(run)[4].grad().defined());
    };
    EXPECT_TRUE(run.train(batch).total.isfinite().item<bool>());
    for (const Tensor& parameter : model->parameters()) EXPECT_TRUE(parameter.isfinite().all().item<bool>());
    for (const Tensor& parameter : heads_of(run)) EXPECT_TRUE(parameter.isfinite().all().item<bool>());
  }
}

TEST(Ggdm, WhatLiesInAnAbsentCellChangesNothing) {
  std::vector<std::vector<Tensor>> results;
  for (const double rubbish : {0.0, 1e6}) {
    const auto model = vector_model("concat", 2);
    Batch batch = vector_batch(2);
    batch.present[1][0] = false;
    batch.inputs[0][1].fill_(rubbish);
    at::manual_seed(5);
    MethodAtWork run(model, method("ggdm"), {}, batch);
    run.state.epoch = 1;
    for (int step = 0; step < 2; ++step) run.train(batch);
    results.push_back(copies(*model));
  }
  EXPECT_EQ(largest_difference(results[0], results[1]), 0);
}

TEST(Ggdm, OneModalityIsJointBitForBit) {
  std::vector<std::vector<Tensor>> results;
  for (const char* name : {"joint", "ggdm"}) {
    const auto model = vector_model("concat", 1);
    MethodAtWork run(model, method(name), {}, vector_batch(1));
    for (int step = 0; step < 3; ++step) run.train(vector_batch(1, step));
    results.push_back(copies(*model));
    if (std::string(name) == "joint") continue;
    EXPECT_THAT(run.method().notes(), ElementsAre("one modality ('a'): ggdm is joint training"));
    EXPECT_TRUE(run.method().trains(model->ownership().back()));
  }
  EXPECT_EQ(largest_difference(results[0], results[1]), 0);
}

TEST(Ggdm, RefusesWhatItCannotDo) {
  expect_error(ErrorKind::usage, {"ggdm has a head of its own", "`fusion` concat or sum"},
               [] { MethodAtWork(vector_model("gated", 2), method("ggdm"), {}, vector_batch(2)); });
  expect_error(ErrorKind::usage, {"`ggdm.space` feature", "'a' has 1 and 'v' 2", "param_surrogate"}, [] {
    ModelOptions options;
    options.encoders = {{"a", "mlp:hidden=1"}, {"v", "mlp:hidden=2"}};
    const std::vector<ModalityInfo> infos = {{"a", "vector", {1}}, {"v", "vector", {1}}};
    method("ggdm", {{"space", "feature"}})->extend(*std::make_shared<Model>(infos, 2, options, 0));
  });
  expect_error(ErrorKind::usage, {"--ggdm.alignment-gains"}, [] { method("ggdm", {{"alignment-gains", "1,-1"}}); });
}

}  // namespace
}  // namespace pdmp::methods

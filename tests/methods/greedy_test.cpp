// Rules from methods-modulation 11; its numbers are in learning_speed_test.cpp.
#include "methods/greedy.h"

#include <cmath>
#include <gmock/gmock.h>
#include <torch/autograd.h>
#include <torch/nn/functional/loss.h>

#include "methods/toy_model.h"
#include "models/fusion/mmtm.h"
#include "support/expect_error.h"

namespace pdmp::methods {
namespace {

using ::testing::ElementsAre;
using namespace testing;  // pdmp::testing

using Settings = std::vector<std::pair<std::string, std::string>>;

const std::string kOwnLate = "mmtm:width=2:share-late=false:heads=branch";

std::shared_ptr<Model> picture_model(int64_t modalities, const std::string& fusion = kOwnLate) {
  ModelOptions options;
  options.fusion = fusion;
  std::vector<ModalityInfo> infos;
  for (int64_t m = 0; m < modalities; ++m)
    infos.push_back({.name = std::string(1, static_cast<char>('a' + m)), .type = "image", .shape = {3, 16, 16}});
  auto model = std::make_shared<Model>(infos, 3, options, 3);
  model->to(at::kDouble);
  return model;
}

Batch picture_batch(int64_t modalities, int64_t step = 0) {
  std::vector<Tensor> inputs;
  for (int64_t m = 0; m < modalities; ++m) {
    const Tensor values = at::arange(4 * 3 * 16 * 16, at::kDouble).reshape({4, 3, 16, 16});
    inputs.push_back(at::sin(values.square() * 1e-3 + m + 2 * step));
  }
  return full_batch(inputs, at::tensor({0, 1, 2, 1}, at::kLong));
}

models::MmtmFusion& fusion_of(Model& model) { return dynamic_cast<models::MmtmFusion&>(model.fusion()); }

// Epoch 2, counted from 1: the first in which a branch may be held.
std::unique_ptr<MethodAtWork> training(const std::shared_ptr<Model>& model, const Settings& settings,
                                       int64_t epoch = 1) {
  OptimizerOptions options;
  options.lr = 1e-2;
  auto run =
      std::make_unique<MethodAtWork>(model, method("greedy", settings), options, picture_batch(model->modalities()));
  run->state.epoch = epoch;
  return run;
}

std::vector<double> held(MethodAtWork& run, int64_t modalities) {
  std::vector<double> result;
  for (const ModalityInfo& info : run.model().infos()) result.push_back(run.log().at("held/" + info.name));
  EXPECT_EQ(result.size(), static_cast<size_t>(modalities));
  return result;
}

TEST(Greedy, LossIsTheSumOfTheBranches) {
  const auto model = picture_model(2);
  const auto run = training(model, {});
  run->watched.before = [&] {
    const Batch batch = picture_batch(2);
    std::vector<Feature> features;
    for (const int64_t m : {0, 1}) {
      features.push_back(model->encode(m, batch.inputs[static_cast<size_t>(m)], batch.present.select(1, m)));
    }
    Tensor loss;
    for (const Tensor& own : fusion_of(*model).branch_logits(features, batch.present)) {
      const Tensor term = torch::nn::functional::cross_entropy(own, batch.labels);
      loss = loss.defined() ? loss + term : term;
    }
    for (const OwnedParameter& parameter : model->ownership()) {
      const Tensor expected = torch::autograd::grad({loss}, {parameter.value}, {}, /*retain_graph=*/true)[0];
      ASSERT_TRUE(parameter.value.grad().defined()) << parameter.name;
      EXPECT_TRUE(at::allclose(parameter.value.grad(), expected, 1e-7, 1e-10)) << parameter.name;
    }
  };
  const Loss loss = run->train(picture_batch(2));
  ASSERT_EQ(loss.parts.size(), 3u);
  EXPECT_EQ(loss.parts[0].first, "fused");
  EXPECT_NEAR(loss.total.item<double>(), loss.parts[1].second.item<double>() + loss.parts[2].second.item<double>(),
              1e-12);
}

// v of the first step, from the gradients.
TEST(Greedy, SpeedsOfBranchAndGates) {
  for (const std::string& fusion : {kOwnLate, std::string("mmtm:width=2:heads=branch")}) {
    const auto model = picture_model(2, fusion);
    const auto run = training(model, {});
    std::vector<double> expected;
    run->watched.before = [&] {
      for (const int64_t m : {0, 1}) {
        std::vector<Tensor> main, bypass;
        for (const OwnedParameter& parameter : model->ownership()) {
          if (parameter.owner.value_or(m) != m || parameter.name.find(".fc_") != std::string::npos) continue;
          (parameter.name.find("mmtm") == std::string::npos ? main : bypass).push_back(parameter.value);
        }
        expected.push_back(std::log10(relative_step(bypass).item<double>() / relative_step(main).item<double>()));
      }
    };
    run->train(picture_batch(2));
    ASSERT_EQ(expected.size(), 2u);
    EXPECT_NEAR(run->log().at("score/a"), expected[0], 1e-9) << fusion;
    EXPECT_NEAR(run->log().at("score/b"), expected[1], 1e-9) << fusion;
    EXPECT_NEAR(run->log().at("gap"), std::abs(expected[0] - expected[1]), 1e-9) << fusion;
  }
}

TEST(Greedy, HoldsTheFastestForTheWindow) {
  const auto model = picture_model(2);
  const auto run = training(model, {{"epsilon", "0"}, {"window", "3"}});
  for (int64_t cycle = 0; cycle < 2; ++cycle) {
    run->train(picture_batch(2, cycle));
    EXPECT_THAT(held(*run, 2), ElementsAre(0, 0));
    const double first = run->log().at("score/a"), second = run->log().at("score/b");
    for (int64_t step = 0; step < 3; ++step) {
      run->train(picture_batch(2, step));
      if (first > second) {
        EXPECT_THAT(held(*run, 2), ElementsAre(1, 0));
      } else {
        EXPECT_THAT(held(*run, 2), ElementsAre(0, 1));
      }
      EXPECT_EQ(run->log().at("score/a"), first);  // nothing is added up meanwhile
    }
  }
}

TEST(Greedy, NotBeforeStart) {
  const auto run = training(picture_model(2), {{"epsilon", "0"}}, 0);
  for (int64_t step = 0; step < 3; ++step) {
    run->train(picture_batch(2, step));
    EXPECT_THAT(held(*run, 2), ElementsAre(0, 0));
  }
  run->state.epoch = 1;
  run->train(picture_batch(2));
  EXPECT_THAT(held(*run, 2), ElementsAre(0, 0));
  run->train(picture_batch(2));
  EXPECT_NE(held(*run, 2), (std::vector<double>{0, 0}));
}

// Held gates are the means of the steps before; nothing is learnt through them, and they do not outlast the pass.
TEST(Greedy, HeldGatesAreTheirMeans) {
  const auto model = picture_model(2);
  const auto run = training(model, {{"epsilon", "0"}}, 0);
  models::MmtmFusion& fusion = fusion_of(*model);
  std::vector<Tensor> sums(2);
  const auto look = [&] {
    for (const size_t m : {0, 1}) {
      const Tensor gate = fusion.transfers()[0]->gate(m).mean(0);
      sums[m] = sums[m].defined() ? sums[m] + gate : gate;
    }
  };
  run->watched.before = look;
  for (int64_t step = 0; step < 2; ++step) run->train(picture_batch(2, step));
  run->state.epoch = 1;
  run->train(picture_batch(2, 2));
  run->watched.before = [] {};
  run->watched.after = [&] {
    const std::vector<double> now = held(*run, 2);
    const int64_t target = now[0] == 1 ? 0 : 1;
    for (const OwnedParameter& parameter : model->ownership()) {
      if (parameter.name.find("excite") == std::string::npos) continue;
      EXPECT_EQ(parameter.value.grad().defined(), parameter.owner != target) << parameter.name;
    }
  };
  const Batch batch = picture_batch(2, 3);
  Archive state;
  run->method().save(state);
  const int64_t target = state.value("held", int64_t{-1});
  const Tensor* mean = state.find("greedy.gate_0_" + std::to_string(target));
  ASSERT_NE(mean, nullptr);
  EXPECT_TRUE(at::allclose(*mean, sums[static_cast<size_t>(target)] / 3, 1e-12, 1e-15));
  run->train(batch);
  // Afterwards gates are computed again: an evaluation depends on the excitation.
  const torch::NoGradGuard no_grad;
  model->eval();
  const Tensor before = run->method().forward(*model, batch, Mode::evaluate).fused;
  for (const OwnedParameter& parameter : model->ownership()) {
    if (parameter.name == "fusion.mmtm3.excite_" + std::to_string(target) + ".bias") parameter.value.add_(1);
  }
  EXPECT_FALSE(at::allclose(before, run->method().forward(*model, batch, Mode::evaluate).fused));
}

TEST(Greedy, AtRandom) {
  const auto run = training(picture_model(2), {{"choice", "random"}});
  std::vector<int> seen(3, 0);
  for (int64_t step = 0; step < 24; ++step) {
    run->train(picture_batch(2, step));
    const std::vector<double> now = held(*run, 2);
    ++seen[now[0] == 1 ? 1 : (now[1] == 1 ? 2 : 0)];
  }
  for (const int count : seen) EXPECT_GT(count, 0);
}

TEST(Greedy, StateIsSaved) {
  std::vector<Tensor> results[2];
  for (const bool interrupted : {false, true}) {
    const auto model = picture_model(2);
    const Settings settings = {{"epsilon", "0"}, {"window", "2"}};
    auto run = training(model, settings);
    for (int64_t step = 0; step < 2; ++step) run->train(picture_batch(2, step));
    if (interrupted) {
      Archive state, momentum;
      run->method().save(state);
      run->optimizer().save(momentum);
      run = training(model, settings);
      run->method().load(state);
      run->optimizer().load(momentum);
    }
    for (int64_t step = 2; step < 6; ++step) run->train(picture_batch(2, step));
    results[interrupted ? 1 : 0] = copies(*model);
  }
  EXPECT_EQ(largest_difference(results[0], results[1]), 0);
  const auto run = training(picture_model(3), {});
  Archive of_two;
  training(picture_model(2), {})->method().save(of_two);
  expect_error(ErrorKind::data, {"2 branches of greedy, this run has 3"}, [&] { run->method().load(of_two); });
}

TEST(Greedy, AbsentAndConstantModalities) {
  const auto model = picture_model(3);
  const auto run = training(model, {{"epsilon", "0"}, {"window", "1"}});
  Batch batch = picture_batch(3);
  batch.inputs[2].zero_();
  for (int step = 0; step < 3; ++step) EXPECT_TRUE(run->train(batch).total.isfinite().item<bool>());
  batch.present[0][1] = false;
  for (int step = 0; step < 2; ++step) EXPECT_TRUE(run->train(batch).total.isfinite().item<bool>());
  batch.present.select(1, 2).fill_(false);
  for (int step = 0; step < 2; ++step) EXPECT_EQ(run->train(batch).parts.size(), 3u);
  for (const Tensor& parameter : model->parameters()) EXPECT_TRUE(parameter.isfinite().all().item<bool>());
}

TEST(Greedy, AModalityThatNeverCameIsNotCompared) {
  const auto run = training(picture_model(3), {{"epsilon", "0"}, {"window", "1"}});
  Batch batch = picture_batch(3);
  batch.present.select(1, 2).fill_(false);
  for (int step = 0; step < 4; ++step) {
    run->train(batch);
    EXPECT_EQ(run->log().at("held/c"), 0);
    EXPECT_EQ(run->log().count("score/c"), 0u);
  }
}

TEST(Greedy, OneModalityIsJointBitForBit) {
  std::vector<std::vector<Tensor>> results;
  for (const char* name : {"joint", "greedy"}) {
    const auto model = picture_model(1);
    MethodAtWork run(model, method(name), {}, picture_batch(1));
    for (int step = 0; step < 2; ++step) run.train(picture_batch(1, step));
    results.push_back(copies(*model));
    if (std::string(name) == "joint") continue;
    EXPECT_THAT(run.method().notes(), ElementsAre("one modality ('a'): greedy is joint training"));
  }
  EXPECT_EQ(largest_difference(results[0], results[1]), 0);
}

TEST(Greedy, NeedsBranchesThatGateEachOther) {
  for (const std::string fusion : {"concat", "mmtm:width=2"}) {
    expect_error(ErrorKind::usage, {"use `fusion` mmtm:heads=branch"},
                 [&] { method("greedy")->extend(*picture_model(2, fusion)); });
  }
}

}  // namespace
}  // namespace pdmp::methods

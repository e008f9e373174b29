// Numbers from methods-collaborative 7.5.
#include "methods/lfm.h"

#include <cmath>
#include <gmock/gmock.h>
#include <torch/autograd.h>

#include "methods/identity_model.h"
#include "methods/toy_model.h"
#include "support/expect_error.h"

namespace pdmp::methods {
namespace {

using ::testing::ElementsAre;
using namespace testing;  // pdmp::testing

using Settings = std::vector<std::pair<std::string, std::string>>;

Batch fixture(int64_t modalities) {
  std::vector<Tensor> inputs = {matrix(1, 0, 0, 1), matrix(0, 1, 0, 2), matrix(0, 0, 0, 0)};
  inputs.resize(static_cast<size_t>(modalities));
  return full_batch(inputs, at::tensor({0, 1}, at::kLong));
}

// One step of the fixture with heads that are identities: s_m is the input.
Loss with_identity_heads(Settings settings) {
  settings.emplace_back("heads", "own");
  MethodAtWork run(identity_model(2), method("lfm", settings), {}, fixture(2));
  {
    const torch::NoGradGuard no_grad;
    EXPECT_EQ(run.optimizer().groups().back().name, "heads");
    for (const Tensor& value : run.optimizer().groups().back().parameters)
      value.copy_(value.dim() == 2 ? matrix(1, 0, 0, 1) : at::zeros(2));
  }
  const Loss loss = run.train(fixture(2));
  EXPECT_TRUE(run.log().contains("acc/v"));
  return loss;
}

TEST(Lfm, LossesOfTheRelease) {
  const Loss loss = with_identity_heads({{"match", "js_rev"}, {"weight", "0.95"}});
  ASSERT_EQ(loss.parts.size(), 2u);
  EXPECT_EQ(loss.parts[0].first, "fused");
  EXPECT_NEAR(loss.parts[0].second.item<double>(), .447280, 1e-6);
  EXPECT_EQ(loss.parts[1].first, "match");
  EXPECT_NEAR(loss.parts[1].second.item<double>(), .069622, 1e-6);
  EXPECT_NEAR(loss.total.item<double>(), .177009, 1e-6);
  EXPECT_NEAR(with_identity_heads({{"match", "js_rev"}}).total.item<double>(), .293799, 1e-6);  // fitted, epoch 0
  EXPECT_NEAR(with_identity_heads({{"match", "js"}}).parts[1].second.item<double>(), .064625, 1e-6);
}

TEST(Lfm, MatchesFeaturesOfEveryPair) {
  Batch batch = fixture(3);
  batch.inputs[2] = matrix(3, 1, 1, 2);
  const Tensor *a = &batch.inputs[0], *v = &batch.inputs[1], *t = &batch.inputs[2];
  const auto value = [](const Tensor& x, const Tensor& y) { return info_nce(x, y, .5).item<double>(); };
  const Settings settings = {{"tau", "0.5"}, {"schedule", "heuristic"}};
  MethodAtWork three(identity_model(3), method("lfm", settings), {}, batch);
  three.state.epoch = 1;
  const Loss loss = three.train(batch);
  EXPECT_NEAR(loss.parts[1].second.item<double>(), (value(*a, *v) + value(*a, *t) + value(*v, *t)) / 3, 1e-9);
  const double weight = 1 - std::exp(-.5);
  EXPECT_NEAR(three.log().at("match_weight"), weight, 1e-12);
  EXPECT_NEAR(loss.total.item<double>(),
              2 * (1 - weight) * loss.parts[0].second.item<double>() + 2 * weight * loss.parts[1].second.item<double>(),
              1e-9);
  MethodAtWork two(identity_model(2), method("lfm", settings), {}, fixture(2));
  EXPECT_NEAR(two.train(fixture(2)).parts[1].second.item<double>(), value(*a, *v), 1e-9);
}

TEST(Lfm, ADivergenceIsOfTheFusionsOwnLogits) {
  const auto model = identity_model(2, "sum");
  const Batch batch = fixture(2);
  const std::vector<Tensor> logits = model->forward(batch, true).unimodal;
  MethodAtWork run(model, method("lfm", {{"match", "js"}}), {}, batch);
  EXPECT_NEAR(run.train(batch).parts[1].second.item<double>(), js(logits[0], logits[1]).item<double>(), 1e-9);
}

// Powers of two: at half the learning rate and without decay nothing is rounded differently.
TEST(Lfm, WithoutMatchingItIsTwiceTheLossOfJoint) {
  const auto after_three_steps = [](const std::shared_ptr<Method>& how, double lr) {
    OptimizerOptions options;
    options.lr = lr;
    options.weight_decay = 0;
    const auto model = image_model(at::kFloat);
    MethodAtWork run(model, how, options, image_batch(0, at::kFloat));
    for (int step = 0; step < 3; ++step) run.train(image_batch(step, at::kFloat));
    return copies(*model);
  };
  const auto joint = after_three_steps(method("joint"), 1.0 / 128);
  EXPECT_EQ(largest_difference(joint, after_three_steps(method("lfm", {{"weight", "0"}}), 1.0 / 256)), 0);
  EXPECT_GT(largest_difference(joint, after_three_steps(method("lfm"), 1.0 / 256)), 1e-5);
}

TEST(Lfm, LearnsItsWeightFromHeldOutData) {
  const Settings settings = {{"schedule", "learned"}, {"rate", "0.1"}, {"tau", "1"}};
  const auto model = identity_model(2);
  const Batch batch = fixture(2);
  MethodAtWork run(model, method("lfm", settings), {}, batch);
  const Outputs outputs = model->forward(batch, false);
  const Tensor loss = run.criterion()(outputs.fused, batch.labels);
  const Tensor matching = info_nce(outputs.features[0].pooled, outputs.features[1].pooled, 1);
  const auto gradient = [&](const Tensor& of) {
    const auto parts = torch::autograd::grad({of}, model->parameters(), {}, true, false, true);
    std::vector<Tensor> flat;
    for (size_t i = 0; i < parts.size(); ++i)
      flat.push_back((parts[i].defined() ? parts[i] : at::zeros_like(model->parameters()[i])).flatten());
    return at::cat(flat);
  };
  const Tensor held_out = gradient(loss), difference = gradient(matching) - held_out;
  const double cosine = (held_out.dot(difference) / (held_out.norm() * difference.norm())).item<double>();
  Archive half_way;
  half_way.values["learned"] = .5;
  run.method().load(half_way);
  run.method().on_epoch_end(run.services);  // the same batch is trained on and held out
  run.train(batch);
  EXPECT_NEAR(run.log().at("match_weight"), .5 + .1 * cosine, 1e-6);
  EXPECT_TRUE(run.method().needs_held_out());
  EXPECT_FALSE(method("lfm")->needs_held_out());
  Archive archive;
  run.method().save(archive);
  MethodAtWork resumed(identity_model(2), method("lfm", settings), {}, batch);
  resumed.method().load(archive);
  resumed.train(batch);
  EXPECT_EQ(resumed.log().at("match_weight"), run.log().at("match_weight"));
}

TEST(Lfm, LearningLeavesNoTraceInTheModel) {
  const auto model = image_model(at::kFloat);
  MethodAtWork run(model, method("lfm", {{"schedule", "learned"}, {"match", "js"}}), {}, image_batch(0, at::kFloat));
  run.train(image_batch(0, at::kFloat));
  run.optimizer().zero_grad();
  std::vector<Tensor> before;
  for (const Tensor& buffer : model->buffers()) before.push_back(buffer.clone());
  run.method().on_epoch_end(run.services);
  for (size_t i = 0; i < before.size(); ++i) EXPECT_TRUE(at::equal(before[i], model->buffers()[i])) << i;
  for (const Tensor& parameter : model->parameters()) EXPECT_FALSE(parameter.grad().defined());
  EXPECT_TRUE(model->is_training());
}

TEST(Lfm, HeadsOfItsOwnTakeThePlaceOfTheFusion) {
  const auto model = identity_model(2);
  const auto how = method("lfm", {{"heads", "own"}});
  MethodAtWork run(model, how, {}, fixture(2));
  run.train(fixture(2));
  for (const OwnedParameter& parameter : model->ownership()) {
    EXPECT_EQ(how->trains(parameter), parameter.in_encoder) << parameter.name;
    EXPECT_EQ(parameter.value.grad().defined(), parameter.in_encoder) << parameter.name;
  }
  Batch batch = fixture(2);
  batch.present = at::tensor({1, 1, 1, 0}).reshape({2, 2}).to(at::kBool);
  const Outputs outputs = how->forward(*model, batch, Mode::evaluate);
  ASSERT_EQ(outputs.unimodal.size(), 2u);
  EXPECT_TRUE(at::allclose(outputs.fused[0], (outputs.unimodal[0][0] + outputs.unimodal[1][0]) / 2));
  EXPECT_TRUE(at::allclose(outputs.fused[1], outputs.unimodal[0][1]));
}

TEST(Lfm, AbsentModalitiesAndBatchesOfOne) {
  for (const char* match : {"infonce", "js_rev", "js"}) {
    std::vector<std::vector<Tensor>> results;
    for (const double rubbish : {0.0, 1e6}) {
      const auto model = identity_model(3);  // the third modality is all zeros
      Batch batch = fixture(3);
      MethodAtWork run(model, method("lfm", {{"match", match}}), {}, batch);
      EXPECT_TRUE(std::isfinite(run.train(batch).total.item<double>()));
      batch.present = at::tensor({1, 1, 0, 1, 0, 1}).reshape({2, 3}).to(at::kBool);
      batch.inputs[1][1].fill_(rubbish);
      EXPECT_TRUE(std::isfinite(run.train(batch).total.item<double>()));
      const Batch one =
          full_batch({at::ones({1, 2}, at::kDouble), at::ones({1, 2}, at::kDouble), at::ones({1, 2}, at::kDouble)},
                     at::zeros(1, at::kLong));
      EXPECT_TRUE(std::isfinite(run.train(one).total.item<double>()));
      results.push_back(copies(*model));
      for (const Tensor& value : results.back()) EXPECT_TRUE(value.isfinite().all().item<bool>());
    }
    EXPECT_EQ(largest_difference(results[0], results[1]), 0) << match;
  }
}

TEST(Lfm, OneModalityIsJoint) {
  MethodAtWork run(identity_model(1), method("lfm", {{"heads", "own"}}), {}, fixture(1));
  EXPECT_THAT(run.method().notes(), ElementsAre("one modality ('a'): lfm is joint training"));
  EXPECT_TRUE(run.train(fixture(1)).parts.empty());
}

TEST(Lfm, RefusesWhatItCannotDo) {
  expect_error(ErrorKind::usage, {"`lfm.heads` own", "concat or sum"}, [] {
    MethodAtWork(identity_model(2, "gated"), method("lfm", {{"heads", "own"}}), {}, fixture(2));
  });
  ModelOptions options;
  options.encoders = {{"a", "mlp:hidden=2"}, {"v", "mlp:hidden=3"}};
  const std::vector<ModalityInfo> infos = {{"a", "vector", {2}}, {"v", "vector", {2}}};
  const auto model = std::make_shared<Model>(infos, 2, options, 0);
  expect_error(ErrorKind::usage, {"`lfm.match` infonce", "2 of 'a' and 3 of 'v'"},
               [&] { MethodAtWork(model, method("lfm"), {}, fixture(2)); });
  MethodAtWork(model, method("lfm", {{"match", "js"}}), {}, fixture(2));
  expect_error(ErrorKind::usage, {"--lfm.tau"}, [] { method("lfm", {{"tau", "0"}}); });
}

}  // namespace
}  // namespace pdmp::methods

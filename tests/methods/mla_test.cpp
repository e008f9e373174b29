// Numbers from methods-collaborative 2.6, tests 4 and 5; the others are in weight_projection_test.cpp and
// late_fusion_test.cpp.
#include "methods/mla.h"

#include <cmath>
#include <gmock/gmock.h>
#include <torch/nn/functional/linear.h>
#include <torch/nn/functional/loss.h>
#include <torch/nn/modules/linear.h>

#include "methods/toy_model.h"
#include "methods/vector_model.h"
#include "support/expect_error.h"
#include "support/through_json.h"

namespace pdmp::methods {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace testing;  // pdmp::testing

using Settings = std::vector<std::pair<std::string, std::string>>;

Tensor matrix(double a, double b, double c, double d) { return at::tensor({a, b, c, d}, at::kDouble).reshape({2, 2}); }

// Encoders of width 2 that give z = x, as long as x >= 0.
std::shared_ptr<Model> identity_model() {
  ModelOptions options;
  options.encoders = {{"a", "mlp:hidden=2"}, {"v", "mlp:hidden=2"}};
  const std::vector<ModalityInfo> infos = {{"a", "vector", {2}}, {"v", "vector", {2}}};
  auto model = std::make_shared<Model>(infos, 2, options, 0);
  model->to(at::kDouble);
  const torch::NoGradGuard no_grad;
  for (const OwnedParameter& parameter : model->ownership()) {
    if (parameter.in_encoder) parameter.value.copy_(parameter.value.dim() == 2 ? matrix(1, 0, 0, 1) : at::zeros(2));
  }
  return model;
}

Batch identity_batch() { return full_batch({matrix(1, 0, 0, 1), matrix(2, 0, 0, 0)}, at::tensor({0, 1}, at::kLong)); }

OptimizerOptions plain_sgd(double lr) {
  OptimizerOptions options;
  options.lr = lr;
  options.momentum = options.weight_decay = 0;
  return options;
}

// W and b, after the layers to the common width where there are some.
const std::vector<Tensor>& head_of(MethodAtWork& run) {
  EXPECT_EQ(run.optimizer().groups().back().name, "head");
  return run.optimizer().groups().back().parameters;
}

struct Turns {
  std::vector<Tensor> raw, projected;  // gradient of W
  Tensor weight, bias;
};

Turns turns_on_identity(const Settings& settings) {
  MethodAtWork run(identity_model(), method("mla", settings), plain_sgd(0.1), identity_batch());
  const std::vector<Tensor>& head = head_of(run);
  {
    const torch::NoGradGuard no_grad;
    for (const Tensor& value : head) value.zero_();
  }
  Turns turns;
  run.watched.before = [&] { turns.raw.push_back(head[0].grad().clone()); };
  run.watched.after = [&] { turns.projected.push_back(head[0].grad().clone()); };
  const Loss loss = run.train(identity_batch());
  EXPECT_EQ(loss.parts.size(), 2u);
  EXPECT_EQ(loss.parts[1].first, "unimodal_v");
  EXPECT_NEAR(loss.parts[1].second.item<double>(), .668772, 1e-6);
  EXPECT_NEAR(loss.total.item<double>(), (std::log(2.) + .668772) / 2, 1e-6);
  turns.weight = head[0];
  turns.bias = head[1];
  return turns;
}

void expect_near(const Tensor& found, const Tensor& expected) {
  EXPECT_TRUE(at::allclose(found, expected, 0, 1e-6)) << found;
}

TEST(Mla, OneStepIsAnUpdatePerModality) {
  const Turns turns = turns_on_identity({});
  ASSERT_EQ(turns.raw.size(), 2u);
  EXPECT_TRUE(at::equal(turns.raw[0], turns.projected[0]));  // nothing seen before
  expect_near(turns.raw[0], matrix(-.25, .25, .25, -.25));
  expect_near(turns.raw[1], matrix(-.475021, 0, .475021, 0));
  expect_near(turns.projected[1], matrix(-.277095, .197925, .277095, -.197925));
  expect_near(turns.weight, matrix(.052710, -.044793, -.052710, .044793));
  expect_near(turns.bias, at::tensor({-.001249, .001249}, at::kDouble));
  expect_near(turns.projected[1].mv(at::full({2}, .5, at::kDouble)), at::tensor({-.039585, .039585}, at::kDouble));
}

TEST(Mla, WithoutProjectionGradientsAreLeftAlone) {
  const Turns turns = turns_on_identity({{"gm", "off"}});
  for (size_t turn = 0; turn < 2; ++turn) EXPECT_TRUE(at::equal(turns.raw[turn], turns.projected[turn]));
}

TEST(Mla, OrderAndNormOfTheProjection) {
  const Tensor r = at::full({2}, .5, at::kDouble), eye = at::eye(2, at::kDouble);
  const Tensor own = project_out(eye, r, .1, MlaGm::owm);
  const Turns after = turns_on_identity({{"p-order", "update_then_project"}});
  expect_near(after.projected[0], after.raw[0].matmul(own));
  const Turns normalized = turns_on_identity({{"p-normalize", "frobenius"}});
  expect_near(normalized.projected[1], normalized.raw[1].matmul(own / own.norm()));
}

// The release's form begins with the second turn of a run: P is not yet moved by the first, and is by the second.
TEST(Mla, LiteralSkipsTheFirstTurn) {
  const Tensor eye = at::eye(2, at::kDouble), v = at::tensor({1., 0.}, at::kDouble);
  for (const std::string order : {"project_then_update", "update_then_project"}) {
    const Turns turns = turns_on_identity({{"gm", "literal"}, {"p-order", order}});
    EXPECT_TRUE(at::equal(turns.projected[0], turns.raw[0]));
    const Tensor once = project_out(eye, v, .1, MlaGm::literal);
    expect_near(turns.projected[1], order == "update_then_project" ? turns.raw[1].matmul(once.t()) : turns.raw[1]);
  }
}

TEST(Mla, TheFirstTurnIsThatOfTheRunAlsoAfterResuming) {
  MethodAtWork run(identity_model(), method("mla", {{"gm", "literal"}}), plain_sgd(0.1), identity_batch());
  run.train(identity_batch());
  Archive archive;
  run.method().save(archive);
  archive.values = through_json(archive.values);
  EXPECT_EQ(archive.value("turns", int64_t{0}), 2);
  MethodAtWork resumed(identity_model(), method("mla", {{"gm", "literal"}}), plain_sgd(0.1), identity_batch());
  resumed.method().load(archive);
  resumed.train(identity_batch());
  EXPECT_EQ(resumed.log().count("projection"), 1u);
  EXPECT_EQ(resumed.log().count("ratio/a"), 1u);
  MethodAtWork anew(identity_model(), method("mla", {{"gm", "literal"}}), plain_sgd(0.1), identity_batch());
  anew.train(identity_batch());
  EXPECT_EQ(anew.log().count("ratio/a"), 0u);
}

// theta of v in the turn of a, with learning rate .1, momentum .9 and decay .01: g is undefined in the first step; in
// the second it is 0, so that the buffer u becomes .9 u + .01 theta and theta loses .1 times that.
TEST(Mla, OthersCoastOnMomentum) {
  OptimizerOptions options = plain_sgd(0.1);
  options.momentum = 0.9;
  options.weight_decay = 0.01;
  for (const std::string others : {"stand", "coast"}) {
    const auto model = identity_model();
    MethodAtWork run(model, method("mla", {{"gm", "off"}, {"others", others}}), options, identity_batch());
    std::vector<Tensor> before;
    run.watched.before = [&] { before.push_back(theta(*model, 1).detach().clone()); };
    run.train(identity_batch());
    EXPECT_TRUE(at::equal(before[0], before[1]));  // nothing of v has a gradient before its first turn
    const Tensor buffer = (before[1] - theta(*model, 1).detach()) / .1;
    run.train(identity_batch());
    const Tensor moved = before[2] - .1 * (.9 * buffer + .01 * before[2]);
    expect_near(before[3], others == "coast" ? moved : before[2]);
    EXPECT_GT((moved - before[2]).abs().max().item<double>(), 1e-3);
  }
}

// Encoders stand still, so that every step has the same mean features.
TEST(Mla, AlphaFallsWithinAnEpoch) {
  for (const std::string reset : {"never", "epoch"}) {
    MethodAtWork run(identity_model(), method("mla", {{"p-reset", reset}}), plain_sgd(0), identity_batch());
    const Tensor a = at::full({2}, .5, at::kDouble), v = at::tensor({1., 0.}, at::kDouble);
    Tensor projection = at::eye(2, at::kDouble);
    const auto step = [&](double alpha) {
      run.train(identity_batch());
      projection = project_out(projection, a, alpha, MlaGm::owm);
      EXPECT_NEAR(run.log().at("projection"), projection.norm().item<double>(), 1e-9) << alpha;
      projection = project_out(projection, v, alpha, MlaGm::owm);
    };
    step(.1);
    Archive archive;
    run.method().save(archive);
    EXPECT_EQ(archive.value("seen", int64_t{0}), 2);  // all of train: the epoch is over
    step(.01);
    run.method().on_epoch_begin(run.services);
    if (reset == "epoch") projection = at::eye(2, at::kDouble);
    step(.1);
    run.method().load(archive);
    step(.01);
  }
}

// What is not at turn has no gradient and stays as it is, bit for bit.
TEST(Mla, TurnsDoNotTouchEachOther) {
  for (const int64_t modalities : {2, 3}) {
    const auto model = vector_model("concat", modalities);
    MethodAtWork run(model, method("mla"), {}, vector_batch(modalities));
    run.train(vector_batch(modalities));  // momentum everywhere
    const std::vector<Tensor> start = copies(*model);
    int64_t turn = 0;
    run.watched.before = [&] {
      for (const OwnedParameter& parameter : model->ownership())
        EXPECT_EQ(parameter.value.grad().defined(), parameter.in_encoder && parameter.owner == turn) << parameter.name;
      const std::vector<Tensor> values = model->parameters();
      for (size_t i = 0; i < values.size(); ++i) {
        const OwnedParameter& parameter = model->ownership()[i];
        ASSERT_TRUE(parameter.value.is_same(values[i]));
        if (!parameter.in_encoder || *parameter.owner >= turn) {
          EXPECT_TRUE(at::equal(values[i], start[i])) << parameter.name;
        }
      }
      ++turn;
    };
    run.train(vector_batch(modalities, 1));
    EXPECT_EQ(turn, modalities);
    for (const OwnedParameter& parameter : model->ownership())
      EXPECT_EQ(run.method().trains(parameter), parameter.in_encoder) << parameter.name;
  }
}

Outputs evaluated(MethodAtWork& run, const Batch& batch) {
  const torch::NoGradGuard no_grad;
  run.model().eval();
  return run.method().forward(run.model(), batch, Mode::evaluate);
}

TEST(Mla, PredictionsAreWeighted) {
  const Batch batch = vector_batch(3);
  for (const std::string fusion : {"entropy", "fixed", "mean"}) {
    MethodAtWork run(vector_model("sum", 3), method("mla", {{"fusion", fusion}}), {}, batch);
    const Outputs outputs = evaluated(run, batch);
    ASSERT_EQ(outputs.unimodal.size(), 3u);
    Tensor weights = entropy_weights(outputs.unimodal, batch.present);
    if (fusion == "fixed") weights = at::tensor({.35, .25, .4}, at::kDouble).expand({6, 3});
    if (fusion == "mean") weights = at::full({6, 3}, 1. / 3, at::kDouble);
    EXPECT_TRUE(at::allclose(outputs.fused, weighted_sum(outputs.unimodal, weights), 1e-9, 1e-12)) << fusion;
    const Tensor own = torch::nn::functional::linear(outputs.features[2].pooled, head_of(run)[0], head_of(run)[1]);
    EXPECT_TRUE(at::allclose(outputs.unimodal[2], own, 1e-9, 1e-12));
  }
  MethodAtWork run(vector_model("concat", 2), method("mla", {{"fusion", "fixed"}, {"weights", "1,3"}}), {},
                   vector_batch(2));
  const Outputs outputs = evaluated(run, vector_batch(2));
  EXPECT_TRUE(at::allclose(outputs.fused, .25 * outputs.unimodal[0] + .75 * outputs.unimodal[1], 1e-9, 1e-12));
}

TEST(Mla, OneModalityIsPlainTraining) {
  const Batch batch = vector_batch(1);
  const auto model = vector_model("concat", 1), plain = vector_model("concat", 1);
  MethodAtWork run(model, method("mla"), {}, batch);
  EXPECT_THAT(run.method().notes(), ElementsAre(HasSubstr("one modality ('a'): mla is plain training")));
  torch::nn::Linear head(plain->encoder(0).width(), 3);
  head->to(at::kDouble);
  std::vector<Tensor> parameters = plain->modality_parameters(0);
  for (size_t i = 0; i < 2; ++i) {
    const torch::NoGradGuard no_grad;
    head->parameters()[i].copy_(head_of(run)[i]);
    parameters.push_back(head->parameters()[i]);
  }
  const auto optimizer = make_optimizer({}, {{"all", std::nullopt, parameters, 1, 1}});
  for (int step = 0; step < 3; ++step) {
    const Batch next = vector_batch(1, step);
    run.train(next);
    optimizer->zero_grad();
    const Feature feature = plain->encode(0, next.inputs[0], next.present.select(1, 0));
    torch::nn::functional::cross_entropy(head->forward(feature.pooled), next.labels).backward();
    optimizer->step(1);
  }
  EXPECT_LT(largest_difference(copies(*model), copies(*plain)), 1e-14);
}

TEST(Mla, AbsentModalitiesAreLeftOut) {
  const auto model = vector_model("concat", 3);
  MethodAtWork run(model, method("mla"), {}, vector_batch(3));
  Batch batch = vector_batch(3);
  batch.present.select(1, 1).fill_(false);
  batch.inputs[1].fill_(std::nan(""));
  const std::vector<Tensor> before = copies(*model);
  int turns = 0;
  run.watched.after = [&] { ++turns; };
  const Loss loss = run.train(batch);
  EXPECT_EQ(turns, 2);
  EXPECT_EQ(loss.parts.size(), 2u);
  EXPECT_TRUE(std::isfinite(loss.total.item<double>()));
  EXPECT_EQ(run.log().count("acc/b"), 0u);
  for (size_t i = 0; i < before.size(); ++i) {
    const OwnedParameter& parameter = model->ownership()[i];
    EXPECT_EQ(at::equal(parameter.value, before[i]), !parameter.in_encoder || *parameter.owner == 1) << parameter.name;
  }
  const Outputs outputs = evaluated(run, batch);
  EXPECT_TRUE(at::equal(outputs.unimodal[1], at::zeros({6, 3}, at::kDouble)));
  EXPECT_TRUE(outputs.fused.isfinite().all().item<bool>());
  batch.present.fill_(false);
  EXPECT_EQ(run.train(batch).total.item<double>(), 0);
  EXPECT_TRUE(at::equal(evaluated(run, batch).fused, at::zeros({6, 3}, at::kDouble)));
}

TEST(Mla, RunsOnAModalityOfZeros) {
  const auto model = vector_model("concat", 3);
  MethodAtWork run(model, method("mla"), {}, vector_batch(3));
  for (int step = 0; step < 4; ++step) {
    Batch batch = vector_batch(3, step);
    batch.inputs[2].zero_();
    EXPECT_TRUE(std::isfinite(run.train(batch).total.item<double>()));
  }
  for (const Tensor& value : model->parameters()) EXPECT_TRUE(value.isfinite().all().item<bool>());
}

TEST(Mla, EncodersOfOtherWidthsShareTheHead) {
  ModelOptions options;
  options.encoders = {{"a", "mlp:hidden=4"}, {"v", "mlp:hidden=7"}};
  const std::vector<ModalityInfo> infos = {{"a", "vector", {3}}, {"v", "vector", {3}}};
  const auto model = std::make_shared<Model>(infos, 3, options, 0);
  model->to(at::kDouble);
  MethodAtWork run(model, method("mla"), {}, vector_batch(2));
  std::vector<Tensor> before;
  for (const Tensor& value : head_of(run)) before.push_back(value.detach().clone());
  ASSERT_EQ(before.size(), 4u);  // W, b and the layer from 4 to 7
  run.train(vector_batch(2));
  for (size_t i = 0; i < 4; ++i) EXPECT_FALSE(at::equal(before[i], head_of(run)[i])) << i;
}

TEST(Mla, RefusesWhatItCannotDo) {
  const auto with = [](const std::string& fusion, const Settings& settings) {
    return [=] { MethodAtWork(vector_model(fusion, 2), method("mla", settings), {}, vector_batch(2)); };
  };
  expect_error(ErrorKind::usage, {"mla has a head of its own", "`fusion` concat or sum"}, with("film", {}));
  expect_error(ErrorKind::usage, {"`mla.weights`: expected one per modality, 2 of them, found 3"},
               with("concat", {{"fusion", "fixed"}, {"weights", "1,2,3"}}));
  expect_error(ErrorKind::usage, {"`mla.weights`: expected `mla.fusion` fixed"}, with("concat", {{"weights", "1,2"}}));
}

}  // namespace
}  // namespace pdmp::methods

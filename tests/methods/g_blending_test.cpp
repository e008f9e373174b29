// The branch logits are those of fixture F1 (methods-modulation 0.8); the weights' formula is tested in blending_test.
#include <cmath>
#include <gmock/gmock.h>

#include "methods/branch_fixture.h"
#include "methods/identity_model.h"
#include "methods/toy_model.h"

namespace pdmp::methods {
namespace {

using ::testing::ElementsAre;
using namespace testing;  // pdmp::testing

using Settings = std::vector<std::pair<std::string, std::string>>;

Batch fixture(int64_t modalities) {
  return full_batch(branch_logits(static_cast<size_t>(modalities)), branch_labels());
}

// u_m = z_m, so that the heads' logits are the batch itself.
void make_identities(const std::vector<Tensor>& heads) {
  const torch::NoGradGuard no_grad;
  for (const Tensor& value : heads) value.copy_(value.dim() == 2 ? matrix(1, 0, 0, 1) : at::zeros(2));
}

OptimizerOptions plain_sgd() {
  OptimizerOptions options;
  options.lr = 0.1;
  options.weight_decay = 0.01;
  return options;
}

// Trials and training on the fixture, which is train and held-out data alike.
std::unique_ptr<MethodAtWork> run_on(const Batch& batch, const Settings& settings) {
  const int64_t modalities = static_cast<int64_t>(batch.inputs.size());
  auto run =
      std::make_unique<MethodAtWork>(identity_model(modalities), method("g_blending", settings), plain_sgd(), batch);
  run->inputs.make_model = [modalities] { return identity_model(modalities); };
  EXPECT_EQ(run->optimizer().groups().back().name, "heads");
  make_identities(run->optimizer().groups().back().parameters);
  return run;
}

void begin_epoch(MethodAtWork& run, int64_t epoch) {
  run.state.epoch = epoch;
  run.method().on_epoch_begin(run.services);
}

// Loss of encoder "a" and an identity head on the fixture after `steps` of training them alone.
double alone_after(int64_t steps) {
  const auto model = identity_model(2);
  std::vector<Tensor> trained = {matrix(1, 0, 0, 1).requires_grad_(), at::zeros(2, at::kDouble).requires_grad_()};
  const std::vector<Tensor> head = trained;
  for (const Tensor& value : model->encoder(0).parameters()) trained.push_back(value);
  const auto optimizer = make_optimizer(plain_sgd(), {{"alone", std::nullopt, trained, 1, 1}});
  const auto loss = [&] {
    const Tensor z = model->encoder(0).forward(fixture(2).inputs[0]).pooled;
    return at::cross_entropy_loss(at::linear(z, head[0], head[1]), branch_labels());
  };
  for (int64_t step = 0; step < steps; ++step) {
    optimizer->zero_grad();
    loss().backward();
    optimizer->step(1);
  }
  return loss().item<double>();
}

TEST(GBlending, TriesEachHeadAlone) {
  const auto run = run_on(fixture(2), {{"super-epoch", "3"}});
  begin_epoch(*run, 0);
  const Loss loss = run->train(fixture(2));
  StepLog& log = run->log();
  for (const char* set : {"LT0/", "LV0/"}) {
    EXPECT_NEAR(log.at(set + std::string("a")), .220095, 1e-6);
    EXPECT_NEAR(log.at(set + std::string("v")), .813262, 1e-6);
  }
  EXPECT_EQ(loss.parts.at(0).first, "fused");
  EXPECT_NEAR(log.at("LT0/fused"), loss.parts.at(0).second.item<double>(), 1e-12);
  EXPECT_NEAR(log.at("LT1/a"), alone_after(3), 1e-12);
  EXPECT_LT(log.at("LT1/v"), log.at("LT0/v"));
  EXPECT_LT(log.at("LT1/fused"), log.at("LT0/fused"));
  EXPECT_EQ(log.at("dO/a"), 0);  // the same data twice
  EXPECT_NEAR(log.at("u/a"), (.220095 - alone_after(3)) / 1e-4, 1e-2);
  const double sum = log.at("u/a") + log.at("u/v") + log.at("u/fused");
  for (const char* name : {"a", "v", "fused"})
    EXPECT_NEAR(log.at(std::string("weight/") + name), 3 * log.at(std::string("u/") + name) / sum, 1e-12);
  double expected = 0;
  const char* names[] = {"fused", "a", "v"};
  for (size_t k = 0; k < 3; ++k)
    expected += log.at(std::string("weight/") + names[k]) * loss.parts.at(k).second.item<double>();
  EXPECT_NEAR(loss.total.item<double>(), expected, 1e-12);
}

TEST(GBlending, TrialsLeaveNoTrace) {
  const auto model = image_model(at::kFloat);
  MethodAtWork run(model, method("g_blending", {{"super-epoch", "1"}}), {}, image_batch(0, at::kFloat));
  run.inputs.make_model = [] { return image_model(at::kFloat); };
  model->train();
  std::vector<Tensor> before = copies(*model);
  for (const Tensor& value : run.optimizer().groups().back().parameters) before.push_back(value.detach().clone());
  for (const Tensor& buffer : model->buffers()) before.push_back(buffer.clone());
  begin_epoch(run, 0);
  std::vector<Tensor> after = copies(*model);
  for (const Tensor& value : run.optimizer().groups().back().parameters) after.push_back(value.detach());
  for (const Tensor& buffer : model->buffers()) after.push_back(buffer);
  ASSERT_EQ(before.size(), after.size());
  for (size_t i = 0; i < before.size(); ++i) EXPECT_TRUE(before[i].equal(after[i])) << i;
  EXPECT_TRUE(model->is_training());
  for (const Tensor& value : model->parameters()) EXPECT_FALSE(value.grad().defined());
}

// A trial starts where training stands, not where it began.
TEST(GBlending, TrialsBeginFromTheCurrentModel) {
  const auto run = run_on(fixture(2), {{"super-epoch", "1"}});
  {
    const torch::NoGradGuard no_grad;
    theta(run->model(), 0).mul_(2);
  }
  begin_epoch(*run, 0);
  run->train(fixture(2));
  const Tensor expected = at::cross_entropy_loss(2 * fixture(2).inputs[0], branch_labels());
  EXPECT_NEAR(run->log().at("LT0/a"), expected.item<double>(), 1e-12);
}

TEST(GBlending, EstimatesAtTheBeginningOfSuperEpochsAndTellsOnce) {
  for (const bool online : {true, false}) {
    const auto run = run_on(fixture(2), {{"super-epoch", "2"}, {"mode", online ? "online" : "offline"}});
    for (int64_t epoch = 0; epoch < 5; ++epoch) {
      begin_epoch(*run, epoch);
      run->train(fixture(2));
      const bool told = run->log().count("LT0/a") == 1;
      EXPECT_EQ(told, epoch == 0 || (online && epoch % 2 == 0)) << epoch;
      if (told) {
        EXPECT_EQ(run->log().at("super_epoch"), static_cast<double>(epoch / 2));
      }
      run->train(fixture(2));
      EXPECT_EQ(run->log().count("LT0/a"), 0u);
      EXPECT_EQ(run->log().count("weight/a"), 1u);
    }
  }
}

TEST(GBlending, SumAndFixedWeights) {
  const auto run = run_on(fixture(2), {{"w-sum", "1"}, {"mode", "uniform"}});
  EXPECT_FALSE(run->method().needs_held_out());
  begin_epoch(*run, 0);
  const Loss loss = run->train(fixture(2));
  double sum = 0;
  for (const auto& [name, value] : loss.parts) sum += value.item<double>();
  EXPECT_NEAR(loss.total.item<double>(), sum / 3, 1e-12);
  EXPECT_EQ(run->log().at("weight/fused"), 1.0 / 3);
}

std::vector<Tensor> after_three_steps(const std::shared_ptr<Method>& how) {
  torch::manual_seed(3);  // the heads
  const auto model = image_model(at::kFloat);
  MethodAtWork run(model, how, {}, image_batch(0, at::kFloat));
  begin_epoch(run, 0);
  for (int step = 0; step < 3; ++step) run.train(image_batch(step, at::kFloat));
  return copies(*model);
}

TEST(GBlending, UniformIsThePlainSumOfLossesBitForBit) {
  const auto uniform = after_three_steps(method("g_blending", {{"mode", "uniform"}}));
  const auto sum = after_three_steps(method("gmml", {{"alpha", "0"}}));
  for (size_t i = 0; i < sum.size(); ++i) EXPECT_TRUE(at::equal(uniform[i], sum[i])) << i;
}

TEST(GBlending, SavedAndLoadedGoesOnAlike) {
  const auto one = run_on(fixture(2), {{"super-epoch", "2"}});
  begin_epoch(*one, 0);
  Archive archive;
  one->method().save(archive);
  const auto other = run_on(fixture(2), {{"super-epoch", "2"}});
  other->method().load(archive);
  EXPECT_TRUE(one->train(fixture(2)).total.equal(other->train(fixture(2)).total));
  EXPECT_EQ(one->log(), other->log());
}

TEST(GBlending, ModalitiesNobodyHasWeighNothing) {
  Batch batch = fixture(3);
  batch.present.select(1, 2).fill_(false);
  const auto run = run_on(batch, {{"super-epoch", "1"}});
  begin_epoch(*run, 0);
  EXPECT_TRUE(std::isfinite(run->train(batch).total.item<double>()));
  EXPECT_EQ(run->log().at("weight/t"), 0);
  EXPECT_EQ(run->log().count("LT0/t"), 0u);
  EXPECT_NEAR(run->log().at("LT0/a"), .220095, 1e-6);
  Archive archive;
  run->method().save(archive);
  run->method().load(archive);  // losses that are not numbers come back
  begin_epoch(*run, 1);
  EXPECT_TRUE(std::isfinite(run->train(batch).total.item<double>()));
}

// Those who lack a modality count for neither its losses nor its training.
TEST(GBlending, AbsentRowsAreLeftOut) {
  Batch batch = fixture(2);
  batch.present[0][0] = false;
  const auto run = run_on(batch, {{"super-epoch", "1"}});
  begin_epoch(*run, 0);
  run->train(batch);
  EXPECT_NEAR(run->log().at("LT0/a"), -std::log(.731058579), 1e-6);
  EXPECT_NEAR(run->log().at("LT0/v"), .813262, 1e-6);
}

TEST(GBlending, ConstantThirdModalityIsFinite) {
  Batch batch = fixture(3);
  batch.inputs[2].zero_();
  const auto run = run_on(batch, {{"super-epoch", "1"}});
  for (int64_t epoch = 0; epoch < 3; ++epoch) {
    begin_epoch(*run, epoch);
    EXPECT_TRUE(std::isfinite(run->train(batch).total.item<double>()));
  }
  for (const Tensor& value : run->model().parameters()) EXPECT_TRUE(value.isfinite().all().item<bool>());
}

TEST(GBlending, OneModalityIsJoint) {
  const auto model = identity_model(1);
  MethodAtWork run(model, method("g_blending"), {}, fixture(1));
  EXPECT_THAT(run.method().notes(), ElementsAre("one modality ('a'): g_blending is joint training"));
  begin_epoch(run, 0);  // no trial: there is no model_factory
  EXPECT_EQ(run.optimizer().groups().size(), default_groups(*model).size());
  EXPECT_TRUE(run.train(fixture(1)).parts.empty());
}

}  // namespace
}  // namespace pdmp::methods

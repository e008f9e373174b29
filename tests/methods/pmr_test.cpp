// Numbers from methods-modulation 5.
#include <cmath>
#include <gmock/gmock.h>

#include "methods/identity_model.h"
#include "methods/toy_model.h"
#include "support/expect_error.h"

namespace pdmp::methods {
namespace {

using ::testing::ElementsAre;
using namespace testing;  // pdmp::testing

using Settings = std::vector<std::pair<std::string, std::string>>;

// The sample of the spec: z_a = (3, 0), z_v = (0, 2), y = 0.
Batch sample() {
  return full_batch(
      {at::tensor({3.0, 0.0}, at::kDouble).reshape({1, 2}), at::tensor({0.0, 2.0}, at::kDouble).reshape({1, 2})},
      at::zeros({1}, at::kLong));
}

Archive prototypes(const std::vector<Tensor>& means) {
  Archive archive;
  archive.values["computed"] = 1;
  for (size_t m = 0; m < means.size(); ++m) {
    archive.tensors.emplace_back(fmt::format("means.{}", m), means[m]);
    archive.tensors.emplace_back(fmt::format("known.{}", m), at::ones({2}, at::kBool));
  }
  return archive;
}

Archive spec_prototypes() { return prototypes({matrix(0, 0, 3, 4), matrix(0, 0, 0, 2)}); }

double part(const Loss& loss, const std::string& name) {
  for (const auto& [key, value] : loss.parts) {
    if (key == name) return value.item<double>();
  }
  ADD_FAILURE() << name;
  return 0;
}

TEST(Pmr, LossOfTheSlowerModality) {
  for (const char* mode : {"hard", "soft"}) {
    MethodAtWork run(identity_model(2), method("pmr", {{"alpha", "1"}, {"mode", mode}}), {}, sample());
    run.method().load(spec_prototypes());
    const Loss loss = run.train(sample());
    EXPECT_NEAR(part(loss, "prototype_a"), .313262, 1e-6);
    EXPECT_NEAR(part(loss, "prototype_v"), 2.126928, 1e-6);
    EXPECT_NEAR(loss.total.item<double>(), part(loss, "fused") + 2.126928, 1e-6);
    EXPECT_NEAR(run.log().at("score/a"), .731059, 1e-6);
    EXPECT_NEAR(run.log().at("ratio/a"), 6.132891, 1e-5);
    EXPECT_EQ(run.log().at("beta/a"), 0);
    EXPECT_EQ(run.log().at("beta/v"), 1);
    EXPECT_EQ(run.log().at("prototype_acc/a"), 1);
    EXPECT_EQ(run.log().at("prototype_acc/v"), 0);
  }
}

TEST(Pmr, EntropyOfTheFasterModalityIsSubtractedInTheFirstEpochs) {
  MethodAtWork run(identity_model(2), method("pmr", {{"alpha", "0"}, {"entropy", "0.1"}, {"entropy-epochs", "1"}}), {},
                   sample());
  run.method().load(spec_prototypes());
  Loss loss = run.train(sample());
  const double q = .731058579, entropy = -q * std::log(q) - (1 - q) * std::log(1 - q);
  EXPECT_NEAR(part(loss, "entropy"), entropy, 1e-6);
  EXPECT_NEAR(loss.total.item<double>(), part(loss, "fused") - .1 * entropy, 1e-6);
  run.state.epoch = 1;
  loss = run.train(sample());
  EXPECT_EQ(loss.total.item<double>(), part(loss, "fused"));
}

// Only the encoder of the modality that lags feels the loss; the fusion does not.
TEST(Pmr, LeavesTheLeaderAlone) {
  std::vector<std::vector<Tensor>> gradients;
  for (const char* name : {"joint", "pmr"}) {
    const auto model = identity_model(2);
    MethodAtWork run(model, method(name), {}, sample());
    run.method().load(spec_prototypes());
    run.watched.before = [&] {
      gradients.emplace_back();
      for (const OwnedParameter& parameter : model->ownership()) gradients.back().push_back(parameter.value.grad());
    };
    run.train(sample());
  }
  const auto model = identity_model(2);
  for (size_t i = 0; i < gradients[0].size(); ++i) {
    const OwnedParameter& parameter = model->ownership()[i];
    const bool touched = parameter.in_encoder && parameter.owner == 1;
    EXPECT_EQ(at::allclose(gradients[0][i], gradients[1][i], 1e-12, 1e-12), !touched) << parameter.name;
  }
}

// Four samples, classes 0, 0, 1, 1.
Batch four() {
  const Tensor a = at::tensor({1., 0., 3., 0., 0., 2., 0., 4.}, at::kDouble).reshape({4, 2});
  return full_batch({a, a + 1}, at::tensor({0, 0, 1, 1}, at::kLong));
}

Archive saved(const Method& how) {
  Archive archive;
  how.save(archive);
  return archive;
}

void begin_epoch(MethodAtWork& run, int64_t epoch) {
  run.state.epoch = epoch;
  run.method().on_epoch_begin(run.services);
}

TEST(Pmr, PrototypesAreClassMeansMixedFromTheThirdTimeOn) {
  const auto model = identity_model(2);
  MethodAtWork run(model, method("pmr", {{"fraction", "1"}}), {}, four());
  begin_epoch(run, 0);
  EXPECT_TRUE(model->is_training());
  EXPECT_TRUE(at::allclose(*saved(run.method()).find("means.0"), matrix(2, 0, 0, 3)));
  EXPECT_TRUE(at::allclose(*saved(run.method()).find("means.1"), matrix(3, 1, 1, 4)));
  const torch::NoGradGuard no_grad;
  theta(*model, 0).mul_(2);
  begin_epoch(run, 1);
  EXPECT_TRUE(at::allclose(*saved(run.method()).find("means.0"), matrix(4, 0, 0, 6)));
  theta(*model, 0).mul_(2);
  begin_epoch(run, 2);
  EXPECT_TRUE(at::allclose(*saved(run.method()).find("means.0"), matrix(7.2, 0, 0, 10.8)));
}

TEST(Pmr, SomeOfEachClassIsEnough) {
  MethodAtWork run(identity_model(2), method("pmr"), {}, four());
  begin_epoch(run, 0);
  const Archive archive = saved(run.method());
  EXPECT_TRUE(archive.find("known.0")->all().item<bool>());
  const Tensor first = archive.find("means.0")->select(0, 0);  // one of the two samples of class 0
  EXPECT_TRUE(first.equal(at::tensor({1., 0.}, at::kDouble)) || first.equal(at::tensor({3., 0.}, at::kDouble)));
}

TEST(Pmr, WindowIsInclusive) {
  MethodAtWork run(identity_model(2), method("pmr", {{"start-epoch", "1"}, {"end-epoch", "1"}}), {}, four());
  for (int64_t epoch = 0; epoch < 3; ++epoch) {
    begin_epoch(run, epoch);
    EXPECT_EQ(run.train(four()).parts.empty(), epoch != 1) << epoch;
  }
}

TEST(Pmr, SavedAndLoadedGoesOnAlike) {
  MethodAtWork one(identity_model(2), method("pmr"), {}, four());
  begin_epoch(one, 0);
  MethodAtWork other(identity_model(2), method("pmr"), {}, four());
  other.method().load(saved(one.method()));
  EXPECT_TRUE(one.train(four()).total.equal(other.train(four()).total));
}

std::vector<Tensor> after_three_steps(const std::shared_ptr<Method>& how) {
  const auto model = image_model(at::kFloat);
  MethodAtWork run(model, how, {}, image_batch(0, at::kFloat));
  begin_epoch(run, 0);
  for (int step = 0; step < 3; ++step) run.train(image_batch(step, at::kFloat));
  return copies(*model);
}

TEST(Pmr, WithoutWeightsItIsJointBitForBit) {
  const auto joint = after_three_steps(method("joint"));
  const auto neutral = after_three_steps(method("pmr", {{"alpha", "0"}}));
  for (size_t i = 0; i < joint.size(); ++i) EXPECT_TRUE(at::equal(joint[i], neutral[i])) << i;
  EXPECT_GT(largest_difference(joint, after_three_steps(method("pmr"))), 1e-5);
}

TEST(Pmr, AbsentModalitiesAreLeftOut) {
  Batch batch = full_batch({four().inputs[0], four().inputs[1], four().inputs[0]}, four().labels);
  batch.present.select(1, 2).fill_(false);
  batch.present[0][0] = false;
  MethodAtWork run(identity_model(3), method("pmr", {{"fraction", "1"}, {"entropy", "0.1"}}), {}, batch);
  begin_epoch(run, 0);
  const Archive archive = saved(run.method());
  EXPECT_TRUE(at::allclose(*archive.find("means.0"), matrix(3, 0, 0, 3)));  // without the first sample
  EXPECT_FALSE(archive.find("known.2")->any().item<bool>());
  const Loss loss = run.train(batch);
  EXPECT_TRUE(std::isfinite(loss.total.item<double>()));
  EXPECT_EQ(run.log().count("beta/t"), 0u);
  for (const Tensor& value : run.model().parameters()) EXPECT_TRUE(value.isfinite().all().item<bool>());
}

// A class that no sample of the modality has: neither label smoothing nor a sample of it later may break anything.
TEST(Pmr, ClassesWithoutPrototypeAreLeftOut) {
  Batch batch = four();
  batch.present.select(1, 0).slice(0, 2).fill_(false);  // nobody of class 1 has "a"
  OptimizerOptions options;
  options.label_smoothing = 0.1;
  MethodAtWork run(identity_model(2), method("pmr", {{"fraction", "1"}}), options, batch);
  begin_epoch(run, 0);
  const Loss loss = run.train(four());
  EXPECT_TRUE(std::isfinite(loss.total.item<double>()));
  EXPECT_EQ(run.log().at("score/a"), 1);  // two samples that can go nowhere else
  for (const Tensor& value : run.model().parameters()) EXPECT_TRUE(value.isfinite().all().item<bool>());
}

TEST(Pmr, ConstantThirdModalityIsFinite) {
  const Batch batch = full_batch({four().inputs[0], four().inputs[1], at::zeros({4, 2}, at::kDouble)}, four().labels);
  MethodAtWork run(identity_model(3), method("pmr"), {}, batch);
  for (int64_t epoch = 0; epoch < 3; ++epoch) {
    begin_epoch(run, epoch);
    EXPECT_TRUE(std::isfinite(run.train(batch).total.item<double>()));
  }
  EXPECT_NEAR(run.log().at("score/t"), .5, 1e-9);
  for (const Tensor& value : run.model().parameters()) EXPECT_TRUE(value.isfinite().all().item<bool>());
}

TEST(Pmr, HeldOutDataOnlyWhereAskedFor) {
  EXPECT_FALSE(method("pmr")->needs_held_out());
  const auto how = method("pmr", {{"prototypes", "held_out"}});
  EXPECT_TRUE(how->needs_held_out());
  MethodAtWork run(identity_model(2), how, {}, four());
  begin_epoch(run, 0);
  EXPECT_TRUE(at::allclose(*saved(*how).find("means.0"), matrix(2, 0, 0, 3)));  // all of it
}

TEST(Pmr, OneModalityIsJoint) {
  const Batch batch = full_batch({four().inputs[0]}, four().labels);
  MethodAtWork run(identity_model(1), method("pmr"), {}, batch);
  EXPECT_THAT(run.method().notes(), ElementsAre("one modality ('a'): pmr is joint training"));
  begin_epoch(run, 0);
  EXPECT_TRUE(run.train(batch).parts.empty());
}

TEST(Pmr, RefusesAWindowThatEndsBeforeItBegins) {
  expect_error(ErrorKind::usage, {"`pmr.start-epoch` 3 is after `pmr.end-epoch` 2"}, [] {
    method("pmr", {{"start-epoch", "3"}, {"end-epoch", "2"}});
  });
}

}  // namespace
}  // namespace pdmp::methods

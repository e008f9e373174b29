// Numbers from methods-modulation 7.
#include <cmath>
#include <gmock/gmock.h>

#include "methods/identity_model.h"
#include "methods/parts/linear_head.h"
#include "methods/toy_model.h"
#include "support/expect_error.h"
#include "support/through_json.h"

namespace pdmp::methods {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace testing;  // pdmp::testing

using Settings = std::vector<std::pair<std::string, std::string>>;

// Of `samples` samples, a classifier that believes its input gets `right[m]` right.
Batch batch_with(const std::vector<int64_t>& right, int64_t samples = 10) {
  const Tensor labels = at::arange(samples) % 2;
  std::vector<Tensor> inputs;
  for (const int64_t count : right) {
    const Tensor said = at::where(at::arange(samples) < count, labels, 1 - labels);
    inputs.push_back(torch::one_hot(said, 2).to(at::kDouble));
  }
  return full_batch(inputs, labels);
}

const ParameterGroup& classifiers_of(MethodAtWork& run) { return run.optimizer().groups().back(); }

Settings linear(Settings more = {}) {
  more.emplace_back("layers", "1");
  return more;
}

// One step of linear classifiers that believe their input, after one in which they were right as often as `last` says
// and the shares were `shares`.
class OneStep : public MethodAtWork {
 public:
  OneStep(int64_t modalities, const Settings& settings, const std::vector<double>& last,
          const std::vector<double>& shares, const OptimizerOptions& options = {})
      : MethodAtWork(identity_model(modalities), testing::method("cggm", linear(settings)), options,
                     batch_with(std::vector<int64_t>(static_cast<size_t>(modalities), 5))) {
    const torch::NoGradGuard no_grad;
    for (const Tensor& value : classifiers_of(*this).parameters)
      value.copy_(value.dim() == 2 ? at::eye(2) : at::zeros(2));
    Archive before;
    before.values["accuracy"] = last;
    if (!shares.empty()) before.values["shares"] = shares;
    method().load(before);
  }
  std::vector<double> logged(const std::string& what) {
    std::vector<double> values;
    for (const ModalityInfo& info : model().infos()) values.push_back(log().at(what + "/" + info.name));
    return values;
  }
};

void expect_near(const std::vector<double>& found, const std::vector<double>& expected, double tolerance = 1e-6) {
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], tolerance) << i;
}

TEST(Cggm, SharesOfImprovement) {
  OneStep run(3, {}, {.5, .5, .5}, {});
  run.train(batch_with({6, 7, 5}));
  expect_near(run.logged("score"), {.6, .7, .5});
  expect_near(run.logged("delta"), {.1, .2, 0});
  expect_near(run.logged("ratio"), {.666667, .333333, 1});
  expect_near(run.logged("coef"), {.866667, .433333, 1.3});
  run.train(batch_with({6, 7, 5}));  // the accuracies moved on: nobody improves
  expect_near(run.logged("ratio"), {1, 1, 1});
}

TEST(Cggm, UnstableSharesAreClamped) {
  for (const bool clamped : {true, false}) {
    const Settings settings = {{"clamp", clamped ? "true" : "false"}, {"rho", "1"}};
    OneStep three(3, settings, {.5, .599, .5}, {});
    three.train(batch_with({6, 5, 5}));
    expect_near(three.logged("coef"), clamped ? std::vector<double>{0, 2, 1} : std::vector<double>{-99, 100, 1}, 1e-9);
    OneStep two(2, settings, {.5, .55}, {});
    two.train(batch_with({6, 5}));
    expect_near(two.logged("coef"), clamped ? std::vector<double>{0, 2} : std::vector<double>{-1, 2});
  }
}

TEST(Cggm, SmoothedAccuracies) {
  OneStep run(2, {{"smoothing", "0.9"}}, {.5, .5}, {});
  run.train(batch_with({6, 8}));
  expect_near(run.logged("score"), {.51, .53});
  expect_near(run.logged("ratio"), {.75, .25});
}

// cos = (.5, .2, -.1) with the shares of the last step.
TEST(Cggm, DirectionTerm) {
  OneStep run(3, {}, {.5, .5, .5}, {2.0 / 3, 1.0 / 3, 1});
  const std::vector<double> cosines = {.5, .2, -.1};
  const std::vector<Tensor> blocks = linear_blocks(run.model());
  {
    const torch::NoGradGuard no_grad;  // the classifiers' weights are the identity: (1, 0, 0, 1)
    for (size_t m = 0; m < 3; ++m) {
      const double rest = std::sqrt(1 - cosines[m] * cosines[m]), part = cosines[m] / std::sqrt(2.0);
      blocks[m].copy_(at::tensor({part, rest, 0.0, part}, at::kDouble).reshape({2, 2}));
    }
  }
  const Loss loss = run.train(batch_with({6, 7, 5}));
  expect_near(run.logged("cos"), cosines);
  ASSERT_EQ(loss.parts.back().first, "direction");
  EXPECT_NEAR(loss.parts.back().second.item<double>(), .566667, 1e-6);
  EXPECT_NEAR(loss.total.item<double>(), loss.parts[0].second.item<double>() + .2 * .566667, 1e-6);
}

TEST(Cggm, DirectionTermEndsWhereHeadAndClassifiersAgree) {
  OneStep run(2, {}, {.5, .5}, {.4, .6});
  {
    const torch::NoGradGuard no_grad;
    for (const Tensor& block : linear_blocks(run.model())) block.copy_(at::eye(2) * 3);
  }
  EXPECT_NEAR(run.train(batch_with({6, 7})).parts.back().second.item<double>(), 0, 1e-12);
}

TEST(Cggm, FirstStepHasNoDirectionTerm) {
  OneStep run(2, {}, {0, 0}, {});
  const Loss first = run.train(batch_with({6, 7}));
  EXPECT_EQ(first.parts.back().first, "classifier_v");
  EXPECT_EQ(first.total.item<double>(), first.parts[0].second.item<double>());
  EXPECT_EQ(run.train(batch_with({6, 7})).parts.back().first, "direction");
}

// The closed form of the gradients of the output layers is what backward gives, and it reaches the encoders.
TEST(Cggm, GradientDirectionIsThatOfAutograd) {
  const Batch batch = batch_with({6, 7});
  std::vector<double> expected;
  Tensor plain;
  {
    OneStep run(2, {{"clip", "0"}, {"magnitude", "false"}}, {.5, .5}, {});
    run.train(batch);
    plain = theta(run.model(), 0).grad().clone();
    const std::vector<Tensor> blocks = linear_blocks(run.model());
    for (size_t m = 0; m < 2; ++m) {
      const Tensor own = classifiers_of(run).parameters[2 * m].grad();
      expected.push_back(at::cosine_similarity(blocks[m].grad().flatten(), own.flatten(), 0).item<double>());
    }
  }
  OneStep run(2, {{"clip", "0"}, {"magnitude", "false"}, {"direction", "grad_cos"}}, {.5, .5}, {.5, .5});
  const Loss loss = run.train(batch);
  expect_near(run.logged("cos"), expected, 1e-9);
  EXPECT_NEAR(loss.parts.back().second.item<double>(), .25 * (2 - expected[0] - expected[1]), 1e-9);
  EXPECT_GT((theta(run.model(), 0).grad() - plain).abs().max().item<double>(), 1e-6);
}

TEST(Cggm, ScalesEncodersOnlyThenClipsTheModel) {
  for (const double clip : {0.0, 1e-3}) {
    OneStep run(2, {{"clip", std::to_string(clip)}}, {.5, .5}, {});
    std::vector<Tensor> before;
    run.watched.before = [&] {
      for (const Tensor& value : classifiers_of(run).parameters) EXPECT_FALSE(value.grad().defined());
      for (const Tensor& value : run.model().parameters()) before.push_back(value.grad().clone());
    };
    run.watched.after = [&] {
      for (const Tensor& value : classifiers_of(run).parameters) EXPECT_TRUE(value.grad().defined());
      double squares = 0;
      for (const Tensor& value : run.model().parameters()) squares += value.grad().square().sum().item<double>();
      if (clip > 0) {
        EXPECT_NEAR(std::sqrt(squares), clip, 1e-6);
        return;
      }
      const double factors[] = {1.3 * .6, 1.3 * .4};  // delta (.2, .3)
      for (size_t i = 0; i < before.size(); ++i) {
        const OwnedParameter& parameter = run.model().ownership()[i];
        const double factor = parameter.in_encoder ? factors[*parameter.owner] : 1;
        EXPECT_TRUE(at::allclose(parameter.value.grad(), before[i] * factor, 1e-9, 1e-15)) << parameter.name;
      }
    };
    run.train(batch_with({7, 8}));
    ASSERT_EQ(before.size(), run.model().ownership().size());
  }
}

// A clip to .8 is the release's and hardly shortens Adam's steps; SGD's it would. Without clamp something must bound
// them.
TEST(Cggm, ClipsByItselfUnderAdaptiveOptimizersOrWithoutClamp) {
  const auto norm_with = [](const std::string& optimizer, const Settings& settings) {
    OptimizerOptions options;
    options.optimizer = optimizer;
    OneStep run(2, settings, {.5, .5}, {}, options);
    Batch batch = batch_with({7, 8});
    for (Tensor& input : batch.inputs) input = input * 100;  // gradients far above .8
    double squares = 0;
    run.watched.after = [&] {
      for (const Tensor& value : run.model().parameters()) squares += value.grad().square().sum().item<double>();
    };
    run.train(batch);
    return std::sqrt(squares);
  };
  EXPECT_GT(norm_with("sgd", {}), 2);
  EXPECT_NEAR(norm_with("sgd", {{"clip", "0.5"}}), .5, 1e-6);
  EXPECT_NEAR(norm_with("sgd", {{"clamp", "false"}}), .8, 1e-6);
  EXPECT_NEAR(norm_with("adamw", {}), .8, 1e-6);
  EXPECT_GT(norm_with("adamw", {{"clip", "0"}}), 2);
}

TEST(Cggm, ClassifiersHaveTheirOwnRateAndLeaveTheModelAlone) {
  MethodAtWork run(identity_model(2), method("cggm"), {}, batch_with({5, 5}));
  EXPECT_EQ(classifiers_of(run).parameters.size(), 8u);  // two layers each
  EXPECT_DOUBLE_EQ(classifiers_of(run).lr_scale, .5);    // 5e-4 of 1e-3
  OptimizerOptions clipped;
  clipped.clip_norm = 1e-3;  // replaces the method's own
  MethodAtWork other(identity_model(2), method("cggm"), clipped, batch_with({5, 5}));
  bool looked = false;
  other.watched.after = [&] {
    double squares = 0;
    for (const Tensor& value : other.model().parameters()) squares += value.grad().square().sum().item<double>();
    looked = true;
    EXPECT_GT(std::sqrt(squares), 2e-3);
  };
  other.train(batch_with({6, 7}));
  EXPECT_TRUE(looked);
}

std::vector<Tensor> after_three_steps(const std::shared_ptr<Method>& how) {
  const auto model = image_model(at::kFloat);
  MethodAtWork run(model, how, {}, image_batch(0, at::kFloat));
  for (int step = 0; step < 3; ++step) run.train(image_batch(step, at::kFloat));
  return copies(*model);
}

TEST(Cggm, WithoutMagnitudeAndDirectionItIsJointBitForBit) {
  const auto joint = after_three_steps(method("joint"));
  const auto neutral = after_three_steps(method("cggm", {{"magnitude", "false"}, {"direction", "off"}}));
  for (size_t i = 0; i < joint.size(); ++i) EXPECT_TRUE(at::equal(joint[i], neutral[i])) << i;
  EXPECT_GT(largest_difference(joint, after_three_steps(method("cggm"))), 1e-4);
}

TEST(Cggm, AbsentModalitiesDoNotChange) {
  for (const std::string direction : {"weight_cos", "grad_cos"}) {
    OneStep run(3, {{"direction", direction}}, {.5, .5, .25}, {1, 1, 1});
    Batch batch = batch_with({6, 7, 5});
    batch.present.select(1, 2).fill_(false);
    EXPECT_TRUE(std::isfinite(run.train(batch).total.item<double>()));
    expect_near(run.logged("score"), {.6, .7, .25});
    expect_near(run.logged("ratio"), {.666667, .333333, 1});
    batch = batch_with({6, 7, 5});
    batch.present[0][0] = false;  // one of the six that were right
    EXPECT_TRUE(std::isfinite(run.train(batch).total.item<double>()));
    EXPECT_NEAR(run.log().at("score/a"), 5.0 / 9, 1e-9);
    for (const Tensor& value : run.model().parameters()) EXPECT_TRUE(value.isfinite().all().item<bool>());
  }
}

TEST(Cggm, OneModalityIsJoint) {
  const auto model = identity_model(1);
  MethodAtWork run(model, method("cggm"), {}, batch_with({5}));
  EXPECT_THAT(run.method().notes(), ElementsAre("one modality ('a'): cggm is joint training"));
  EXPECT_TRUE(run.train(batch_with({5})).parts.empty());
}

TEST(Cggm, ResumesWhereItWas) {
  OneStep run(2, {}, {0, 0}, {});
  run.train(batch_with({6, 7}));
  Archive archive;
  run.method().save(archive);
  archive.values = through_json(archive.values);
  OneStep resumed(2, {}, {0, 0}, {});
  resumed.method().load(archive);
  Archive again;
  resumed.method().save(again);
  EXPECT_EQ(again.values, archive.values);
  EXPECT_THAT(again.value("accuracy", std::vector<double>()), ElementsAre(.6, .7));
  EXPECT_EQ(again.value("shares", std::vector<double>()).size(), 2u);
  OneStep other(3, {}, {0, 0, 0}, {});
  expect_error(ErrorKind::data, {"accuracies of 2 classifiers, this run has 3"}, [&] { other.method().load(archive); });
}

TEST(Cggm, OtherFusions) {
  MethodAtWork run(identity_model(2, "film"), method("cggm"), {}, batch_with({5, 5}));
  run.train(batch_with({6, 7}));
  EXPECT_TRUE(std::isfinite(run.train(batch_with({6, 7})).total.item<double>()));
  EXPECT_EQ(run.log().count("cos/a"), 1u);  // against the shared output layer
  expect_error(ErrorKind::usage, {"grad_cos needs a linear head"}, [] {
    MethodAtWork(identity_model(2, "film"), method("cggm", {{"direction", "grad_cos"}}), {}, batch_with({5, 5}));
  });
  ModelOptions wide;
  wide.fusion = "film";
  wide.encoders = {{"a", "mlp:hidden=2"}, {"v", "mlp:hidden=3"}};
  const std::vector<ModalityInfo> infos = {{"a", "vector", {2}}, {"v", "vector", {2}}};
  const auto model = std::make_shared<Model>(infos, 2, wide, 0);
  model->to(at::kDouble);
  MethodAtWork uneven(model, method("cggm"), {}, batch_with({5, 5}));
  EXPECT_THAT(uneven.method().notes(), Contains(HasSubstr("direction term leaves it out")));
  uneven.train(batch_with({6, 7}));
  EXPECT_TRUE(std::isfinite(uneven.train(batch_with({6, 7})).total.item<double>()));
}

}  // namespace
}  // namespace pdmp::methods

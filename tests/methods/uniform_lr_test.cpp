#include <gmock/gmock.h>

#include "methods/toy_model.h"
#include "support/expect_error.h"
#include "support/through_json.h"

namespace pdmp::methods {
namespace {

using ::testing::ElementsAre;
using namespace testing;  // pdmp::testing

using Settings = std::vector<std::pair<std::string, std::string>>;

std::vector<Tensor> after_three_steps(const std::shared_ptr<Method>& how, const OptimizerOptions& options) {
  const auto model = image_model();
  MethodAtWork run(model, how, options, image_batch(0));
  for (int step = 0; step < 3; ++step) run.train(image_batch(step));
  return copies(*model);
}

OptimizerOptions optimizer(const std::string& name, double lr) {
  OptimizerOptions options;
  options.optimizer = name;
  options.lr = lr;
  options.weight_decay = 1e-2;  // so that decay matters
  return options;
}

TEST(UniformLr, FactorIsAnotherLearningRate) {
  for (const std::string name : {"sgd", "adamw"}) {
    const auto scaled = after_three_steps(method("uniform_lr", {{"factor", "4"}}), optimizer(name, 1e-3));
    EXPECT_EQ(largest_difference(scaled, after_three_steps(method("joint"), optimizer(name, 4e-3))), 0) << name;
    EXPECT_GT(largest_difference(scaled, after_three_steps(method("joint"), optimizer(name, 1e-3))), 1e-4) << name;
  }
}

TEST(UniformLr, ByDefaultItIsJointBitForBit) {
  const auto joint = after_three_steps(method("joint"), optimizer("sgd", 1e-3));
  for (const Settings& neutral : {Settings{}, Settings{{"factors", "a=1,v=1"}}}) {
    const auto same = after_three_steps(method("uniform_lr", neutral), optimizer("sgd", 1e-3));
    for (size_t i = 0; i < joint.size(); ++i) EXPECT_TRUE(at::equal(joint[i], same[i])) << i;
  }
}

// The step of `joint` (methods-modulation 1.8, vanilla row; lr 1e-3, decay 1e-4) times the factor: theta moves by
// -1e-3 (1.96402758 + 1e-4).
TEST(UniformLr, FactorsReachEncoderAndHeadOfTheirModality) {
  const auto model = scalar_model();
  MethodAtWork run(model, method("uniform_lr", {{"factor", "2"}, {"factors", "a=0.5,v=10"}}), {}, scalar_batch());
  EXPECT_THAT(run.method().coefficients(), ElementsAre(1, 20));
  EXPECT_THAT(run.method().notes(),
              ElementsAre("uniform_lr multiplies the learning rate of 0.001: a x1, v x20, shared x2"));
  const double before[] = {head_block(*model, 0).flatten()[0].item<double>(),
                           head_block(*model, 1).flatten()[0].item<double>()};
  run.train(scalar_batch());
  EXPECT_NEAR(theta(*model, 0).item<double>(), 1 - 1e-3 * 1.96412758, 1e-10);
  EXPECT_NEAR(theta(*model, 1).item<double>(), 1 - 20e-3 * 1.96412758, 1e-9);
  EXPECT_NEAR(before[0] - head_block(*model, 0).flatten()[0].item<double>(), 1 - .99901789, 1e-8);
  EXPECT_NEAR(before[1] - head_block(*model, 1).flatten()[0].item<double>(), 20 * (.5 - .49803592), 20e-8);
  EXPECT_NEAR(head_bias(*model)[0].item<double>(), 2 * -.00098201, 2e-8);
}

TEST(UniformLr, OneModalityHasARateToo) {
  ModelOptions options;
  options.encoders = {{"a", "mlp:hidden=4"}};
  const auto model = std::make_shared<Model>(std::vector<ModalityInfo>{{"a", "vector", {3}}}, 2, options, 0);
  const Batch batch = full_batch({at::ones({2, 3})}, at::tensor({0, 1}, at::kLong));
  MethodAtWork neutral(model, method("uniform_lr"), {}, batch);
  EXPECT_THAT(neutral.method().notes(), ElementsAre("every factor is 1: uniform_lr is joint training"));
  EXPECT_TRUE(neutral.method().coefficients().empty());
  MethodAtWork run(model, method("uniform_lr", {{"factor", "3"}}), {}, batch);
  for (const ParameterGroup& group : run.optimizer().groups()) EXPECT_EQ(group.lr_scale, 3);
}

TEST(UniformLr, RefusesWhatItCannotDo) {
  const auto make = [](const Settings& settings, const std::shared_ptr<Model>& model) {
    MethodAtWork(model, method("uniform_lr", settings), {}, scalar_batch());
  };
  expect_error(ErrorKind::usage, {"--uniform_lr.factor"}, [&] { make({{"factor", "0"}}, scalar_model()); });
  expect_error(ErrorKind::usage, {"`uniform_lr.factors`", "'v' is missing"}, [&] {
    make({{"factors", "a=2"}}, scalar_model());
  });
  expect_error(ErrorKind::usage, {"`uniform_lr.factors`", "'x'"}, [&] { make({{"factors", "x=2"}}, scalar_model()); });
  ModelOptions options;
  options.encoders = {{"a", "mlp:hidden=2"}, {"v", "@a"}};
  const auto shared =
      std::make_shared<Model>(std::vector<ModalityInfo>{{"a", "vector", {1}}, {"v", "vector", {1}}}, 2, options, 0);
  expect_error(ErrorKind::usage, {"the encoder of 'v' is not its own"}, [&] {
    make({{"factors", "a=1,v=2"}}, shared);
  });
  EXPECT_NO_THROW(make({{"factor", "2"}}, shared));
}

TEST(UniformLr, ResumeChecksTheFactors) {
  MethodAtWork run(scalar_model(), method("uniform_lr", {{"factor", "0.1"}}), {}, scalar_batch());
  Archive archive;
  run.method().save(archive);
  archive.values = through_json(archive.values);
  EXPECT_NO_THROW(run.method().load(archive));
  MethodAtWork other(scalar_model(), method("uniform_lr", {{"factors", "a=1,v=2"}}), {}, scalar_batch());
  expect_error(ErrorKind::data, {"this run has (1, 2), shared 1"}, [&] { other.method().load(archive); });
}

}  // namespace
}  // namespace pdmp::methods

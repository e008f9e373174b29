// Numbers from methods-collaborative 3.5.
#include "methods/dnr.h"

#include <cmath>
#include <gmock/gmock.h>

#include "methods/toy_model.h"
#include "support/expect_error.h"
#include "support/toy_task.h"

namespace pdmp::methods {
namespace {

using ::testing::ElementsAre;
using namespace testing;  // pdmp::testing

using Settings = std::vector<std::pair<std::string, std::string>>;

std::shared_ptr<const Dataset> train_data() { return toy_data(24, 2, 1); }
std::shared_ptr<Model> toy() { return toy_model(*train_data()); }

Batch batch_of(const Dataset& data) {
  std::vector<Sample> samples;
  std::vector<int64_t> indices;
  for (int64_t i = 0; i < data.size(); ++i) {
    samples.push_back(data.get(i, nullptr));
    indices.push_back(i);
  }
  return collate(samples, indices);
}

// Three classes of which nothing shows: the purity of these samples is 1/3.
std::shared_ptr<const Dataset> telling_nothing(const Tensor& first, const Tensor& present = {}) {
  const auto like = train_data();
  return std::make_shared<TensorDataset>(like->modalities(), like->classes(),
                                         std::vector<Tensor>{first, torch::zeros({12, 4})}, torch::arange(12) % 3,
                                         present);
}

// Diagnoses with samples held out that the method did not train on.
class Diagnosed : public MethodAtWork {
 public:
  Diagnosed(const std::shared_ptr<Model>& model, const Settings& settings,
            const std::shared_ptr<const Dataset>& held_out = telling_nothing(torch::zeros({12, 4})))
      : MethodAtWork(model, pdmp::testing::method("dnr", settings), {}, batch_of(*train_data()), std::nullopt,
                     [&](training::TrainingInputs& given) {
                       given.data = {train_data(), held_out, nullptr};
                     }) {}

  // How much the model is another one when this epoch has begun.
  double begin(int64_t epoch) {
    const std::vector<Tensor> before = copies(model());
    state.epoch = epoch;
    method().on_epoch_begin(services);
    return largest_difference(before, copies(model()));
  }
};

// What training does: every parameter is somewhere else.
void move(Model& model) {
  const torch::NoGradGuard no_grad;
  for (Tensor& parameter : model.parameters()) parameter.mul_(1.5).add_(0.01);
}

// Of modality m's features of the training data.
double train_purity(Model& model, int64_t m) {
  const torch::NoGradGuard no_grad;
  const auto data = train_data();
  std::vector<Tensor> rows;
  std::vector<int64_t> labels;
  for (int64_t i = 0; i < data->size(); ++i) {
    rows.push_back(data->get(i, nullptr).inputs[static_cast<size_t>(m)]);
    labels.push_back(data->label(i));
  }
  const Tensor present = torch::ones({data->size()}, torch::kBool);
  return feature_purity(model.encode(m, torch::stack(rows), present).pooled, torch::tensor(labels), 3);
}

TEST(Dnr, StrengthAndPull) {
  EXPECT_NEAR(pull_strength(2.0 / 3, 1.0 / 3, 3), .761594, 1e-6);
  EXPECT_NEAR(pull_strength(1.0 / 3, 2.0 / 3, 3), .761594, 1e-6);
  const Tensor value = torch::full({2}, 3.0, torch::kDouble);
  pull_back(value, torch::full({2}, 1.0, torch::kDouble), std::tanh(1.0));
  EXPECT_NEAR(value[1].item<double>(), 1.476812, 1e-6);
}

TEST(Dnr, DiagnosesAfterEveryFewEpochs) {
  std::vector<int64_t> epochs;
  for (int64_t epoch = -1; epoch < 90; ++epoch) {
    if (diagnosis_follows(epoch, 20, 3)) epochs.push_back(epoch);
  }
  EXPECT_THAT(epochs, ElementsAre(20, 40, 60));
  EXPECT_FALSE(diagnosis_follows(0, 1, 3));
  EXPECT_TRUE(diagnosis_follows(1, 1, 1));
}

TEST(Dnr, TheEpochThatFollowsBeginsWithIt) {
  const auto model = toy();
  Diagnosed run(model, {{"every", "2"}, {"times", "2"}});
  std::vector<int64_t> changed;
  for (int64_t epoch = 0; epoch < 9; ++epoch) {
    move(*model);
    if (run.begin(epoch) > 0) changed.push_back(epoch);
  }
  EXPECT_THAT(changed, ElementsAre(3, 5));
}

TEST(Dnr, PullsEncodersAndNothingElse) {
  const auto model = toy();
  const std::vector<Tensor> start = copies(*model);
  Diagnosed run(model, {{"every", "1"}});
  move(*model);
  const std::vector<Tensor> moved = copies(*model);
  std::vector<double> pulls;
  for (int64_t m = 0; m < 2; ++m) pulls.push_back(std::tanh(3 * (train_purity(*model, m) - 1.0 / 3)));
  ASSERT_GT(run.begin(2), 1e-4);
  const std::vector<OwnedParameter>& now = model->ownership();
  ASSERT_EQ(now.size(), start.size());
  for (size_t i = 0; i < now.size(); ++i) {
    const double w = now[i].in_encoder ? pulls[static_cast<size_t>(*now[i].owner)] : 0;
    EXPECT_TRUE(at::allclose(now[i].value, w * start[i] + (1 - w) * moved[i], 1e-6, 1e-6)) << now[i].name;
  }
}

TEST(Dnr, WhatIsAbsentIsNotDiagnosed) {
  std::vector<std::vector<Tensor>> results;
  for (const double rubbish : {0.0, 1e6}) {
    Tensor present = torch::ones({12, 2}, torch::kBool);
    present.select(1, 0).fill_(false);
    const auto model = toy();
    Diagnosed run(model, {{"every", "1"}}, telling_nothing(torch::full({12, 4}, rubbish, torch::kFloat), present));
    move(*model);
    const std::vector<Tensor> moved = copies(*model);
    ASSERT_GT(run.begin(2), 1e-4);
    for (size_t i = 0; i < moved.size(); ++i) {
      const OwnedParameter& now = model->ownership()[i];
      EXPECT_TRUE(now.owner == 1 || at::equal(now.value, moved[i])) << now.name;
    }
    results.push_back(copies(*model));
  }
  EXPECT_EQ(largest_difference(results[0], results[1]), 0);
}

TEST(Dnr, ADiagnosisLeavesRunningStatisticsAndModesAlone) {
  const auto model = image_model(at::kFloat);
  MethodAtWork run(model, method("dnr", {{"every", "1"}}), {}, image_batch(0, at::kFloat));
  run.train(image_batch(0, at::kFloat));
  std::vector<Tensor> before;
  for (const Tensor& buffer : model->buffers()) before.push_back(buffer.clone());
  run.state.epoch = 2;
  run.method().on_epoch_begin(run.services);
  const std::vector<Tensor> after = model->buffers();
  ASSERT_FALSE(before.empty());
  for (size_t i = 0; i < before.size(); ++i) EXPECT_TRUE(at::equal(before[i], after[i])) << i;
  EXPECT_TRUE(model->is_training());
}

TEST(Dnr, TellsADiagnosisOnceAlsoAfterResuming) {
  const Batch batch = image_batch(0, at::kFloat);
  MethodAtWork run(image_model(at::kFloat), method("dnr", {{"every", "1"}}), {}, batch);
  run.state.epoch = 2;
  run.method().on_epoch_begin(run.services);
  Archive archive;
  run.method().save(archive);
  run.train(batch);
  const StepLog told = run.log();
  for (const char* name : {"purity/a", "purity_held_out/v", "score/a", "pull/v"}) EXPECT_TRUE(told.contains(name));
  EXPECT_EQ(told.at("pull/a"), 0);  // the same samples on both sides
  EXPECT_GE(told.at("purity/a"), 1.0 / 3);
  run.train(batch);
  EXPECT_FALSE(run.log().contains("purity/a"));

  MethodAtWork resumed(image_model(at::kFloat), method("dnr", {{"every", "1"}}), {}, batch);
  resumed.method().load(archive);
  resumed.train(batch);
  EXPECT_EQ(resumed.log().at("purity/a"), told.at("purity/a"));
}

TEST(Dnr, TheStartIsPartOfACheckpoint) {
  const auto model = toy();
  Diagnosed run(model, {{"every", "1"}});
  Archive archive;
  run.method().save(archive);
  const auto other = toy();
  move(*other);  // as if its initial weights could not be made again
  Diagnosed resumed(other, {{"every", "1"}});
  resumed.method().load(archive);
  {
    const torch::NoGradGuard no_grad;
    for (size_t i = 0; i < other->parameters().size(); ++i) other->parameters()[i].copy_(model->parameters()[i]);
  }
  EXPECT_LT(run.begin(2), 1e-6);  // it is at its start
  EXPECT_LT(resumed.begin(2), 1e-6);
  expect_error(ErrorKind::data, {"initial weights", "`dnr`"}, [&] { resumed.method().load(Archive()); });
}

TEST(Dnr, WithoutPullItIsJointBitForBit) {
  std::vector<std::vector<Tensor>> results;
  for (const auto& how : {method("joint"), method("dnr", {{"lambda", "0"}, {"every", "1"}}), method("dnr")}) {
    const auto model = image_model(at::kFloat);
    MethodAtWork run(model, how, {}, image_batch(0, at::kFloat));
    for (int step = 0; step < 3; ++step) {
      run.state.epoch = step;
      run.method().on_epoch_begin(run.services);
      run.train(image_batch(step, at::kFloat));
    }
    results.push_back(copies(*model));
  }
  EXPECT_EQ(largest_difference(results[0], results[1]), 0);
  EXPECT_EQ(largest_difference(results[0], results[2]), 0);  // no diagnosis so early
  EXPECT_FALSE(method("dnr", {{"lambda", "0"}})->needs_held_out());
  EXPECT_TRUE(method("dnr")->needs_held_out());
}

TEST(Dnr, DiagnosesOnAPartOfTheSamples) {
  const auto model = toy();
  Diagnosed run(model, {{"every", "1"}, {"purity-max-samples", "9"}});
  move(*model);
  EXPECT_GT(run.begin(2), 1e-4);
}

// On samples without structure one K-means run ends elsewhere than the best of ten.
TEST(Dnr, DiagnosesFromAsManyStartsAsAskedFor) {
  const torch::Generator generator = at::detail::createCPUGenerator(5);
  const auto like = train_data();
  const Tensor noise = torch::randn({90, 4}, generator, torch::kFloat);
  const auto held_out = std::make_shared<TensorDataset>(like->modalities(), like->classes(),
                                                        std::vector<Tensor>{noise, noise}, torch::arange(90) % 3);
  std::vector<double> purities;
  for (const int64_t starts : {1, 10}) {
    const auto model = toy();
    Diagnosed run(model, {{"every", "1"}, {"purity-starts", std::to_string(starts)}}, held_out);
    move(*model);
    const torch::NoGradGuard no_grad;
    const Tensor features = model->encode(0, noise, torch::ones({90}, torch::kBool)).pooled;
    const double expected = feature_purity(features, torch::arange(90) % 3, 3, starts);
    run.begin(2);
    Archive archive;
    run.method().save(archive);
    purities.push_back(archive.value("untold", StepLog()).at("purity_held_out/" + model->infos()[0].name));
    EXPECT_NEAR(purities.back(), expected, 1e-12);
  }
  EXPECT_NE(purities[0], purities[1]);
}

TEST(Dnr, RefusesOptionsOutOfRange) {
  expect_error(ErrorKind::usage, {"--dnr.purity-starts"}, [] { method("dnr", {{"purity-starts", "0"}}); });
  expect_error(ErrorKind::usage, {"--dnr.every"}, [] { method("dnr", {{"every", "0"}}); });
  expect_error(ErrorKind::usage, {"--dnr.lambda"}, [] { method("dnr", {{"lambda", "-1"}}); });
}

}  // namespace
}  // namespace pdmp::methods

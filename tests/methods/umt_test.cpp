// Numbers from methods-modulation 10.
#include "methods/umt.h"

#include <gmock/gmock.h>

#include "methods/toy_model.h"
#include "support/expect_error.h"

namespace pdmp::methods {
namespace {

using ::testing::ElementsAre;
using namespace testing;  // pdmp::testing

using Settings = std::vector<std::pair<std::string, std::string>>;

Tensor matrix(double a, double b, double c, double d) { return at::tensor({a, b, c, d}, at::kDouble).reshape({2, 2}); }

// Vectors of width 2 through an encoder of this width, in double.
std::shared_ptr<Model> vectors(const std::vector<std::string>& names, int64_t width, uint64_t seed) {
  std::vector<ModalityInfo> infos;
  ModelOptions options;
  for (const std::string& name : names) {
    infos.push_back({name, "vector", {2}});
    options.encoders[name] = fmt::format("mlp:hidden={}", width);
  }
  auto model = std::make_shared<Model>(infos, 2, options, seed);
  model->to(at::kDouble);
  return model;
}

// Teachers of modalities "a", "v", ..., as trained somewhere else.
struct Teachers {
  explicit Teachers(int64_t width = 2) {
    for (const char* name : {"a", "v", "t"}) models.push_back(vectors({name}, width, 9));
  }
  std::function<void(training::TrainingInputs&)> set_up() {
    return [this](training::TrainingInputs& inputs) {
      inputs.unimodal_model = [this](int64_t m) { return models.at(static_cast<size_t>(m)); };
    };
  }
  std::vector<std::shared_ptr<Model>> models;
};

Batch batch_of(int64_t modalities) {
  std::vector<Tensor> inputs = {matrix(1, 2, 0, 1), matrix(2, -1, 1, 3), matrix(0, 0, 0, 0)};
  inputs.resize(static_cast<size_t>(modalities));
  return full_batch(inputs, at::tensor({0, 1}, at::kLong));
}

std::vector<std::string> part_names(const Loss& loss) {
  std::vector<std::string> names;
  for (const auto& [name, value] : loss.parts) names.push_back(name);
  return names;
}

TEST(Umt, DistanceAndItsGradient) {
  const Tensor z = matrix(1, 2, 0, 1).requires_grad_(), t = matrix(1, 0, 1, 1);
  const Tensor everyone = at::ones(2, at::kBool);
  const Tensor distance = distillation_loss(z, t, everyone);
  EXPECT_NEAR(distance.item<double>(), 1.25, 1e-12);
  (10 * distance).backward();
  EXPECT_TRUE(at::allclose(z.grad(), 2 * 10 * (z.detach() - t) / 4));
}

TEST(Umt, RowsThatLackTheModalityDoNotCount) {
  const Tensor z = matrix(1, 2, 0, 1), t = matrix(1, 0, 1, 1);
  EXPECT_NEAR(distillation_loss(z, t, at::tensor({1, 0}).to(at::kBool)).item<double>(), 2, 1e-12);
  EXPECT_FALSE(distillation_loss(z, t, at::zeros(2, at::kBool)).defined());
}

TEST(Umt, LossIsTheFusedOnePlusTheDistances) {
  Teachers teachers;
  const auto model = vectors({"a", "v", "t"}, 2, 1);
  const Batch batch = batch_of(3);
  std::vector<double> distances;
  for (int64_t m = 0; m < 3; ++m) {
    const torch::NoGradGuard no_grad;
    const Tensor everyone = at::ones(2, at::kBool), &x = batch.inputs[static_cast<size_t>(m)];
    const Tensor z = model->encode(m, x, everyone).pooled;
    const Tensor t = teachers.models[static_cast<size_t>(m)]->encode(0, x, everyone).pooled;
    distances.push_back((z - t).square().mean().item<double>());
  }
  MethodAtWork run(model, method("umt", {{"weight", "4"}}), {}, batch, std::nullopt, teachers.set_up());
  const Loss loss = run.train(batch);
  EXPECT_THAT(part_names(loss), ElementsAre("fused", "distillation_a", "distillation_v", "distillation_t"));
  for (size_t m = 0; m < 3; ++m) EXPECT_NEAR(loss.parts[m + 1].second.item<double>(), distances[m], 1e-12) << m;
  EXPECT_NEAR(loss.total.item<double>(),
              loss.parts[0].second.item<double>() + 4 * (distances[0] + distances[1] + distances[2]), 1e-12);
}

TEST(Umt, TeachersNeverChange) {
  std::vector<std::shared_ptr<Model>> teachers;
  const auto model = image_model();
  for (const ModalityInfo& info : model->infos()) {
    ModelOptions own;
    own.encoders[info.name] = "resnet18:width=4";
    teachers.push_back(std::make_shared<Model>(std::vector<ModalityInfo>{info}, 3, own, 8));
    teachers.back()->to(at::kDouble);
  }
  std::vector<Tensor> before;
  const auto everything = [&] {
    std::vector<Tensor> all;
    for (const auto& teacher : teachers) {
      for (const Tensor& value : teacher->parameters()) all.push_back(value);
      for (const Tensor& value : teacher->buffers()) all.push_back(value);
    }
    return all;
  };
  for (const Tensor& value : everything()) before.push_back(value.detach().clone());
  MethodAtWork run(model, method("umt"), {}, image_batch(0), std::nullopt, [&](training::TrainingInputs& inputs) {
    inputs.unimodal_model = [&](int64_t m) { return teachers[static_cast<size_t>(m)]; };
  });
  for (int step = 0; step < 3; ++step) run.train(image_batch(step));
  const std::vector<Tensor> after = everything();
  for (size_t i = 0; i < before.size(); ++i) EXPECT_TRUE(at::equal(before[i], after[i])) << i;
  EXPECT_EQ(run.optimizer().groups().size(), default_groups(run.model()).size());
}

TEST(Umt, StartsFromItsTeachersIfAsked) {
  Teachers teachers;
  const auto model = vectors({"a", "v"}, 2, 1);
  MethodAtWork run(model, method("umt", {{"init", "teacher"}}), {}, batch_of(2), std::nullopt, teachers.set_up());
  const Loss loss = run.train(batch_of(2));
  EXPECT_EQ(loss.parts[1].second.item<double>(), 0);  // z is t
  EXPECT_EQ(loss.parts[2].second.item<double>(), 0);
  for (const Tensor& parameter : model->parameters()) EXPECT_TRUE(parameter.requires_grad());
}

TEST(Umt, OtherWidthsGoThroughALayer) {
  Teachers teachers(3);
  const auto model = vectors({"a", "v"}, 2, 1);
  MethodAtWork run(model, method("umt"), {}, batch_of(2), std::nullopt, teachers.set_up());
  const ParameterGroup& own = run.optimizer().groups().back();
  EXPECT_EQ(own.name, "adapters");
  EXPECT_EQ(own.parameters.size(), 4u);
  run.train(batch_of(2));
  for (const Tensor& parameter : own.parameters) EXPECT_TRUE(parameter.grad().defined());
  Archive archive;
  run.method().save(archive);
  MethodAtWork resumed(vectors({"a", "v"}, 2, 1), method("umt"), {}, batch_of(2), std::nullopt, teachers.set_up());
  resumed.method().load(archive);
  for (size_t i = 0; i < 4; ++i)
    EXPECT_TRUE(at::equal(resumed.optimizer().groups().back().parameters[i], own.parameters[i])) << i;
  expect_error(ErrorKind::data, {"the checkpoint has no layers"}, [&] { resumed.method().load(Archive()); });
  expect_error(ErrorKind::usage, {"`umt.init` teacher", "'a'"}, [&] {
    MethodAtWork(model, method("umt", {{"init", "teacher"}}), {}, batch_of(2), std::nullopt, teachers.set_up());
  });
}

TEST(Umt, WhatIsAbsentChangesNothing) {
  std::vector<std::vector<Tensor>> results;
  for (const double rubbish : {0.0, 1e6}) {
    Teachers teachers;
    const auto model = vectors({"a", "v"}, 2, 1);
    Batch batch = batch_of(2);
    MethodAtWork run(model, method("umt"), {}, batch, std::nullopt, teachers.set_up());
    batch.present = at::tensor({1, 0, 1, 1}).reshape({2, 2}).to(at::kBool);
    batch.inputs[1][0].fill_(rubbish);
    run.train(batch);
    batch.present.select(1, 1).fill_(false);
    EXPECT_THAT(part_names(run.train(batch)), ElementsAre("fused", "distillation_a"));
    results.push_back(copies(*model));
    for (const Tensor& value : results.back()) EXPECT_TRUE(value.isfinite().all().item<bool>());
  }
  EXPECT_EQ(largest_difference(results[0], results[1]), 0);
}

TEST(Umt, WithoutWeightItIsJointBitForBitAndHasNoTeachers) {
  std::vector<std::vector<Tensor>> results;
  for (const auto& how : {method("joint"), method("umt", {{"weight", "0"}})}) {
    const auto model = image_model(at::kFloat);
    MethodAtWork run(model, how, {}, image_batch(0, at::kFloat));  // unimodal_model would throw
    for (int step = 0; step < 3; ++step) run.train(image_batch(step, at::kFloat));
    results.push_back(copies(*model));
  }
  EXPECT_EQ(largest_difference(results[0], results[1]), 0);
}

TEST(Umt, OneModalityIsJoint) {
  MethodAtWork run(vectors({"a"}, 2, 1), method("umt"), {}, batch_of(1));
  EXPECT_THAT(run.method().notes(), ElementsAre("one modality ('a'): umt is joint training"));
  EXPECT_TRUE(run.train(batch_of(1)).parts.empty());
}

}  // namespace
}  // namespace pdmp::methods

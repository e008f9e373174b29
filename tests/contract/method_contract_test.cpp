// What every method of the table must do, whatever its formula.
#include <cmath>
#include <csignal>
#include <gmock/gmock.h>
#include <set>

#include "base/files/file.h"
#include "base/signal.h"
#include "contract/model_cases.h"
#include "models/encoder_choice.h"
#include "pdmp/error.h"
#include "support/temporary_directory.h"
#include "support/toy_task.h"
#include "train/files/run_directory.h"
#include "train/fit_in.h"

namespace pdmp {
namespace {

ModalityRanking ranking_of(int64_t modalities) {
  ModalityRanking ranking;
  for (int64_t m = 0; m < modalities; ++m) {
    ranking.modalities.emplace_back(1, static_cast<char>('a' + m));
    ranking.early.push_back(0.5 - 0.1 * static_cast<double>(m));
    ranking.final.push_back(0.6 + 0.1 * static_cast<double>(m));
  }
  ranking.performance_dominant = modalities - 1;
  ranking.optimization_dominant = 0;
  return ranking;
}

std::vector<Tensor> inputs_of(const Dataset& data) {
  std::vector<Tensor> inputs;
  for (size_t m = 0; m < data.modalities().size(); ++m) {
    std::vector<Tensor> rows;
    for (int64_t i = 0; i < data.size(); ++i) rows.push_back(data.get(i, nullptr).inputs[m]);
    inputs.push_back(torch::stack(rows));
  }
  return inputs;
}

std::shared_ptr<const Dataset> with_inputs(const Dataset& data, const std::vector<Tensor>& inputs,
                                           const Tensor& present = {}) {
  std::vector<int64_t> labels;
  for (int64_t i = 0; i < data.size(); ++i) labels.push_back(data.label(i));
  return std::make_shared<TensorDataset>(data.modalities(), data.classes(), inputs, torch::tensor(labels), present);
}

// Hands one sample of `data` a missing first modality, with rubbish in its place.
std::shared_ptr<const Dataset> with_absent(const Dataset& data, float rubbish) {
  const std::vector<Tensor> inputs = inputs_of(data);
  Tensor present = torch::ones({data.size(), static_cast<int64_t>(inputs.size())}, torch::kBool);
  present[1][0] = false;
  inputs[0][1].fill_(rubbish);
  return with_inputs(data, inputs, present);
}

// The toy task as pictures of noise that a class shifts, for a method that wants maps.
std::shared_ptr<const Dataset> as_pictures(const Dataset& data) {
  constexpr int64_t kSide = 16;
  std::vector<ModalityInfo> infos = data.modalities();
  std::vector<Tensor> inputs;
  for (size_t m = 0; m < infos.size(); ++m) {
    infos[m].type = "image";
    infos[m].shape = {3, kSide, kSide};
    const Tensor corner = inputs_of(data)[m].narrow(1, 0, 3).reshape({-1, 3, 1, 1});
    inputs.push_back(corner.expand({-1, 3, kSide, kSide}).clone());
  }
  std::vector<int64_t> labels;
  for (int64_t i = 0; i < data.size(); ++i) labels.push_back(data.label(i));
  return std::make_shared<TensorDataset>(infos, data.classes(), inputs, torch::tensor(labels));
}

// A model of a kind, and data for it.
struct Task {
  const char* fusion = "concat";
  bool pictures = false;

  std::shared_ptr<const Dataset> data(int64_t samples, int64_t modalities, uint64_t seed) const {
    const auto numbers = testing::toy_data(samples, modalities, seed);
    return pictures ? as_pictures(*numbers) : numbers;
  }
  TrainingData splits(int64_t modalities) const {
    return {.train = data(96, modalities, 1), .val = data(60, modalities, 2), .test = nullptr};
  }
  std::shared_ptr<Model> model(const std::vector<ModalityInfo>& modalities, int64_t classes) const {
    ModelOptions options;
    if (modalities.size() > 1) options.fusion = fusion;
    if (pictures && modalities.size() == 1) options.encoders = {{modalities[0].name, "resnet18_front:width=4"}};
    return std::make_shared<Model>(modalities, classes, options, 0);
  }
};

// The tasks a method is tried on, until one is to its taste.
constexpr Task kTasks[] = {{}, {.fusion = "mmtm:width=4:share-late=false:heads=branch", .pictures = true}};

class MethodContract : public ::testing::TestWithParam<const MethodInfo*> {
 protected:
  void SetUp() override { install_interrupt_handler(); }
  void TearDown() override { clear_interrupt(); }

  std::unique_ptr<Method> method() const { return GetParam()->make_options()->make(); }

  const Task& task() const {
    for (const Task& candidate : kTasks) {
      const TrainingData data = candidate.splits(2);
      const auto model = candidate.model(data.train->modalities(), 3);
      try {
        trainer(candidate, data, testing::toy_training(1)).check(model, *method(), data);
        return candidate;
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::usage) << error.what();
      }
    }
    throw std::logic_error(std::string(GetParam()->name) + " does with none of the models of this test");
  }

  static Trainer trainer(const Task& task, const TrainingData& data, const TrainOptions& options) {
    const std::vector<ModalityInfo> modalities = data.train->modalities();
    Trainer trainer(options, ranking_of(static_cast<int64_t>(modalities.size())));
    trainer.make_model = [=, &task] { return task.model(modalities, 3); };
    trainer.unimodal_model = [=, &task](int64_t m) { return task.model({modalities[static_cast<size_t>(m)]}, 3); };
    return trainer;
  }

  FitResult fit(const TrainingData& data, const TrainOptions& options, training::RunDirectory* run = nullptr,
                std::shared_ptr<Model>* trained = nullptr) const {
    return fit_on(task(), data, options, run, trained);
  }

  FitResult fit_on(const Task& chosen, const TrainingData& data, const TrainOptions& options,
                   training::RunDirectory* run, std::shared_ptr<Model>* trained) const {
    const auto model = chosen.model(data.train->modalities(), 3);
    if (trained != nullptr) *trained = model;
    const std::unique_ptr<Method> fresh = method();
    return training::fit_in(run, trainer(chosen, data, options), model, *fresh, data);
  }
};

TEST_P(MethodContract, RunsOnItsDefaultsWithOneToFourModalities) {
  for (int64_t modalities = 1; modalities <= 4; ++modalities) {
    for (const char* optimizer : {"sgd", "adamw"}) {
      TrainOptions options = testing::toy_training(2);
      options.optimizer.optimizer = optimizer;
      options.optimizer.lr = 1e-3;
      const FitResult result = fit(task().splits(modalities), options);
      EXPECT_TRUE(std::isfinite(result.history.back().train_loss)) << modalities << " " << optimizer;
    }
  }
}

TEST_P(MethodContract, SameSeedSameNumbers) {
  std::shared_ptr<Model> first, second;
  fit(task().splits(2), testing::toy_training(2), nullptr, &first);
  fit(task().splits(2), testing::toy_training(2), nullptr, &second);
  for (size_t i = 0; i < first->parameters().size(); ++i) {
    EXPECT_TRUE(first->parameters()[i].equal(second->parameters()[i])) << i;
  }
}

TEST_P(MethodContract, StoppedAndResumedIsBitIdentical) {
  const testing::TemporaryDirectory folder;
  const TrainingData data = task().splits(2);
  std::shared_ptr<Model> undisturbed, resumed;
  {
    training::RunDirectory run(folder.path() / "a");
    fit(data, testing::toy_training(3), &run, &undisturbed);
  }
  training::RunDirectory run(folder.path() / "b");
  std::raise(SIGTERM);  // seen after the first step
  EXPECT_THROW(fit(data, testing::toy_training(3), &run), Error);
  clear_interrupt();
  fit(data, testing::toy_training(3), &run, &resumed);
  for (size_t i = 0; i < resumed->parameters().size(); ++i) {
    EXPECT_TRUE(resumed->parameters()[i].equal(undisturbed->parameters()[i])) << i;
  }
  EXPECT_EQ(read_file(folder.path() / "a" / "metrics.jsonl"), read_file(folder.path() / "b" / "metrics.jsonl"));
}

// Interrupted, resumed, and as if nothing had happened: with all that changes how an epoch is drawn, weighed and
// averaged.
TEST_P(MethodContract, StoppedAndResumedIsBitIdenticalWithEveryTrainingOption) {
  const testing::TemporaryDirectory folder;
  const TrainingData data = task().splits(2);
  TrainOptions options = testing::toy_training(3);
  options.batch_size = 8;
  options.accumulate = 3;
  options.sampler = "balanced";
  options.ema = 0.9;
  options.select_metric = "loss";
  options.optimizer.lr = 0.005;
  options.optimizer.loss = "focal:gamma=1.5";
  options.optimizer.class_weights = "1,2,0.5";
  std::shared_ptr<Model> undisturbed, resumed;
  {
    training::RunDirectory run(folder.path() / "a");
    const FitResult result = fit(data, options, &run, &undisturbed);
    EXPECT_TRUE(std::isfinite(result.history.back().ema->loss()));
    EXPECT_NE(result.history.back().ema->loss(), result.history.back().val->loss());
  }
  training::RunDirectory run(folder.path() / "b");
  std::raise(SIGTERM);  // seen after the first step
  EXPECT_THROW(fit(data, options, &run), Error);
  clear_interrupt();
  fit(data, options, &run, &resumed);
  for (size_t i = 0; i < resumed->parameters().size(); ++i) {
    EXPECT_TRUE(resumed->parameters()[i].equal(undisturbed->parameters()[i])) << i;
  }
  for (const char* file : {"metrics.jsonl", "checkpoints/last/ema.safetensors", "checkpoints/best/ema.safetensors"}) {
    EXPECT_EQ(read_file(folder.path() / "a" / file), read_file(folder.path() / "b" / file)) << file;
  }
}

// 90 samples by 32, the last batch one of 26; some lack a modality. Coefficients, contrastive losses and class weights
// are of all of a batch. Encoders of vectors have no BatchNorm; a fusion's sees whole batches.
TEST_P(MethodContract, AccumulatedBatchesAreOneLargeBatch) {
  Task numbers = task();
  numbers.pictures = false;
  const auto samples = numbers.data(90, 2, 1);
  Tensor present = torch::ones({90, 2}, torch::kBool);
  for (int64_t i = 0; i < 90; i += 7) present[i][i % 2] = false;
  const TrainingData data = {.train = with_inputs(*samples, inputs_of(*samples), present), .val = {}, .test = {}};
  TrainOptions options = testing::toy_training(2);
  options.optimizer.lr = 0.005;
  options.optimizer.class_weights = "1,2,0.5";
  options.batch_size = 32;
  std::shared_ptr<Model> large, small;
  const FitResult expected = fit_on(numbers, data, options, nullptr, &large);
  options.batch_size = 8;
  options.accumulate = 4;
  const FitResult found = fit_on(numbers, data, options, nullptr, &small);
  EXPECT_NEAR(found.history.back().train_loss, expected.history.back().train_loss, 1e-4);
  for (size_t i = 0; i < large->parameters().size(); ++i) {
    EXPECT_TRUE(small->parameters()[i].allclose(large->parameters()[i], 1e-3, 2e-5)) << large->ownership()[i].name;
  }
}

TEST_P(MethodContract, LossAndSamplerChangeWhatIsLearnt) {
  const TrainingData data = task().splits(2);
  std::vector<Tensor> first;  // parameters of each training, as one vector
  for (const auto& [loss, sampler] : {std::pair("cross_entropy", "uniform"), std::pair("focal:gamma=2", "uniform"),
                                      std::pair("cross_entropy", "balanced")}) {
    TrainOptions options = testing::toy_training(4);  // every modality's turn
    options.optimizer.lr = 0.005;
    options.optimizer.loss = loss;
    options.sampler = sampler;
    options.select = "last";
    std::shared_ptr<Model> trained;
    EXPECT_TRUE(std::isfinite(fit(data, options, nullptr, &trained).history.back().val->loss())) << loss << sampler;
    std::vector<Tensor> flat;
    for (const Tensor& parameter : trained->parameters()) flat.push_back(parameter.detach().flatten());
    first.push_back(torch::cat(flat));
  }
  EXPECT_FALSE(first[0].equal(first[1]));
  EXPECT_FALSE(first[0].equal(first[2]));
}

TEST_P(MethodContract, OptionsRoundTripThroughToml) {
  const testing::TemporaryDirectory folder;
  const std::unique_ptr<MethodOptions> options = GetParam()->make_options(), back = GetParam()->make_options();
  OptionList list, back_list;
  options->describe(list);
  back->describe(back_list);
  write_file_atomically(folder.path() / "a.toml", list.to_toml());
  back_list.load_toml((folder.path() / "a.toml").string());
  EXPECT_EQ(back_list.to_toml(), list.to_toml());
  for (const auto& option : list.all()) EXPECT_FALSE(option->help().empty()) << option->name();
}

// In one of the last epochs: methods that hide inputs or add noise do not see each sample as it is in every one.
TEST_P(MethodContract, OverfitsSixteenSamples) {
  constexpr size_t kLast = 30;
  TrainingData data = {.train = task().data(16, 2, 5), .val = nullptr, .test = nullptr};
  // udml replaces inputs by noise from epoch 50 on: these cannot be learnt by heart.
  const bool noisy = std::string(GetParam()->name) == "udml";
  TrainOptions options = testing::toy_training(noisy ? 50 : 150);
  const FitResult result = fit(data, options);
  double best = 0;
  for (size_t i = result.history.size() - kLast; i < result.history.size(); ++i)
    best = std::max(best, result.history[i].train_accuracy);
  EXPECT_EQ(best, 1);
}

TEST_P(MethodContract, TrainsOnBatchesOfOne) {
  TrainOptions options = testing::toy_training(1);
  options.batch_size = 1;
  options.optimizer.lr = 1e-3;
  const TrainingData data = {.train = task().data(6, 2, 5), .val = nullptr, .test = nullptr};
  EXPECT_TRUE(std::isfinite(fit(data, options).history.back().train_loss));
}

TEST_P(MethodContract, WhatLiesInAnAbsentCellChangesNothing) {
  std::vector<double> losses;
  for (const float rubbish : {0.0f, 1e6f}) {
    const TrainingData data = {.train = with_absent(*task().data(16, 2, 5), rubbish), .val = nullptr, .test = nullptr};
    losses.push_back(fit(data, testing::toy_training(3)).history.back().train_loss);
  }
  EXPECT_TRUE(std::isfinite(losses[0]));
  EXPECT_EQ(losses[0], losses[1]);
}

bool finite(const Model& model) {
  for (const Tensor& parameter : model.parameters()) {
    if (!parameter.isfinite().all().item<bool>()) return false;
  }
  return true;
}

TEST_P(MethodContract, TrainsWithClippedGradientsWhereverTheyAreClipped) {
  for (const char* position : {"auto", "before", "after"}) {
    TrainOptions options = testing::toy_training(2);
    options.optimizer.clip_norm = 0.5;
    options.optimizer.clip_position = position;
    std::shared_ptr<Model> trained;
    fit(task().splits(2), options, nullptr, &trained);
    EXPECT_TRUE(finite(*trained)) << position;
  }
}

TEST_P(MethodContract, AConstantZeroThirdModalityGivesNoNan) {
  const auto data = task().data(32, 3, 5);
  std::vector<Tensor> inputs = inputs_of(*data);
  inputs[2].zero_();
  std::shared_ptr<Model> trained;
  fit({.train = with_inputs(*data, inputs), .val = nullptr, .test = nullptr}, testing::toy_training(3), nullptr,
      &trained);
  EXPECT_TRUE(finite(*trained));
}

// Four epochs: time for every modality's turn.
TEST_P(MethodContract, TrainsTheParametersItSaysAndNoOthers) {
  const Task& chosen = task();
  const TrainingData data = {.train = chosen.data(32, 2, 5), .val = chosen.data(16, 2, 6), .test = nullptr};
  const auto model = chosen.model(data.train->modalities(), 3);
  std::vector<Tensor> before;
  for (const OwnedParameter& parameter : model->ownership()) before.push_back(parameter.value.detach().clone());
  const std::unique_ptr<Method> fresh = method();
  TrainOptions options = testing::toy_training(4);
  options.select = "last";
  trainer(chosen, data, options).fit(model, *fresh, data);
  for (size_t i = 0; i < before.size(); ++i) {
    const OwnedParameter& parameter = model->ownership()[i];
    EXPECT_EQ(fresh->trains(parameter), !parameter.value.equal(before[i])) << parameter.name;
  }
}

// With every fusion: trains, or says in one sentence why not.
TEST_P(MethodContract, TrainsOnEveryFusionOrRefusesIt) {
  std::set<std::string> seen;
  for (const testing::ModelCase& c : testing::quick(testing::fusion_cases())) {
    if (!seen.insert(c.fusion.spec).second) continue;
    const std::vector<ModalityInfo> infos(c.infos.begin(), c.infos.begin() + 2);
    ModelOptions options;
    options.fusion = c.fusion.spec;
    for (const ModalityInfo& info : infos) {
      if (c.encoders.contains(info.name)) options.encoders[info.name] = c.encoders.at(info.name);
    }
    std::vector<Tensor> inputs;
    for (const ModalityInfo& info : infos) {
      std::vector<int64_t> shape = {6};
      shape.insert(shape.end(), info.shape.begin(), info.shape.end());
      inputs.push_back(info.type == "text" ? torch::randint(1, 200, shape, torch::kInt64) : torch::randn(shape));
    }
    const Tensor labels = torch::tensor({0, 1, 2, 0, 1, 2});
    const auto data = std::make_shared<TensorDataset>(infos, std::vector<std::string>{"x", "y", "z"}, inputs, labels);
    const TrainingData splits = {.train = data, .val = data, .test = nullptr};
    TrainOptions training = testing::toy_training(1);
    training.batch_size = 3;
    training.optimizer.lr = 1e-3;
    Trainer trainer(training, ModalityRanking{{infos[0].name, infos[1].name}, 1, 0, {.5, .4}, {.6, .7}, ""});
    const auto make = [&] { return std::make_shared<Model>(infos, 3, options, 0); };
    trainer.make_model = make;
    trainer.unimodal_model = [&](int64_t m) {
      const ModalityInfo& one = infos[static_cast<size_t>(m)];
      ModelOptions alone = models::with_linear_head(options, infos);
      return std::make_shared<Model>(std::vector<ModalityInfo>{one}, 3, alone, 0);
    };
    const auto model = make();
    try {
      trainer.check(model, *method(), splits);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage) << c.fusion.spec << ": " << error.what();
      continue;
    }
    const auto trained = make();
    const std::unique_ptr<Method> fresh = method();
    const FitResult result = trainer.fit(trained, *fresh, splits);
    EXPECT_TRUE(std::isfinite(result.history.back().train_loss)) << c.fusion.spec;
    EXPECT_TRUE(finite(*trained)) << c.fusion.spec;
  }
}

std::vector<const MethodInfo*> all_methods() {
  std::vector<const MethodInfo*> methods;
  for (const MethodInfo& info : method_table()) methods.push_back(&info);
  return methods;
}

INSTANTIATE_TEST_SUITE_P(Table, MethodContract, ::testing::ValuesIn(all_methods()),
                         [](const auto& row) { return std::string(row.param->name); });

}  // namespace
}  // namespace pdmp

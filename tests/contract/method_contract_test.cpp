// What every method of the table must do, whatever its formula.
#include <cmath>
#include <csignal>
#include <gmock/gmock.h>

#include "base/file.h"
#include "base/signal.h"
#include "pdmp/error.h"
#include "support/temporary_directory.h"
#include "support/toy_task.h"
#include "train/run_directory.h"

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

// Hands one sample of `data` a missing first modality, with rubbish in its place.
std::shared_ptr<const Dataset> with_absent(const Dataset& data, float rubbish) {
  std::vector<Tensor> inputs;
  std::vector<int64_t> labels;
  for (size_t m = 0; m < data.modalities().size(); ++m) {
    std::vector<Tensor> rows;
    for (int64_t i = 0; i < data.size(); ++i) rows.push_back(data.get(i, nullptr).inputs[m]);
    inputs.push_back(torch::stack(rows));
  }
  for (int64_t i = 0; i < data.size(); ++i) labels.push_back(data.label(i));
  const auto modalities = static_cast<int64_t>(inputs.size());
  Tensor present = torch::ones({data.size(), modalities}, torch::kBool);
  present[1][0] = false;
  inputs[0][1].fill_(rubbish);
  return std::make_shared<TensorDataset>(data.modalities(), data.classes(), inputs, torch::tensor(labels), present);
}

class MethodContract : public ::testing::TestWithParam<const MethodInfo*> {
 protected:
  void SetUp() override { install_interrupt_handler(); }
  void TearDown() override { clear_interrupt(); }

  std::unique_ptr<Method> method() const { return GetParam()->make_options()->make(); }

  FitResult fit(const TrainingData& data, const TrainOptions& options, RunDirectory* run = nullptr,
                std::shared_ptr<Model>* trained = nullptr) const {
    const auto model = testing::toy_model(*data.train);
    if (trained != nullptr) *trained = model;
    Trainer trainer(options, ranking_of(model->modalities()));
    trainer.make_model = [&] { return testing::toy_model(*data.train); };
    const std::unique_ptr<Method> fresh = method();
    return trainer.fit(model, *fresh, data, run);
  }
};

TEST_P(MethodContract, RunsOnItsDefaultsWithOneToFourModalities) {
  for (int64_t modalities = 1; modalities <= 4; ++modalities) {
    for (const char* optimizer : {"sgd", "adamw"}) {
      TrainOptions options = testing::toy_training(2);
      options.optimizer.optimizer = optimizer;
      options.optimizer.lr = 1e-3;
      const FitResult result = fit(testing::toy_splits(modalities), options);
      EXPECT_TRUE(std::isfinite(result.history.back().train_loss)) << modalities << " " << optimizer;
    }
  }
}

TEST_P(MethodContract, SameSeedSameNumbers) {
  std::shared_ptr<Model> first, second;
  fit(testing::toy_splits(), testing::toy_training(2), nullptr, &first);
  fit(testing::toy_splits(), testing::toy_training(2), nullptr, &second);
  for (size_t i = 0; i < first->parameters().size(); ++i) {
    EXPECT_TRUE(first->parameters()[i].equal(second->parameters()[i])) << i;
  }
}

TEST_P(MethodContract, StoppedAndResumedIsBitIdentical) {
  const testing::TemporaryDirectory folder;
  const TrainingData data = testing::toy_splits();
  std::shared_ptr<Model> undisturbed, resumed;
  {
    RunDirectory run(folder.path() / "a");
    fit(data, testing::toy_training(3), &run, &undisturbed);
  }
  RunDirectory run(folder.path() / "b");
  std::raise(SIGTERM);  // seen after the first step
  EXPECT_THROW(fit(data, testing::toy_training(3), &run), Error);
  clear_interrupt();
  fit(data, testing::toy_training(3), &run, &resumed);
  for (size_t i = 0; i < resumed->parameters().size(); ++i) {
    EXPECT_TRUE(resumed->parameters()[i].equal(undisturbed->parameters()[i])) << i;
  }
  EXPECT_EQ(read_file(folder.path() / "a" / "metrics.jsonl"), read_file(folder.path() / "b" / "metrics.jsonl"));
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

TEST_P(MethodContract, OverfitsSixteenSamples) {
  TrainingData data = {.train = testing::toy_data(16, 2, 5), .val = nullptr, .test = nullptr};
  TrainOptions options = testing::toy_training(150);
  const FitResult result = fit(data, options);
  EXPECT_EQ(result.history.back().train_accuracy, 1);
}

TEST_P(MethodContract, TrainsOnBatchesOfOne) {
  TrainOptions options = testing::toy_training(1);
  options.batch_size = 1;
  options.optimizer.lr = 1e-3;
  const TrainingData data = {.train = testing::toy_data(6, 2, 5), .val = nullptr, .test = nullptr};
  EXPECT_TRUE(std::isfinite(fit(data, options).history.back().train_loss));
}

TEST_P(MethodContract, WhatLiesInAnAbsentCellChangesNothing) {
  std::vector<double> losses;
  for (const float rubbish : {0.0f, 1e6f}) {
    const TrainingData data = {
        .train = with_absent(*testing::toy_data(16, 2, 5), rubbish), .val = nullptr, .test = nullptr};
    losses.push_back(fit(data, testing::toy_training(3)).history.back().train_loss);
  }
  EXPECT_TRUE(std::isfinite(losses[0]));
  EXPECT_EQ(losses[0], losses[1]);
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

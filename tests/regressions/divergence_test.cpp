// A training that diverges says so, whatever the method, and harms no checkpoint. Was: "LibTorch: index out of range in
// self".
#include <c10/util/Exception.h>
#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files/file.h"
#include "models/weights/safetensors.h"
#include "pdmp/trainer.h"
#include "run/tiny_run.h"
#include "support/expect_error.h"
#include "support/tiny_task.h"
#include "train/files/run_directory.h"
#include "train/fit_in.h"

namespace pdmp::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

bool all_finite(const fs::path& file) {
  for (const auto& [name, tensor] : models::read_safetensors(file.string()).tensors) {
    if (tensor.is_floating_point() && !tensor.isfinite().all().item<bool>()) return false;
  }
  return true;
}

// Finite in every weights file of the run.
void expect_finite_checkpoints(const fs::path& run) {
  if (!fs::exists(run / "checkpoints")) return;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(run / "checkpoints")) {
    if (entry.path().filename() != "weights.safetensors") continue;
    EXPECT_TRUE(all_finite(entry.path())) << entry.path();
  }
}

ModalityRanking ranking() {
  return {.modalities = {"a", "b"},
          .performance_dominant = 1,
          .optimization_dominant = 0,
          .early = {0.5, 0.4},
          .final = {0.5, 0.6},
          .ambiguous = ""};
}

class Divergence : public ::testing::TestWithParam<const MethodInfo*> {};

FitResult fit(const MethodInfo& row, const TrainOptions& options, const TrainingData& data, const fs::path& folder) {
  const auto make = [&] { return std::make_shared<Model>(data.train->modalities(), 3, tiny_model(), 0); };
  Trainer trainer(options, ranking());
  trainer.make_model = make;
  trainer.unimodal_model = [&](int64_t m) {
    const std::vector<ModalityInfo> one = {data.train->modalities()[static_cast<size_t>(m)]};
    return std::make_shared<Model>(one, 3, ModelOptions{}, 0);
  };
  const std::unique_ptr<Method> method = row.make_options()->make();
  training::RunDirectory run(folder);
  return training::fit_in(&run, trainer, make(), *method, data);
}

// Ends well (a method may bound its steps), or in one sentence; and what is on disk is finite.
void train_with(const MethodInfo& row, const TrainOptions& options, int& diverged) {
  const TemporaryDirectory directory;
  try {
    const FitResult result = fit(row, options, tiny_task(), directory / "run");
    EXPECT_TRUE(std::isfinite(result.history.back().train_loss));
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::usage) GTEST_SKIP() << error.what();  // does not do with this model
    ++diverged;
    for (const char* word : {"expected finite numbers", "since step", "diverged", "`lr`"}) {
      EXPECT_THAT(error.what(), HasSubstr(word));
    }
    EXPECT_EQ(error.kind(), ErrorKind::data);
  }
  expect_finite_checkpoints(directory / "run");
}

TEST_P(Divergence, IsOneSentence) {
  int diverged = 0;
  for (const double lr : {1e3, 1e12, 1e30}) {
    for (const char* optimizer : {"sgd", "adamw"}) {
      TrainOptions options = tiny_training(3);
      options.optimizer.optimizer = optimizer;
      options.optimizer.lr = lr;
      train_with(*GetParam(), options, diverged);
    }
  }
  if (IsSkipped()) return;
  EXPECT_GT(diverged, 0);
}

// Without a validation split no evaluation comes between the last step and the checkpoint.
TEST_P(Divergence, WithoutValidationToo) {
  TrainOptions options = tiny_training(2);
  options.optimizer.lr = 1e30;
  options.batch_size = 48;  // one step an epoch
  const MethodInfo& row = *GetParam();
  const TemporaryDirectory directory;
  TrainingData data = tiny_task();
  data.val = nullptr;
  try {
    fit(row, options, data, directory / "run");
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::usage) return;
    EXPECT_THAT(error.what(), HasSubstr("diverged"));
  }
  expect_finite_checkpoints(directory / "run");
}

std::vector<const MethodInfo*> rows() {
  std::vector<const MethodInfo*> result;
  for (const MethodInfo& row : method_table()) result.push_back(&row);
  return result;
}

INSTANTIATE_TEST_SUITE_P(AllMethods, Divergence, ::testing::ValuesIn(rows()),
                         [](const auto& row) { return std::string(row.param->name); });

// The best weights and the last finite checkpoint stay, and the sentence says what, where and since when.
TEST(DivergenceOfARun, KeepsItsCheckpoints) {
  const TemporaryDirectory directory;
  const TrainingData data = tiny_task();
  TrainOptions options = tiny_training(2);
  const auto train = [&] {
    training::RunDirectory run(directory / "run");
    const auto model = std::make_shared<Model>(data.train->modalities(), 3, tiny_model(), 0);
    training::fit_in(&run, Trainer(options, std::nullopt), model, *find_method("joint").make_options()->make(), data);
  };
  train();
  std::map<fs::path, std::string> before;
  for (const char* name : {"best", "last"}) {
    const fs::path file = directory / "run/checkpoints" / name / "weights.safetensors";
    before[file] = read_file(file);
  }
  options.epochs = 5;
  options.optimizer.lr = 1e30;
  for (int again = 0; again < 2; ++again) {
    expect_error(ErrorKind::data,
                 {"since step", "(epoch 3)", "the training diverged", "`lr` (it is 1e+30)", "encoders.", "run"}, train);
  }
  for (const auto& [file, content] : before) EXPECT_TRUE(read_file(file) == content) << file;
}

TEST(DivergenceOfARun, InTheAnalysisNamesTheModality) {
  const TemporaryDirectory directory;
  RunOptions options = tiny_run(write_vector_data(directory), (directory / "run").string(), "pdmp", 40);
  options.train.optimizer.lr = 1e30;
  expect_error(ErrorKind::data, {"modality a alone", "the training diverged"}, [&] { train(options); });
  expect_finite_checkpoints(directory / "run/unimodal/a");
}

// Not the rate: a value in the data.
TEST(DivergenceOfARun, AnInputThatIsNotFiniteIsNamed) {
  const TrainingData task = tiny_task();
  std::vector<Tensor> inputs = {torch::zeros({48, 3}), torch::zeros({48, 2})};
  inputs[1][20][1] = std::nan("");
  const Tensor labels = torch::arange(48).remainder(3);
  const TrainingData data = {
      .train = std::make_shared<TensorDataset>(task.train->modalities(), task.train->classes(), inputs, labels),
      .val = task.val,
      .test = nullptr};
  const auto model = std::make_shared<Model>(data.train->modalities(), 3, tiny_model(), 0);
  const std::unique_ptr<Method> method = find_method("joint").make_options()->make();
  Trainer trainer(tiny_training(2), std::nullopt);
  expect_error(ErrorKind::data, {"the input of modality 'b' (sample 21 of train)", "since step"},
               [&] { trainer.fit(model, *method, data); });
}

TEST(DivergenceOfARun, AModalityWithoutAnyCellIsAnError) {
  for (const char* missing : {"mask", "skip"}) {
    const TemporaryDirectory directory;
    directory.write("data/dataset.json", fmt::format(R"({{"classes": ["red", "blue"], "missing": "{}", "modalities": [
                      {{"name": "a", "type": "vector", "columns": ["a0", "a1"]}},
                      {{"name": "c", "type": "text", "column": "caption"}}]}})",
                                                     missing));
    std::string table = "id,split,label,a0,a1,caption\n";
    for (int i = 0; i < 8; ++i) {
      table += fmt::format("{},{},{},1,{},{}\n", i, i < 6 ? "train" : "val", i % 2 == 0 ? "red" : "blue", i,
                           i < 6 ? "" : "word");
    }
    directory.write("data/metadata.csv", table);
    RunOptions options;
    options.data.data = (directory / "data").string();
    options.run = (directory / "run").string();
    expect_error(ErrorKind::data, {"modality 'c'", "column 'caption'", "split 'train'", "`modalities`"},
                 [&] { train(options); });
    EXPECT_FALSE(fs::exists(directory / "run"));
  }
}

}  // namespace
}  // namespace pdmp::testing

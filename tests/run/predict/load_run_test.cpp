#include "run/predict/load_run.h"

#include <gtest/gtest.h>

#include "run/tiny_run.h"
#include "support/expect_error.h"

namespace pdmp::testing {
namespace {

TEST(LoadRun, HoldsTheSelectedWeights) {
  const TemporaryDirectory directory;
  const RunOptions options = tiny_run(write_vector_data(directory), (directory / "run").string());
  const TrainingRun summary = train(options);
  const runs::LoadedRun loaded = runs::load_run(options.run);
  EXPECT_FALSE(loaded.model->is_training());
  EXPECT_EQ(loaded.options.method.name(), "joint");
  const TrainingData data = runs::load_data_for(loaded, "");
  const Evaluation again = evaluate(*loaded.model, *loaded.method, data.test, loaded.options.train);
  EXPECT_NEAR(again.loss(), summary.test->loss(), 1e-6);
  EXPECT_EQ(again.accuracy(), summary.test->accuracy());
}

TEST(LoadRun, HoldsTheAveragedWeightsWhereThereAreSome) {
  const TemporaryDirectory directory;
  const std::string data = write_vector_data(directory);
  for (const char* select : {"last", "best_val"}) {
    RunOptions options = tiny_run(data, (directory / select).string());
    options.train.ema = 0.9;
    options.train.select = select;
    const TrainingRun summary = train(options);
    const runs::LoadedRun loaded = runs::load_run(options.run);
    const TrainingData splits = runs::load_data_for(loaded, "");
    const Evaluation again = evaluate(*loaded.model, *loaded.method, splits.test, loaded.options.train);
    EXPECT_NEAR(again.loss(), summary.test->loss(), 1e-6) << select;
    EXPECT_GT(std::abs(again.loss() - summary.trained_test->loss()), 1e-4) << select;
  }
}

// Weights that encoders started from are part of the run afterwards: their file may go.
TEST(LoadRun, NeedsNoPretrainedFile) {
  const TemporaryDirectory directory;
  const std::string file = (directory / "start.safetensors").string();
  RunOptions options = tiny_run(write_vector_data(directory), (directory / "run").string());
  const TrainingRun from_scratch = train(options);
  save_weights(*make_encoder("mlp:hidden=8", {"a", "vector", {3}}), file);
  options.run = (directory / "pretrained").string();
  options.model.encoders["a"] = "mlp:hidden=8:weights=" + file;
  const TrainingRun summary = train(options);
  EXPECT_NE(summary.test->loss(), from_scratch.test->loss());

  std::filesystem::remove(file);
  const runs::LoadedRun loaded = runs::load_run(options.run);
  const TrainingData data = runs::load_data_for(loaded, "");
  EXPECT_NEAR(evaluate(*loaded.model, *loaded.method, data.test, loaded.options.train).loss(), summary.test->loss(),
              1e-6);
  options.resume = true;
  options.train.epochs = 4;
  EXPECT_EQ(train(options).epochs, 4);
  options.resume = false;
  options.run = (directory / "new").string();
  expect_error(ErrorKind::io, {file}, [&] { train(options); });
  EXPECT_FALSE(std::filesystem::exists(options.run));
}

TEST(LoadRun, SaysWhereTheWeightsWentAndWhatDoesNotFit) {
  const TemporaryDirectory directory;
  RunOptions options = tiny_run(write_vector_data(directory), (directory / "run").string());
  options.train.keep = "none";
  train(options);
  expect_error(ErrorKind::data, {options.run, "`keep`"}, [&] { runs::load_run(options.run); });
  options.train.keep = "best";
  options.run = (directory / "kept").string();
  train(options);
  const runs::LoadedRun loaded = runs::load_run(options.run);
  std::filesystem::create_directories(directory / "other");
  directory.write("other/metadata.csv", "id,split,label,a0,a1,a2,b0\n1,train,red,1,2,3,4\n2,train,blue,1,2,3,4\n");
  directory.write("other/dataset.json", R"({"classes": ["red", "green", "blue"], "modalities": [
                      {"name": "a", "type": "vector", "columns": ["a0", "a1", "a2"]},
                      {"name": "b", "type": "vector", "columns": ["b0"]}]})");
  expect_error(ErrorKind::data, {"'b'", "shape (2)", "shape (1)"},
               [&] { runs::load_data_for(loaded, (directory / "other").string()); });
}

}  // namespace
}  // namespace pdmp::testing

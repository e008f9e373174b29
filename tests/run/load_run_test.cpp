#include "run/load_run.h"

#include <gtest/gtest.h>

#include "run/tiny_run.h"
#include "support/expect_error.h"

namespace pdmp::testing {
namespace {

TEST(LoadRun, HoldsTheSelectedWeights) {
  const TemporaryDirectory directory;
  const RunOptions options = tiny_run(write_vector_data(directory), (directory / "run").string());
  const RunSummary summary = run(options);
  const LoadedRun loaded = load_run(options.run);
  EXPECT_FALSE(loaded.model->is_training());
  EXPECT_EQ(loaded.options.method, "joint");
  const TrainingData data = load_data_for(loaded, "");
  const Evaluation again = evaluate(*loaded.model, *loaded.method, data.test, loaded.options.train);
  EXPECT_NEAR(again.loss, summary.test->loss, 1e-6);
  EXPECT_EQ(again.accuracy, summary.test->accuracy);
}

TEST(LoadRun, SaysWhereTheWeightsWentAndWhatDoesNotFit) {
  const TemporaryDirectory directory;
  RunOptions options = tiny_run(write_vector_data(directory), (directory / "run").string());
  options.train.keep = "none";
  run(options);
  expect_error(ErrorKind::data, {options.run, "--keep"}, [&] { load_run(options.run); });
  options.train.keep = "best";
  options.run = (directory / "kept").string();
  run(options);
  const LoadedRun loaded = load_run(options.run);
  std::filesystem::create_directories(directory / "other");
  directory.write("other/metadata.csv", "id,split,label,a0,a1,a2,b0\n1,train,red,1,2,3,4\n2,train,blue,1,2,3,4\n");
  directory.write("other/dataset.json", R"({"classes": ["red", "green", "blue"], "modalities": [
                      {"name": "a", "type": "vector", "columns": ["a0", "a1", "a2"]},
                      {"name": "b", "type": "vector", "columns": ["b0"]}]})");
  expect_error(ErrorKind::data, {"'b'", "shape (2)", "shape (1)"},
               [&] { load_data_for(loaded, (directory / "other").string()); });
}

}  // namespace
}  // namespace pdmp::testing

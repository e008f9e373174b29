#include "run/files/predictions.h"

#include <gtest/gtest.h>

#include "base/files/file.h"
#include "support/expect_error.h"
#include "support/temporary_directory.h"

namespace pdmp::runs {
namespace {

TEST(Predictions, OneRecordASampleInTheOrderOfTheData) {
  const testing::TemporaryDirectory directory;
  const TensorDataset data({{"x", "vector", {1}}}, {"cat", "dog, big"}, {torch::zeros({2, 1})},
                           torch::tensor({1, 0}, torch::kInt64));
  const Tensor predictions = torch::tensor({0, 0}, torch::kInt64);
  const Tensor probabilities = torch::tensor({0.75f, 0.25f, 0.9f, 0.1f}).view({2, 2});
  PredictionsFile file(directory / "predictions.csv");
  file.of_split("val", data)(predictions, probabilities);
  const PredictionSink test = file.of_split("test", data);  // in two batches
  test(predictions.slice(0, 0, 1), probabilities.slice(0, 0, 1));
  test(predictions.slice(0, 1, 2), probabilities.slice(0, 1, 2));
  EXPECT_FALSE(std::filesystem::exists(directory / "predictions.csv"));
  file.commit();
  EXPECT_EQ(read_file(directory / "predictions.csv"),
            "id,split,label,prediction,probability_cat,\"probability_dog, big\"\n"
            "0,val,\"dog, big\",cat,0.750000,0.250000\n"
            "1,val,cat,cat,0.900000,0.100000\n"
            "0,test,\"dog, big\",cat,0.750000,0.250000\n"
            "1,test,cat,cat,0.900000,0.100000\n");
  const std::vector<Prediction> read = read_predictions(directory / "predictions.csv", "test");
  ASSERT_EQ(read.size(), 2u);
  EXPECT_EQ(read[0].id, "0");
  EXPECT_EQ(read[0].label, "dog, big");
  EXPECT_EQ(read[0].prediction, "cat");
  EXPECT_EQ(read[1].id, "1");
  EXPECT_EQ(read[1].label, "cat");
  EXPECT_TRUE(read_predictions(directory / "predictions.csv", "train").empty());
}

TEST(Predictions, FormulasAreGuardedAndReadBack) {
  const testing::TemporaryDirectory directory;
  const TensorDataset data({{"x", "vector", {1}}}, {"=1+1", "-0.5"}, {torch::zeros({2, 1})},
                           torch::tensor({0, 1}, torch::kInt64));
  PredictionsFile file(directory / "predictions.csv");
  file.of_split("test", data)(torch::tensor({1, 0}, torch::kInt64), torch::full({2, 2}, 0.5f));
  file.commit();
  EXPECT_EQ(read_file(directory / "predictions.csv"),
            "id,split,label,prediction,probability_=1+1,probability_-0.5\n"
            "0,test,\"'=1+1\",-0.5,0.500000,0.500000\n"
            "1,test,-0.5,\"'=1+1\",0.500000,0.500000\n");
  const std::vector<Prediction> read = read_predictions(directory / "predictions.csv", "test");
  EXPECT_EQ(read.at(0).label, "=1+1");
  EXPECT_EQ(read.at(1).label, "-0.5");
}

TEST(Predictions, OtherFilesAreNamed) {
  const testing::TemporaryDirectory directory;
  const auto read = [&](const char* text) {
    return read_predictions(directory.write("predictions.csv", text), "test");
  };
  testing::expect_error(ErrorKind::data, {"predictions.csv:1", "'prediction'"},
                        [&] { read("id,split,label\n0,test,cat\n"); });
  testing::expect_error(ErrorKind::data, {"predictions.csv:3", "expected 4 fields", "found 2"},
                        [&] { read("id,split,label,prediction\n0,test,cat,cat\n1,test\n"); });
}

}  // namespace
}  // namespace pdmp::runs

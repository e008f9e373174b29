#include "run/predictions.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "support/temporary_directory.h"

namespace pdmp {
namespace {

TEST(Predictions, OneRecordASampleInTheOrderOfTheData) {
  const testing::TemporaryDirectory directory;
  const TensorDataset data({{"x", "vector", {1}}}, {"cat", "dog, big"}, {torch::zeros({2, 1})},
                           torch::tensor({1, 0}, torch::kInt64));
  Evaluation evaluation;
  evaluation.n = 2;
  evaluation.labels = torch::tensor({1, 0}, torch::kInt64);
  evaluation.predictions = torch::tensor({0, 0}, torch::kInt64);
  evaluation.probabilities = torch::tensor({0.75f, 0.25f, 0.9f, 0.1f}).view({2, 2});
  write_predictions({{"val", data, evaluation}, {"test", data, evaluation}}, directory / "predictions.csv");
  EXPECT_EQ(read_file(directory / "predictions.csv"),
            "id,split,label,prediction,probability_cat,\"probability_dog, big\"\n"
            "0,val,\"dog, big\",cat,0.750000,0.250000\n"
            "1,val,cat,cat,0.900000,0.100000\n"
            "0,test,\"dog, big\",cat,0.750000,0.250000\n"
            "1,test,cat,cat,0.900000,0.100000\n");
}

}  // namespace
}  // namespace pdmp

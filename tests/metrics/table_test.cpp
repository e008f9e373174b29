#include "metrics/table.h"

#include <gtest/gtest.h>
#include <map>
#include <string>

namespace pdmp {
namespace {

TEST(MetricTable, ScoresAConfusionMatrix) {
  // Class 0: 3 of 4 found; class 1: 1 of 2; class 2 never occurs. F1: 6/8, 2/4.
  const Tensor confusion = torch::tensor({{3, 1, 0}, {1, 1, 0}, {0, 0, 0}}, torch::kInt64);
  std::map<std::string, double> scores;
  for (const MetricInfo& row : metric_table()) scores[row.name] = row.score(confusion, 1);
  EXPECT_EQ(scores.size(), metric_table().size()) << "a name is there twice";
  EXPECT_NEAR(scores.at("accuracy"), 4.0 / 6, 1e-12);
  EXPECT_NEAR(scores.at("macro_f1"), (0.75 + 0.5) / 2, 1e-12);
  EXPECT_NEAR(scores.at("macro_f1_all_classes"), (0.75 + 0.5) / 3, 1e-12);
  // Class 1 live: 1 of 4 attacks called live, 1 of 2 live called an attack.
  EXPECT_NEAR(scores.at("apcer"), 0.25, 1e-12);
  EXPECT_NEAR(scores.at("bpcer"), 0.5, 1e-12);
  EXPECT_NEAR(scores.at("acer"), 0.375, 1e-12);
}

}  // namespace
}  // namespace pdmp

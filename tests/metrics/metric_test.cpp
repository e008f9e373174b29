#include "metrics/metric.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <set>

#include "metrics/score_of.h"
#include "pdmp/torch.h"
#include "support/expect_error.h"

namespace pdmp::metrics {
namespace {

// Class 0: 3 of 4 found; class 1: 1 of 2; class 2 never occurs.
Tensor labels() { return torch::tensor({0, 0, 0, 0, 1, 1}, torch::kInt64); }
Tensor probabilities() {
  return torch::tensor({{.8, .1, .1}, {.7, .2, .1}, {.6, .3, .1}, {.2, .7, .1}, {.3, .6, .1}, {.5, .4, .1}},
                       torch::kFloat64);
}

TEST(Metric, ScoresByHand) {
  const Scores scores = testing::scores_of(probabilities(), labels(), 6, 1);
  EXPECT_NEAR(scores.at("accuracy"), 4.0 / 6, 1e-12);
  EXPECT_NEAR(scores.at("macro_f1"), (0.75 + 0.5) / 2, 1e-12);  // F1: 6/8, 2/4
  EXPECT_NEAR(scores.at("macro_f1_all_classes"), (0.75 + 0.5) / 3, 1e-12);
  EXPECT_NEAR(scores.at("loss"), -std::log(.8 * .7 * .6 * .2 * .6 * .4) / 6, 1e-6);
  // Class 1 live: 1 of 4 attacks called live, 1 of 2 live called an attack.
  EXPECT_NEAR(scores.at("apcer"), 0.25, 1e-12);
  EXPECT_NEAR(scores.at("bpcer"), 0.5, 1e-12);
  EXPECT_NEAR(scores.at("acer"), 0.375, 1e-12);
}

TEST(Metric, BatchesChangeNoScore) {
  const Tensor of_all_classes = torch::tensor({0, 2, 0, 0, 1, 1}, torch::kInt64);
  const Scores whole = testing::scores_of(probabilities(), of_all_classes, 6, 0);
  EXPECT_EQ(whole.size(), metric_table().size()) << "a name is there twice";
  for (const int64_t rows : {1, 4}) {
    for (const auto& [metric, score] : testing::scores_of(probabilities(), of_all_classes, rows, 0)) {
      EXPECT_NEAR(score, whole.at(metric), 1e-12) << metric << " by " << rows;
    }
  }
}

TEST(Metric, ThoseOfAttacksNeedALiveClass) {
  const Scores scores = testing::scores_of(probabilities(), labels(), 6);
  for (const Metric& metric : metric_table()) EXPECT_NE(scores.contains(metric.name), metric.of_attacks) << metric.name;
}

TEST(Metric, TableIsWholeAndAccuracyComesFirst) {
  std::set<std::string> headings;
  for (const Metric& metric : metric_table()) {
    EXPECT_TRUE(headings.insert(metric.heading).second) << metric.heading;
    EXPECT_TRUE(std::string(metric.summary).ends_with(".")) << metric.name;
  }
  EXPECT_EQ(&find_metric("accuracy"), &metric_table().front());
  testing::expect_error(ErrorKind::usage, {"macro_f", "did you mean 'macro_f1'"}, [] { find_metric("macro_f"); });
}

TEST(Metric, MeritIsLargerForTheBetter) {
  EXPECT_EQ(find_metric("macro_f1").merit(0.5), 0.5);
  EXPECT_EQ(find_metric("loss").merit(1.25), -1.25);
}

TEST(Metric, AnUndefinedScoreIsADash) {
  EXPECT_EQ(score_text(std::numeric_limits<double>::quiet_NaN()), "-");
  EXPECT_EQ(score_text(0.81254), "0.8125");
}

}  // namespace
}  // namespace pdmp::metrics

#include <gtest/gtest.h>

#include "pdmp/error.h"
#include "pdmp/trainer.h"
#include "support/expect_error.h"

namespace pdmp {
namespace {

TEST(SelectMetric, ValuesOfAnEvaluationAndWhichIsBetter) {
  Evaluation scores;
  scores.accuracy = 0.75;
  scores.macro_f1 = 0.5;
  scores.loss = 1.25;
  EXPECT_EQ(find_select_metric("accuracy").value(scores), 0.75);
  EXPECT_EQ(find_select_metric("macro_f1").value(scores), 0.5);
  EXPECT_EQ(find_select_metric("loss").value(scores), 1.25);
  EXPECT_EQ(find_select_metric("macro_f1").merit(scores), 0.5);
  EXPECT_EQ(find_select_metric("loss").merit(scores), -1.25);
}

TEST(SelectMetric, AccuracyIsTheFirstAndUnknownOnesAreNamed) {
  EXPECT_EQ(find_select_metric(TrainOptions().select_metric).name, select_metric_table().front().name);
  testing::expect_error(ErrorKind::usage, {"macro_f", "did you mean 'macro_f1'"},
                        [] { find_select_metric("macro_f"); });
}

}  // namespace
}  // namespace pdmp

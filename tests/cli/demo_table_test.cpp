#include "cli/demo_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pdmp {
namespace {

using ::testing::HasSubstr;

RunSummary run_of(const std::vector<std::string>& modalities, double accuracy, double f1,
                  const std::vector<double>& dependency) {
  RunSummary summary;
  summary.modalities = modalities;
  summary.test = Evaluation{};
  summary.test->accuracy = accuracy;
  summary.test->macro_f1 = f1;
  summary.test->dependency = dependency;
  summary.directory = "demo/runs/x";
  return summary;
}

std::vector<DemoRow> two_rows() {
  return {{"a alone", {run_of({"a"}, .5, .4, {2}), run_of({"a"}, .7, .6, {3})}},
          {"joint", {run_of({"a", "b"}, .8, .8, {1, 3}), run_of({"a", "b"}, .8, .7, {3, 1})}}};
}

DemoFacts some_facts() {
  return {.data = "demo/stamps",
          .runs = "demo/runs",
          .analysis = "demo/analysis.json",
          .classes = 4,
          .n_train = 80,
          .n_test = 20,
          .majority = .3,
          .seconds = 61,
          .peak_memory = 1500000000};
}

TEST(DemoTable, ShowsMeanAndDeviationOverSeeds) {
  const std::string text = demo_text(two_rows(), some_facts());
  EXPECT_THAT(text, HasSubstr("a alone  0.600 ± 0.141  0.500 ± 0.141\n"));  // sd of (.5, .7) = .1414
  EXPECT_THAT(text, HasSubstr("joint    0.800 ± 0.000  0.750 ± 0.071  50 %  50 %\n"));
  EXPECT_THAT(text, HasSubstr("on a"));
  EXPECT_THAT(text, HasSubstr("20 samples, 4 classes; chance 0.250, majority class 0.300"));
  EXPECT_THAT(text, HasSubstr("1 min 01 s, peak memory 1.50 GB"));
  EXPECT_THAT(text, HasSubstr("over 2 seeds"));
  EXPECT_THAT(text, HasSubstr("demo/runs"));
}

TEST(DemoTable, JsonHasEverySeed) {
  const nlohmann::json json = demo_json(two_rows(), some_facts());
  EXPECT_EQ(json["rows"][1]["name"], "joint");
  EXPECT_NEAR(json["rows"][1]["macro_f1"]["mean"].get<double>(), .75, 1e-12);
  EXPECT_EQ(json["rows"][0]["accuracy"]["values"], nlohmann::json({.5, .7}));
  EXPECT_NEAR(json["rows"][1]["dependency"]["b"]["values"][0].get<double>(), .75, 1e-6);
  EXPECT_EQ(json["n_test"], 20);
  EXPECT_EQ(json["chance"], .25);
  EXPECT_EQ(json["peak_memory_bytes"], 1500000000);
}

}  // namespace
}  // namespace pdmp

#include "cli/print/demo_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>

#include "base/text/text_table.h"

namespace pdmp::cli {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

ComparisonRow row_of(const std::string& name, const std::vector<double>& accuracy, const std::vector<double>& f1,
                     const std::vector<std::vector<double>>& shares) {
  ComparisonRow row;
  row.name = name;
  row.fusion = shares.size() > 1 ? "concat" : "";
  row.modalities = shares.size() > 1 ? std::vector<std::string>{"a", "b"} : std::vector<std::string>{"a"};
  row.runs = {"demo/runs/" + name};
  row.scores["accuracy"] = accuracy;
  row.scores["macro_f1"] = f1;
  row.dependency = shares;
  return row;
}

Contrast contrast(double mean, double p_holm) {
  Contrast result;
  result.difference = {mean, mean - .05, mean + .05, p_holm};
  result.p_holm = p_holm;
  return result;
}

Comparison some_comparison() {
  Comparison comparison;
  comparison.data = "demo/stamps";
  comparison.classes = 4;
  comparison.n_train = 80;
  comparison.n_test = 20;
  comparison.majority = .3;
  comparison.seeds = {0, 1};
  comparison.modalities = {"a", "b"};
  comparison.best_unimodal = "a alone";
  ComparisonRow pdmp = row_of("pdmp", {.9, .8}, {.8, .7}, {{.5, .5}, {.5, .5}});
  pdmp.against_unimodal = contrast(.25, .01);
  ComparisonRow control = row_of("every encoder × 15", {.8, .8}, {.8, .7}, {{.25, .25}, {.75, .75}});
  control.controls = {{.of = "pdmp", .what = control.name, .of_encoders = true, .gain = contrast(.05, .2)}};
  ComparisonRow failed = row_of("joint, learning rate × 15", {}, {}, {{}, {}});
  failed.controls = {{.of = "pdmp", .what = failed.name, .of_encoders = false, .gain = {}}};
  failed.refusal = "demo/runs/x failed";
  comparison.rows = {row_of("a alone", {.5, .7}, {.4, .6}, {{1, 1}}),
                     row_of("joint", {.8, .8}, {.8, .7}, {{.25, .75}, {.75, .25}}), pdmp, control, failed};
  return comparison;
}

DemoFacts some_facts() {
  return {.runs = "demo/runs", .analysis = "demo/analysis.json", .seconds = 61, .peak_memory = 1500000000};
}

TEST(DemoTable, ShowsMeanAndDeviationOverSeeds) {
  const std::string text = demo_text(some_comparison(), some_facts(), 0);
  EXPECT_THAT(text, HasSubstr("a alone             0.600 ± 0.141  0.500 ± 0.141\n"));  // sd of (.5, .7) = .1414
  EXPECT_THAT(text, HasSubstr("joint               0.800 ± 0.000  0.750 ± 0.071  50 %  50 %\n"));
  EXPECT_THAT(text, HasSubstr("every encoder × 15  0.800 ± 0.000  0.750 ± 0.071  25 %  75 %\n"));
  EXPECT_THAT(text, HasSubstr("joint, learning rate × 15  n/a: demo/runs/x failed\n"));
  EXPECT_THAT(text, HasSubstr("on a"));
  EXPECT_THAT(text, HasSubstr("20 samples, 4 classes; chance 0.250, majority class 0.300"));
  EXPECT_THAT(text, HasSubstr("1 min 01 s, peak memory 1.50 GB"));
  EXPECT_THAT(text, HasSubstr("over 2 seeds"));
  EXPECT_THAT(text, HasSubstr("demo/runs"));
}

TEST(DemoTable, EndsWithWhatTheControlsShow) {
  EXPECT_THAT(
      demo_text(some_comparison(), some_facts(), 0),
      EndsWith("\nThe best single modality is a alone (0.600 on test; the only one). It is beaten by pdmp by "
               "+0.250.\n\n"
               "pdmp against its control: +0.050 [+0.000, +0.100] over every encoder × 15 (joint, learning rate "
               "× 15 has no result), so it is not shown here that letting one modality lead does more than a "
               "larger learning rate for all.\n"));
}

TEST(DemoTable, OneSeedHasNoDeviation) {
  Comparison comparison = some_comparison();
  comparison.seeds = {0};
  for (ComparisonRow& row : comparison.rows) {
    if (row.refusal.empty())
      for (auto& [metric, scores] : row.scores) scores.resize(1);
  }
  const std::string text = demo_text(comparison, some_facts(), 0);
  EXPECT_THAT(text, Not(HasSubstr("±")));
  EXPECT_THAT(text, HasSubstr("values over 1 seed;"));
}

TEST(DemoTable, FitsTheWidth) {
  Comparison comparison = some_comparison();
  comparison.modalities = {"picture", "sound", "depth_map", "accelerometer", "heart_rate", "caption"};
  for (ComparisonRow& row : comparison.rows) {
    if (!comparing::is_unimodal(row) && row.refusal.empty()) row.dependency.assign(6, {.25, .25});
  }
  for (const int64_t width : {60, 80, 200}) {
    std::istringstream lines(demo_text(comparison, some_facts(), width));
    std::string line;
    while (std::getline(lines, line)) EXPECT_LE(display_width(line), static_cast<size_t>(width)) << line;
  }
}

TEST(DemoTable, JsonHasEverySeed) {
  const nlohmann::json json = demo_json(some_comparison(), some_facts());
  EXPECT_EQ(json["rows"][1]["name"], "joint");
  EXPECT_NEAR(json["rows"][1]["macro_f1"]["mean"].get<double>(), .75, 1e-12);
  EXPECT_EQ(json["rows"][0]["accuracy"]["values"], nlohmann::json({.5, .7}));
  EXPECT_NEAR(json["rows"][1]["dependency"]["b"]["values"][0].get<double>(), .75, 1e-6);
  EXPECT_EQ(json["rows"][4]["refusal"], "demo/runs/x failed");
  EXPECT_EQ(json["answers"].size(), 2u);
  EXPECT_EQ(json["n_test"], 20);
  EXPECT_EQ(json["chance"], .25);
  EXPECT_EQ(json["peak_memory_bytes"], 1500000000);
}

}  // namespace
}  // namespace pdmp::cli

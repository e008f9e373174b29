#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compare/comparison.h"
#include "data/csv.h"

namespace pdmp {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

ComparisonRow scored(const std::string& name, const std::string& fusion, const std::vector<double>& accuracy) {
  ComparisonRow row;
  row.name = name;
  row.method = "joint";
  row.fusion = fusion;
  row.modalities = {"picture", "sound"};
  row.runs = {"out/" + name + "/seed0", "out/" + name + "/seed1"};
  row.accuracy = accuracy;
  row.macro_f1 = {.5, .5};
  row.calibration_error = {.125, .125};
  row.validation_accuracy = {.75, .85};
  row.branch_accuracy = {{.4, .6}, {.3, .3}};
  row.dependency = {{.75, .75}, {.25, .25}};
  row.epoch_seconds = {2, 4};
  row.peak_memory = {1500000000, 1250000000};
  return row;
}

ComparisonRow alone() {
  ComparisonRow row = scored("picture alone", "", {.4, .4});
  row.modalities = {"picture"};
  row.branch_accuracy = {{.4, .4}};
  row.dependency = {{1, 1}};
  return row;
}

ComparisonRow reference(const std::string& fusion = "concat") {
  ComparisonRow row = scored("joint", fusion, {.7, .7});
  row.rank = 2;
  row.indistinguishable = true;
  return row;
}

ComparisonRow best(const std::string& fusion = "concat") {
  ComparisonRow row = scored("pdmp:gamma=5", fusion, {.7, .8});
  row.method = "pdmp";
  row.difference = {.05, -.0125, .1, .02};
  row.p_holm = .04;
  row.mcnemar = {{3, 3, 1}, {0, 9, .00390625}};
  row.mcnemar_holm = {1, .0078125};
  row.relative_time = 1.25;
  row.rank = 1;
  row.best = row.indistinguishable = true;
  return row;
}

ComparisonRow refused() {
  ComparisonRow row;
  row.name = "mla";
  row.method = "mla";
  row.fusion = "concat";
  row.refusal = "it has a fusion | of its own";
  return row;
}

Comparison example() {
  Comparison comparison;
  comparison.data = "stamps";
  comparison.selected_by = "validation";
  comparison.reference = "joint";
  comparison.modalities = {"picture", "sound"};
  comparison.seeds = {0, 1};
  comparison.classes = 4;
  comparison.n_train = 6000;
  comparison.n_test = 750;
  comparison.majority = .3;
  comparison.resamples = 10000;
  comparison.notes = {"mla trains on 90 % of train"};
  comparison.rows = {alone(), reference(), best(), refused()};
  return comparison;
}

// The value of `column` in record `row` of a CSV.
std::string field(const MetadataTable& table, size_t row, const char* column) {
  const auto found = table.find(column);
  return found ? table.rows.at(row).fields[*found] : "no such column";
}

TEST(ComparisonText, AlignsScoresAndWhatIsInside) {
  const std::string text = comparison_text(example());
  EXPECT_EQ(text.substr(0, text.find("\n\n") + 1),
            "               rank    test accuracy       macro-F1      difference to joint  Holm p  McNemar\n"
            "picture alone        0.400 ± 0.000    0.500 ± 0.000\n"
            "joint             2  0.700 ± 0.000 ≈  0.500 ± 0.000                reference\n"
            "pdmp:gamma=5      1  0.750 ± 0.071    0.500 ± 0.000  +0.050 [-0.013, +0.100]  0.0400      1/2\n"
            "mla  n/a: it has a fusion | of its own\n");
  const size_t inside = text.find("\n\n") + 2;
  EXPECT_EQ(text.substr(inside, text.find("\n\n", inside) + 1 - inside),
            "               picture branch  picture share   sound branch  sound share            ECE   epoch  × joint  "
            " memory\n"
            "picture alone                                                             0.125 ± 0.000  3.00 s           "
            "1.50 GB\n"
            "joint           0.500 ± 0.141           75 %  0.300 ± 0.000         25 %  0.125 ± 0.000  3.00 s     1.00  "
            "1.50 GB\n"
            "pdmp:gamma=5    0.500 ± 0.141           75 %  0.300 ± 0.000         25 %  0.125 ± 0.000  3.00 s     1.25  "
            "1.50 GB\n");
}

TEST(ComparisonText, SaysWhatWasComparedAndWhatTheColumnsMean) {
  const std::string text = comparison_text(example());
  for (const char* words :
       {"data stamps: 6,000 training and 750 test samples, 4 classes; chance 0.250", "frequent in training 0.300",
        "2 seeds (0, 1)", "best on validation", "none were searched", "note: mla trains on 90 % of train",
        "\nrank: ", "\ntest accuracy: ", "\nmacro-F1: ", "\ndifference to joint: ", "10,000 resamples",
        "\nHolm p: ", "\nMcNemar: ", "\nbranch: ", "\nshare: ", "\nECE: ", "\nepoch: ", "\n× joint: ", "\nmemory: "}) {
    EXPECT_THAT(text, HasSubstr(words));
  }
  EXPECT_THAT(text, Not(HasSubstr("!!!")));
}

TEST(ComparisonText, SaysWhatTheSearchFound) {
  Comparison comparison = example();
  comparison.trials = 12;
  comparison.rows[2].tuned = "lr=0.004,pdmp.gamma=8";
  EXPECT_THAT(comparison_text(comparison), AllOf(HasSubstr("12 trials for every method"),
                                                 HasSubstr("found for pdmp:gamma=5: lr=0.004,pdmp.gamma=8")));
}

TEST(ComparisonText, IsLoudWhereTheTestSplitChose) {
  Comparison comparison = example();
  comparison.selected_by = "test";
  EXPECT_EQ(comparison_text(comparison).find("!!! THE TEST SPLIT CHOSE"), 0u);
  EXPECT_THAT(comparison_markdown(comparison), HasSubstr("**!!! THE TEST SPLIT CHOSE"));
}

TEST(ComparisonText, NamesFusionsWhereThereAreSeveral) {
  Comparison comparison = example();
  comparison.rows.push_back(reference("sum"));
  comparison.rows.push_back(best("sum"));
  const std::string text = comparison_text(comparison);
  EXPECT_THAT(text, HasSubstr("\npicture alone "));
  EXPECT_THAT(text, HasSubstr("\njoint (concat) "));
  EXPECT_THAT(text, HasSubstr("\njoint (sum) "));
  EXPECT_THAT(text, HasSubstr("mla (concat)  n/a: it has"));
}

TEST(ComparisonText, WithoutReferenceAndWithOneSeed) {
  Comparison comparison = example();
  comparison.reference.clear();
  comparison.seeds = {7};
  comparison.rows = {reference()};
  ComparisonRow& row = comparison.rows[0];
  row.accuracy = {.7};
  const std::string text = comparison_text(comparison);
  EXPECT_THAT(text, HasSubstr("joint     2        0.700 ≈"));  // no deviation of one value
  EXPECT_THAT(text, HasSubstr("1 seed (7)"));
  EXPECT_THAT(text, AllOf(Not(HasSubstr("difference to")), Not(HasSubstr("McNemar")), Not(HasSubstr("×"))));
}

TEST(ComparisonMarkdown, IsATableWithTheBestInBold) {
  const std::string text = comparison_markdown(example());
  EXPECT_EQ(text.find("# Comparison on stamps\n"), 0u);
  EXPECT_THAT(text, HasSubstr("|  | rank | test accuracy | macro-F1 | difference to joint | Holm p | McNemar |\n"
                              "|---|---:|---:|---:|---:|---:|---:|\n"
                              "| picture alone |  | 0.400 ± 0.000 | 0.500 ± 0.000 |  |  |  |\n"
                              "| joint | 2 | 0.700 ± 0.000 ≈ | 0.500 ± 0.000 | reference |  |  |\n"
                              "| pdmp:gamma=5 | 1 | **0.750 ± 0.071** | 0.500 ± 0.000 | +0.050 [-0.013, +0.100] | "
                              "0.0400 | 1/2 |\n"
                              "| mla | n/a: it has a fusion \\| of its own |  |  |  |  |  |\n"));
  EXPECT_THAT(text, HasSubstr("| joint | 0.500 ± 0.141 | 75 % | 0.300 ± 0.000 | 25 % |"));
  EXPECT_THAT(text, HasSubstr("- macro-F1: "));
}

TEST(ComparisonCsv, HasALineForEverySeedAndOneForAll) {
  const MetadataTable table = parse_csv(comparison_csv(example()), "comparison.csv");
  ASSERT_EQ(table.rows.size(), 10u);  // 3 x (2 + 1), and one that is n/a
  EXPECT_EQ(field(table, 6, "name"), "pdmp:gamma=5");
  EXPECT_EQ(field(table, 6, "seed"), "0");
  EXPECT_EQ(field(table, 7, "run"), "out/pdmp:gamma=5/seed1");
  EXPECT_EQ(field(table, 7, "accuracy"), "0.8");
  EXPECT_EQ(field(table, 7, "accuracy_sd"), "");
  EXPECT_EQ(field(table, 7, "mcnemar_only_other"), "9");
  EXPECT_EQ(field(table, 7, "mcnemar_p"), "0.00390625");
  EXPECT_EQ(field(table, 7, "mcnemar_p_holm"), "0.0078125");
  EXPECT_EQ(field(table, 7, "p_holm"), "");
  EXPECT_EQ(field(table, 8, "seed"), "all");
  EXPECT_EQ(field(table, 8, "accuracy"), "0.75");
  EXPECT_EQ(field(table, 8, "accuracy_sd"), "0.07071067812");
  EXPECT_EQ(field(table, 8, "validation_accuracy"), "0.8");
  EXPECT_EQ(field(table, 8, "dependency_sound"), "0.25");
  EXPECT_EQ(field(table, 8, "peak_memory_bytes"), "1375000000");
  EXPECT_EQ(field(table, 8, "difference_low"), "-0.0125");
  EXPECT_EQ(field(table, 8, "p_holm"), "0.04");
  EXPECT_EQ(field(table, 8, "relative_time"), "1.25");
  EXPECT_EQ(field(table, 8, "best"), "true");
  EXPECT_EQ(field(table, 5, "best"), "false");
  EXPECT_EQ(field(table, 5, "difference"), "");
  EXPECT_EQ(field(table, 2, "branch_accuracy_picture"), "");  // alone
  EXPECT_EQ(field(table, 9, "refusal"), "it has a fusion | of its own");
  EXPECT_EQ(field(table, 9, "accuracy"), "");
}

TEST(ComparisonJson, HasEverything) {
  const nlohmann::json json = comparison_json(example());
  EXPECT_EQ(json["format_version"], 1);
  EXPECT_EQ(json["selected_by"], "validation");
  EXPECT_EQ(json["chance"], .25);
  EXPECT_EQ(json["notes"][0], "mla trains on 90 % of train");
  const nlohmann::json& row = json["rows"][2];
  EXPECT_EQ(row["accuracy"]["values"], nlohmann::json({.7, .8}));
  EXPECT_NEAR(row["branch_accuracy"]["picture"]["mean"].get<double>(), .5, 1e-12);
  EXPECT_EQ(row["difference"]["p_holm"], .04);
  EXPECT_EQ(row["mcnemar"][1]["only_other"], 9);
  EXPECT_EQ(row["peak_memory_bytes"]["values"][0], 1500000000);
  EXPECT_EQ(row["best"], true);
  EXPECT_TRUE(json["rows"][0]["fusion"].is_null());
  EXPECT_FALSE(json["rows"][0].contains("branch_accuracy"));
  EXPECT_TRUE(json["rows"][1]["difference"].is_null());
  EXPECT_EQ(json["rows"][3]["refusal"], "it has a fusion | of its own");
  EXPECT_FALSE(json["rows"][3].contains("accuracy"));
}

}  // namespace
}  // namespace pdmp

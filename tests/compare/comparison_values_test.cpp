// CSV and JSON of a comparison.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compare/comparison.h"
#include "compare/example.h"
#include "data/tables/csv.h"

namespace pdmp::comparing {
namespace {

using testing::example;

// The value of `column` in record `row` of a CSV.
std::string field(const data::MetadataTable& table, size_t row, const char* column) {
  const auto found = table.find(column);
  return found ? table.rows.at(row).fields[*found] : "no such column";
}

TEST(ComparisonCsv, HasALineForEverySeedAndOneForAll) {
  const data::MetadataTable table = data::parse_csv(comparison_csv(example()), "comparison.csv");
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
  EXPECT_EQ(field(table, 2, "rank"), "3");
  EXPECT_EQ(field(table, 8, "best_unimodal_difference"), "0.35");
  EXPECT_EQ(field(table, 8, "best_unimodal_p_holm"), "0.0002");
  EXPECT_EQ(field(table, 6, "best_unimodal_mcnemar_only_other"), "6");
  EXPECT_EQ(field(table, 7, "best_unimodal_mcnemar_p_holm"), "0.0078125");
  EXPECT_EQ(field(table, 2, "best_unimodal_difference"), "");
  EXPECT_EQ(field(table, 9, "refusal"), "it has a fusion | of its own");
  EXPECT_EQ(field(table, 9, "accuracy"), "");
}

TEST(ComparisonCsv, CarriesTheMarks) {
  Comparison comparison = example();
  comparison.rows[1].against_unimodal->difference.mean = -.1;
  comparison.rows[1].never_acted = "joint:lr=0.1";
  comparison.rows[1].controls = {
      {.of = "pdmp", .what = "every encoder × 15", .of_encoders = true, .gain = {}},
      {.of = "pdmp:gamma=15", .what = "every encoder × 15", .of_encoders = true, .gain = {}}};
  const data::MetadataTable table = data::parse_csv(comparison_csv(comparison), "comparison.csv");
  EXPECT_EQ(field(table, 5, "mark"), "significantly below the best single modality");
  EXPECT_EQ(field(table, 5, "never_acted"), "joint:lr=0.1");
  EXPECT_EQ(field(table, 5, "control_of"), "pdmp, pdmp:gamma=15");
  EXPECT_EQ(field(table, 8, "mark"), "");
}

TEST(ComparisonJson, HasEverything) {
  const nlohmann::json json = as_json(example());
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
  EXPECT_EQ(json["best_unimodal"], "picture alone");
  EXPECT_EQ(json["answers"][0],
            "The best single modality is picture alone (0.400 on test; the only one). It is beaten by joint by +0.300, "
            "pdmp:gamma=5 by +0.350.");
  EXPECT_EQ(json["rows"][0]["rank"], 3);
  EXPECT_EQ(row["best_unimodal_difference"]["mean"], .35);
  EXPECT_EQ(row["best_unimodal_mcnemar"][0]["only_other"], 6);
  EXPECT_TRUE(row["mark"].is_null() && row["never_acted"].is_null());
  EXPECT_EQ(json["rows"][3]["refusal"], "it has a fusion | of its own");
  EXPECT_FALSE(json["rows"][3].contains("accuracy"));
}

TEST(ComparisonJson, CarriesTheMarksAndTheGainsOverControls) {
  Comparison comparison = example();
  comparison.rows[1].against_unimodal->difference.mean = -.1;
  comparison.rows[1].never_acted = "joint";
  comparison.rows[1].controls = {{.of = "pdmp:gamma=5",
                                  .what = "every encoder × 5",
                                  .of_encoders = true,
                                  .gain = comparison.rows[2].against_reference}};
  const nlohmann::json json = as_json(comparison), &row = json["rows"][1];
  EXPECT_EQ(row["mark"], "significantly below the best single modality");
  EXPECT_EQ(row["never_acted"], "joint");
  EXPECT_EQ(row["control_of"][0]["of"], "pdmp:gamma=5");
  EXPECT_EQ(row["control_of"][0]["gain"]["p_holm"], .04);
  EXPECT_EQ(json["answers"].size(), 3u);
}

}  // namespace
}  // namespace pdmp::comparing

#include "data/manifest/manifest_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdexcept>

namespace pdmp::data {
namespace {

using ::testing::ElementsAre;

ManifestRow full_row() { return {"x", "train", 3, "metadata.csv", 7, "g", {"a.png", "", "1,2"}, 1.5, 3.0}; }

TEST(ManifestRows, GiveBackWhatWasAdded) {
  ManifestRows rows;
  EXPECT_TRUE(rows.empty());
  rows.add(full_row());
  rows.add({"y", "test", 0, "test.csv", 2, "", {"", "", ""}, std::nullopt, std::nullopt});
  ASSERT_EQ(rows.size(), 2u);
  const ManifestRow first = rows[0], second = rows.at(1);
  EXPECT_EQ(first.id, "x");
  EXPECT_EQ(first.split, "train");
  EXPECT_EQ(first.label, 3);
  EXPECT_EQ(first.file, "metadata.csv");
  EXPECT_EQ(first.line, 7);
  EXPECT_EQ(first.group, "g");
  EXPECT_THAT(first.cells, ElementsAre("a.png", "", "1,2"));
  EXPECT_EQ(first.start, 1.5);
  EXPECT_EQ(first.end, 3);
  EXPECT_EQ(second.id, "y");
  EXPECT_EQ(second.file, "test.csv");
  EXPECT_EQ(second.group, "");
  EXPECT_THAT(second.cells, ElementsAre("", "", ""));
  EXPECT_EQ(second.start, std::nullopt);
  EXPECT_EQ(second.end, std::nullopt);
  EXPECT_THROW(rows.at(2), std::out_of_range);
}

TEST(ManifestRows, AnswerWithoutMakingARow) {
  ManifestRows rows;
  rows.add(full_row());
  EXPECT_EQ(rows.id(0), "x");
  EXPECT_EQ(rows.label(0), 3);
  EXPECT_EQ(rows.split(0), "train");
  EXPECT_TRUE(rows.has_split("train"));
  EXPECT_FALSE(rows.has_split("val"));
}

TEST(ManifestRows, LabelAndSplitMayChange) {
  ManifestRows rows;
  for (int i = 0; i < 3; ++i) rows.add(full_row());
  rows.set_label(1, 5);
  rows.set_split(1, "val");
  std::vector<int64_t> labels;
  std::vector<std::string> splits;
  for (const ManifestRow& row : rows) {
    labels.push_back(row.label);
    splits.push_back(row.split);
  }
  EXPECT_THAT(labels, ElementsAre(3, 5, 3));
  EXPECT_THAT(splits, ElementsAre("train", "val", "train"));
}

}  // namespace
}  // namespace pdmp::data

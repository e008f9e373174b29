#include "data/manifest/unlabeled_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/tables/csv.h"
#include "support/expect_error.h"

namespace pdmp::data {
namespace {

using Names = std::vector<std::string>;

const std::vector<ModalityEntry>& entries() {
  static const std::vector<ModalityEntry> entries =
      parse_dataset_json(
          {{"modalities",
            {{{"name", "picture"}, {"type", "image"}, {"column", "photo"}, {"root", "/far"}, {"ext", ".png"}},
             {{"name", "numbers"}, {"type", "vector"}, {"columns", {"n0", "n1"}}},
             {{"name", "clip"}, {"type", "frames"}, {"path", "clips/{id}"}, {"root", "/far"}}}}},
          "dataset.json")
          .modalities;
  return entries;
}

struct Read {
  std::unique_ptr<UnlabeledColumns> columns;
  std::vector<UnlabeledRow> rows;
};

Read read(const std::string& text, bool of_data_set = false) {
  const MetadataTable table = parse_csv(text, "rows.csv");
  Read result{std::make_unique<UnlabeledColumns>(MetadataTable{"rows.csv", "", table.columns, {}}, entries(),
                                                 ColumnNames(), of_data_set),
              {}};
  for (const MetadataTable::Row& row : table.rows) {
    result.rows.push_back(result.columns->read(row, static_cast<int64_t>(result.rows.size()) + 1));
  }
  return result;
}

TEST(UnlabeledRows, ColumnsOfTheDataSetOrNamesOfModalities) {
  const Read own = read("id,photo,n0,n1,weather\nx,a.png,1,2,fine\n,b.png,,,\n");
  EXPECT_EQ(own.rows.at(0).id, "x");
  EXPECT_EQ(own.rows.at(0).cells, (Names{"a.png", "1,2", "clips/x"}));
  EXPECT_EQ(own.rows.at(1).id, "2");
  EXPECT_EQ(own.rows.at(1).cells, (Names{"b.png", "", "clips/2"}));  // as in a manifest
  EXPECT_EQ(own.columns->unused(), Names{"weather"});
  EXPECT_TRUE(own.columns->without().empty());
  const Read plain = read("picture,numbers,clip_file_name\na.png,\"1,2\",c.mp4\n");
  EXPECT_EQ(plain.rows.at(0).cells, (Names{"a.png", "1,2", "c.mp4"}));
}

TEST(UnlabeledRows, OfADataSetCellsHaveTheirRootAndExtension) {
  EXPECT_EQ(read("id,photo,n0,n1\nx,a,1,2\n", true).rows.at(0).cells, (Names{"/far/a.png", "1,2", "/far/clips/x"}));
}

TEST(UnlabeledRows, AModalityWithoutAColumnIsAbsent) {
  const Read some = read("numbers\n\"1,2\"\n");
  EXPECT_EQ(some.rows.at(0).cells, (Names{"", "1,2", ""}));
  EXPECT_EQ(some.columns->without(), (std::vector<size_t>{0, 2}));
}

TEST(UnlabeledRows, LabelsAndSplitsAreNotLookedAt) {
  const Read rows = read("id,split,label,numbers\nx,tomorrow,,\"1,2\"\ny,test,dog,\"1,2\"\n");
  EXPECT_EQ(rows.rows.at(0).problem, "");
  EXPECT_EQ(rows.rows.at(0).split, "");
  EXPECT_EQ(rows.rows.at(1).split, "test");
  EXPECT_TRUE(rows.columns->unused().empty());
}

TEST(UnlabeledRows, ARowThatCannotBeReadHasItsPlaceAndReason) {
  const Read rows = read("id,photo,n0,n1\nx,a.png,1,\n");
  EXPECT_EQ(rows.rows.at(0).id, "x");
  EXPECT_THAT(rows.rows.at(0).problem, ::testing::HasSubstr("rows.csv:2: 'n1': expected a number"));
}

TEST(UnlabeledRows, TablesWithoutModalitiesAreRefused) {
  testing::expect_error(ErrorKind::data, {"rows.csv", "picture, numbers, clip", "weather"},
                        [] { read("weather\nx\n"); });
  testing::expect_error(ErrorKind::data, {"rows.csv", "'numbers'", "n0, n1", "no n1"}, [] { read("photo,n0\nx,1\n"); });
}

}  // namespace
}  // namespace pdmp::data

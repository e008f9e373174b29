#include "data/manifest/column_values.h"

#include <gtest/gtest.h>

#include "support/expect_error.h"
#include "support/temporary_directory.h"

namespace pdmp::data {
namespace {

constexpr const char* kDescription =
    R"({"group": "person", "modalities": [{"name": "x", "type": "vector", "columns": ["x"]}]})";

TEST(ColumnValues, GiveAnyColumnByTheIdsOfTheManifest) {
  const testing::TemporaryDirectory directory;
  directory.write("dataset.json", kDescription);
  directory.write(
      "metadata.csv",
      "id,split,label,x,machine,person\na,train,up,1,press 1,Eva\n,train,down,2,,Jo\nc,test,up,3,press 2,Eva\n");
  const auto machines = column_values(directory.path(), "machine", {});
  ASSERT_EQ(machines.size(), 3u);
  EXPECT_EQ(machines.at("a"), "press 1");
  EXPECT_EQ(machines.at("2"), "");  // a row without an id is called by its number
  EXPECT_EQ(machines.at("c"), "press 2");
  EXPECT_EQ(column_values(directory.path(), "group", {}).at("2"), "Jo");  // the column that means it
  testing::expect_error(ErrorKind::usage, {"`by`", "'machin'", "'machine'"},
                        [&] { column_values(directory.path(), "machin", {}); });
}

TEST(ColumnValues, NumbersGoOnOverTheFilesOfSplits) {
  const testing::TemporaryDirectory directory;
  directory.write("dataset.json", R"({"modalities": [{"name": "x", "type": "vector", "columns": ["x"]}]})");
  directory.write("train.csv", "label,x,place\nup,1,north\ndown,2,south\n");
  directory.write("test.csv", "label,x,place\nup,3,east\n");
  EXPECT_EQ(column_values(directory.path(), "place", {}).at("3"), "east");
  EXPECT_EQ(column_values(directory.path(), "split", {}).at("3"), "test");
}

}  // namespace
}  // namespace pdmp::data

#include "run/predict/row_sources.h"

#include <gmock/gmock.h>

#include "base/files/file.h"
#include "run/tiny_run.h"
#include "support/expect_error.h"

namespace pdmp::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using Names = std::vector<std::string>;

struct RowSources : ::testing::Test {
  const TemporaryDirectory directory;
  runs::LoadedRun run;
  RowRequest request;
  std::vector<data::UnlabeledRow> rows;

  RowSources() {
    run.description.modalities = {{"a", "vector", {2}}, {"picture", "image", {3, 8, 8}}};
    run.description.entries =
        data::parse_dataset_json(
            nlohmann::json::parse(R"({"modalities": [{"name": "a", "type": "vector", "columns": ["a0", "a1"]},
                                       {"name": "picture", "type": "image", "column": "file", "root": "/far"}]})"),
            "dataset.json")
            .modalities;
    run.description.lacked = {true, true};
  }

  runs::RowCells read(const std::string& data) {
    request.data = data;
    const auto source = runs::open_rows(request, run);
    rows.clear();
    source->read([this](data::UnlabeledRow row) { rows.push_back(std::move(row)); }, [] {});
    return source->cells();
  }
};

TEST_F(RowSources, TablesAndLinesAreReadByTheirNames) {
  const runs::RowCells cells =
      read(directory.write("rows.csv", "id,a0,a1,picture,note\nx,1,2,x.png,hm\n,3,4,,\n").string());
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].id, "x");
  EXPECT_EQ(rows[0].cells, (Names{"1,2", "x.png"}));
  EXPECT_EQ(rows[1].id, "2");
  EXPECT_EQ(cells.directory, directory.path());
  EXPECT_EQ(cells.limits.at(1).folders, std::vector<fs::path>{fs::canonical(directory.path())});

  read(directory.write("rows.jsonl", "{\"a\": [1, 2], \"id\": 7}\n\nno object\n{\"file\": \"x.png\"}\n{\"b\": 1}\n")
           .string());
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_EQ(rows[0].id, "7");
  EXPECT_EQ(rows[0].cells, (Names{"1,2", ""}));
  EXPECT_EQ(rows[1].id, "3");
  EXPECT_THAT(rows[1].problem, HasSubstr("rows.jsonl:3: expected a JSON object"));
  EXPECT_EQ(rows[2].cells, (Names{"", "x.png"}));
  EXPECT_THAT(rows[3].problem,
              HasSubstr("expected a column for each modality (a, picture), found none of them among b"));
}

TEST_F(RowSources, ALineThatCannotBeReadKeepsItsId) {
  read(
      directory.write("rows.jsonl", "{\"id\": \"x\", \"a\": [1, null]}\n{\"id\": 8, \"a\": {\"b\": 1}}\n{\"id\": []}\n")
          .string());
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].id, "x");
  EXPECT_THAT(rows[0].problem,
              HasSubstr("rows.jsonl:1: 'a': expected text, a number or a list of these, found null in a"));
  EXPECT_EQ(rows[1].id, "8");
  EXPECT_THAT(rows[1].problem, HasSubstr("found an object"));
  EXPECT_EQ(rows[2].id, "3");
}

TEST_F(RowSources, ALineOfOnlyAByteOrderMarkIsNoRow) {
  read(directory.write("rows.jsonl", "\xEF\xBB\xBF\n{\"a\": [1, 2]}\n").string());
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].id, "2");
  EXPECT_EQ(rows[0].cells, (Names{"1,2", ""}));
}

TEST_F(RowSources, FilesLieInTheFolderOfTheTableOrBelowARoot) {
  const TemporaryDirectory other;
  request.roots = {other.path().string()};
  const runs::RowCells cells = read(directory.write("rows.csv", "picture\nx.png\n").string());
  EXPECT_EQ(cells.limits.at(1).folders,
            (std::vector<fs::path>{fs::canonical(directory.path()), fs::canonical(other.path())}));
  EXPECT_THAT(cells.limits.at(1).elsewhere, HasSubstr("`root`"));
  request.roots = {"/nowhere/at/all"};
  expect_error(ErrorKind::usage, {"`root`", "/nowhere/at/all"}, [&] { read((directory / "rows.csv").string()); });
}

TEST_F(RowSources, AFolderOfMediaOrADataSetWithoutLabels) {
  directory.write("media/x.png", "x");
  read((directory / "media").string());
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].cells, (Names{"", "x.png"}));

  directory.write("set/dataset.json", R"({"modalities": [{"name": "a", "type": "vector", "columns": ["u", "v"]},
                                         {"name": "picture", "type": "image", "root": "pictures", "ext": ".png"}]})");
  directory.write("set/metadata.csv", "id,split,u,v\nx,train,1,2\ny,test,3,4\n");
  read((directory / "set").string());
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[1].cells, (Names{"3,4", "pictures/y.png"}));
  request.split = "test";
  read((directory / "set").string());
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].id, "y");
  request.split = "val";
  expect_error(ErrorKind::usage, {"`split` val", "all"}, [&] { read((directory / "set").string()); });
}

TEST_F(RowSources, AColumnThatTheModelNeedsMustBeThere) {
  run.description.lacked = {true, false};
  const std::string table = directory.write("rows.csv", "a0,a1\n1,2\n").string();
  expect_error(ErrorKind::data, {"rows.csv", "'picture'", "a0, a1", "`allow-missing`"}, [&] { read(table); });
  request.allow_missing = true;
  read(table);
  EXPECT_EQ(rows.size(), 1u);
}

TEST_F(RowSources, SaysWhatItCannotRead) {
  expect_error(ErrorKind::io, {"`data`", "/nowhere/rows.csv"}, [&] { read("/nowhere/rows.csv"); });
  expect_error(ErrorKind::usage, {"`data`", "x.png", ".csv", "`input`"},
               [&] { read(directory.write("x.png", "x").string()); });
  expect_error(ErrorKind::data, {"rows.csv:1", "semicolons"},
               [&] { read(directory.write("rows.csv", "a0;a1\n1;2\n").string()); });
  directory.write("outside/dataset.json",
                  R"({"modalities": [{"name": "picture", "type": "image", "root": "/usr", "ext": ".png"}]})");
  directory.write("outside/metadata.csv", "id\nx\n");
  run.options.data.files.untrusted = true;
  expect_error(ErrorKind::data, {"`untrusted`", "/usr"}, [&] { read((directory / "outside").string()); });
}

TEST_F(RowSources, LabelsAreThereWhereEveryRowHasOne) {
  const auto has = [&](const std::string& table, bool and_splits) {
    directory.write("set/dataset.json", R"({"modalities": [{"name": "a", "type": "vector", "columns": ["u"]}]})");
    directory.write("set/metadata.csv", table);
    return runs::has_labels(directory / "set", {}, and_splits);
  };
  EXPECT_TRUE(has("split,label,u\ntest,up,1\n", true));
  EXPECT_FALSE(has("split,label,u\ntest,up,1\ntest,,1\n", true));
  EXPECT_FALSE(has("label,u\nup,1\n", true));
  EXPECT_TRUE(has("label,u\nup,1\n", false));
  EXPECT_FALSE(has("split,u\ntest,1\n", true));
}

}  // namespace
}  // namespace pdmp::testing

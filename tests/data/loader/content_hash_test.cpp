#include "data/loader/content_hash.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/expect_error.h"
#include "support/temporary_directory.h"

namespace pdmp::data {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::TemporaryDirectory;
using Names = std::vector<std::string>;

constexpr const char* kRows =
    "id,split,label,x,words\na,train,0,1,one\nb,train,1,2,two\nc,val,0,3,three\nd,test,1,4,four\n";
constexpr const char* kJson =
    R"({"name": "n", "classes": ["p", "q"], "modalities": [{"name": "x", "type": "vector", "columns": ["x"]},
        {"name": "w", "type": "text", "column": "words"}]})";

Manifest manifest_of(const TemporaryDirectory& directory, const std::string& rows, const std::string& json = kJson) {
  directory.write("metadata.csv", rows);
  directory.write("dataset.json", json);
  return read_manifest(directory.path(), 0);
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

struct ContentHashOf : ::testing::Test {
  TemporaryDirectory directory;

  Names changes(const std::string& rows, const std::string& json = kJson, const Names& modalities = {"x", "w"}) {
    const TemporaryDirectory elsewhere;
    const ContentHash before = content_hash(manifest_of(elsewhere, kRows));
    const Manifest now = manifest_of(directory, rows, json);
    return content_changes(before, content_hash(now), &now, modalities);
  }
};

TEST_F(ContentHashOf, AFolderThatMovedIsTheSame) {
  EXPECT_THAT(changes(kRows), IsEmpty());
  EXPECT_THAT(changes(kRows, replaced(kJson, R"("name": "n")", R"("name": "other")")), IsEmpty());
}

TEST_F(ContentHashOf, SaysWhichPartChangedAndWhere) {
  EXPECT_THAT(changes(replaced(kRows, "b,train,1", "b,train,0")),
              ElementsAre("labels of train (first at sample 'b', metadata.csv:3)"));
  EXPECT_THAT(changes(replaced(kRows, "2,two", "2,too")),
              ElementsAre("cells of 'w' (first at sample 'b', metadata.csv:3)"));
  EXPECT_THAT(
      changes(replaced(kRows, "c,val", "c,train")),
      ElementsAre("train had 2 samples, has 3", "val had 1 samples, has 0 (first at sample 'c', metadata.csv:4)"));
  EXPECT_THAT(changes(replaced(kRows, "b,train,1,2,two\n", "")),
              ElementsAre("train had 2 samples, has 1 (first at sample 'c', metadata.csv:3)"));
  EXPECT_THAT(changes(replaced(kRows, "a,train,0,1,one\nb,train,1,2,two\n", "b,train,1,2,two\na,train,0,1,one\n")),
              ElementsAre("the samples of train are in another order (first at sample 'b', metadata.csv:2)"));
  EXPECT_THAT(changes(replaced(kRows, "d,test", "e,test")),
              ElementsAre("test has other samples (first at sample 'e', metadata.csv:5)"));
  EXPECT_THAT(changes(kRows, replaced(kJson, R"(["p", "q"])", R"(["p", "q", "r"])")),
              ElementsAre("the classes or 'missing' of dataset.json"));
  EXPECT_THAT(changes(kRows, replaced(kJson, R"("column": "words")", R"("column": "words", "max_bytes": 9)")),
              ElementsAre("settings of 'w' in dataset.json"));
}

TEST_F(ContentHashOf, LooksAtTheModalitiesInUse) {
  EXPECT_THAT(changes(replaced(kRows, "2,two", "2,too"), kJson, {"x"}), IsEmpty());
  EXPECT_THAT(changes(replaced(kRows, "b,train,1,2", "b,train,1,5"), kJson, {"x"}).size(), 1u);
}

TEST_F(ContentHashOf, SizesOfFilesCountTheirTimesDoNot) {
  const std::string rows = "id,split,label,file\na,train,0,a.npy\nb,train,1,b.npy\n";
  const std::string json = R"({"name": "n", "modalities": [{"name": "t", "type": "tensor", "column": "file"}]})";
  directory.write("a.npy", "12345");
  directory.write("b.npy", "12345");
  const Manifest manifest = manifest_of(directory, rows, json);
  const ContentHash before = content_hash(manifest);
  std::filesystem::last_write_time(directory / "a.npy", std::filesystem::file_time_type::min());
  EXPECT_THAT(content_changes(before, content_hash(manifest), &manifest, {"t"}), IsEmpty());
  directory.write("b.npy", "123456");
  EXPECT_THAT(content_changes(before, content_hash(manifest), &manifest, {"t"}),
              ElementsAre("the size of 'b.npy' (it was 5, is 6)"));
}

TEST_F(ContentHashOf, ComesBackFromJsonAndKnowsDamage) {
  const Manifest manifest = manifest_of(directory, kRows);
  const ContentHash hash = content_hash(manifest);
  const nlohmann::json value = to_json(hash);
  EXPECT_THAT(content_changes(content_hash_from(value, "here"), hash, &manifest, {"x", "w"}), IsEmpty());
  EXPECT_EQ(content_hash_from(value, "here").samples, hash.samples);
  const std::string text = value.dump();
  int known = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    std::string damaged = text;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    const auto parsed = nlohmann::json::parse(damaged, nullptr, false);
    if (parsed.is_discarded()) continue;
    testing::expect_error(ErrorKind::data, {"here", "damage"}, [&] { content_hash_from(parsed, "here"); });
    ++known;
  }
  EXPECT_GT(known, 100);
  for (const char* other : {"[]", "null", "{}", "3"}) {
    testing::expect_error(ErrorKind::data, {"here"}, [&] { content_hash_from(nlohmann::json::parse(other), "here"); });
  }
}

TEST_F(ContentHashOf, ManyRowsHaveFewBlocks) {
  std::string rows = "id,split,label,x,words\n";
  for (int i = 0; i < 5000; ++i) rows += std::to_string(i) + ",train," + std::to_string(i % 2) + ",1,w\n";
  const Manifest manifest = manifest_of(directory, rows);
  const ContentHash before = content_hash(manifest);
  EXPECT_EQ(before.blocks.size(), 625u);  // of 8 rows
  const Manifest now = manifest_of(directory, replaced(rows, "4321,train,1", "4321,train,0"));
  EXPECT_THAT(content_changes(before, content_hash(now), &now, {"x"}),
              ElementsAre("labels of train (first soon after sample '4320', metadata.csv:4322)"));
}

}  // namespace
}  // namespace pdmp::data

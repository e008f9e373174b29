#include "data/manifest/metadata.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/manifest/dataset_json.h"
#include "pdmp/error.h"
#include "support/temporary_directory.h"

namespace pdmp::data {
namespace {

using ::testing::HasSubstr;
using testing::TemporaryDirectory;

std::string message_of(const TemporaryDirectory& directory, const std::string& named = "") {
  try {
    read_metadata(directory.path(), named, {}, {});
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(Metadata, SplitsHaveAliases) {
  for (const char* name : {"val", "valid", "validation", "dev", "eval", "Validation"}) {
    EXPECT_EQ(canonical_split(name), "val") << name;
  }
  EXPECT_EQ(canonical_split("TRAIN"), "train");
  EXPECT_EQ(canonical_split("test"), "test");
  EXPECT_EQ(canonical_split("tset"), std::nullopt);
}

TEST(Metadata, OneFileASplit) {
  const TemporaryDirectory directory;
  directory.write("train.csv", "label\na\n");
  directory.write("validation.csv", "label\nb\n");
  directory.write("test.jsonl", "{\"label\": \"c\"}\n");
  const auto tables = read_metadata(directory.path(), "", {}, {});
  ASSERT_EQ(tables.size(), 3u);
  EXPECT_EQ(tables[0].split, "train");
  EXPECT_EQ(tables[1].split, "val");
  EXPECT_EQ(tables[2].split, "test");
  EXPECT_EQ(tables[2].rows[0].fields[0], "c");
}

TEST(Metadata, TheFileNamedWins) {
  const TemporaryDirectory directory;
  directory.write("metadata.csv", "label\na\n");
  directory.write("other.jsonl", "{\"label\": \"b\"}\n");
  EXPECT_EQ(read_metadata(directory.path(), "", {}, {}).at(0).rows.at(0).fields.at(0), "a");
  EXPECT_EQ(read_metadata(directory.path(), "other.jsonl", {}, {}).at(0).rows.at(0).fields.at(0), "b");
}

TEST(Metadata, SaysWhatItExpected) {
  const TemporaryDirectory directory;
  EXPECT_THAT(message_of(directory), HasSubstr("expected metadata.csv, metadata.jsonl or train.csv and test.csv"));
  EXPECT_THAT(message_of(directory, "rows.parquet"), HasSubstr("ends in .csv or .jsonl"));
  directory.write("train.csv", "label,split\na,test\n");
  EXPECT_THAT(message_of(directory), HasSubstr("gives the split and so does its column 'split'"));
}

}  // namespace
}  // namespace pdmp::data

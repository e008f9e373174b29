#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files/file.h"
#include "data/importers/own_media_miniature.h"
#include "data/importers/run_importer.h"
#include "data/importers/shared/importers.h"
#include "support/expect_error.h"
#include "support/temporary_directory.h"

namespace pdmp::data {
namespace {

using ::testing::ElementsAre;
using testing::expect_error;
using ::testing::HasSubstr;
using testing::rows_per_split;
using testing::TemporaryDirectory;
using Counts = std::map<std::string, int64_t>;

std::shared_ptr<Manifest> prepare(const TemporaryDirectory& raw, const TemporaryDirectory& target,
                                  const std::map<std::string, std::string>& options = {}) {
  testing::run_importer(make_huggingface_importer(), raw.path(), target / "out", options);
  return std::make_shared<Manifest>(read_manifest(target / "out", 0));
}

TEST(Huggingface, MetadataOfEachSplit) {
  const TemporaryDirectory raw, target;
  testing::write_own_huggingface(raw.path());
  const auto manifest = prepare(raw, target, {{"text", "caption"}});
  EXPECT_THAT(manifest->classes, ElementsAre("cat", "dog"));
  EXPECT_EQ(rows_per_split(*manifest), (Counts{{"train", 4}, {"test", 4}}));
  const auto test = open_split(manifest, "test", {"image", "speech", "caption"}, 0);
  EXPECT_THAT(test->get(2, nullptr).present, ElementsAre(true, true, true));
  EXPECT_THAT(test->get(3, nullptr).present, ElementsAre(true, false, true));
}

TEST(Huggingface, OneTableWithSplitsAndListsOfFiles) {
  const TemporaryDirectory raw, target;
  for (const char* name : {"a/1.jpg", "a/2.jpg", "b/1.jpg", "b/2.jpg"}) testing::write_own_picture(raw / name, 0);
  raw.write("metadata.jsonl",
            "{\"view_file_names\": [\"a/1.jpg\", \"a/2.jpg\"], \"kind\": 0, \"split\": \"train\"}\n"
            "{\"view_file_names\": [\"b/1.jpg\", \"b/2.jpg\"], \"kind\": 1, \"split\": \"validation\"}\n");
  expect_error(ErrorKind::data, {"column 'label'", "`label`"}, [&] { prepare(raw, target); });
  const auto manifest = prepare(raw, target, {{"label", "kind"}});
  EXPECT_EQ(rows_per_split(*manifest), (Counts{{"train", 1}, {"val", 1}}));
  EXPECT_EQ(manifest->modalities[0].type, "frames");
  EXPECT_EQ(open_split(manifest, "val", {}, 0)->get(0, nullptr).inputs[0].size(1), 3);
}

TEST(Huggingface, WhatIsMissingIsNamed) {
  const TemporaryDirectory raw, target;
  expect_error(ErrorKind::io, {"metadata.csv", "prepare folders"}, [&] { prepare(raw, target); });
  testing::write_own_huggingface(raw.path());
  std::filesystem::remove(raw / "train/1.jpg");
  prepare(raw, target);
  const auto missing = read_json(target / "out/counts.json")["missing"];
  ASSERT_EQ(missing.size(), 1u);
  EXPECT_THAT(missing[0].get<std::string>(), HasSubstr("train/1.jpg: is not there"));
}

}  // namespace
}  // namespace pdmp::data

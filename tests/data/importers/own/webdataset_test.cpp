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

std::shared_ptr<Manifest> prepare(const TemporaryDirectory& raw, const TemporaryDirectory& target) {
  testing::run_importer(make_webdataset_importer(), raw.path(), target / "out");
  return std::make_shared<Manifest>(read_manifest(target / "out", 0));
}

TEST(Webdataset, ShardsBecomeADataSet) {
  const TemporaryDirectory raw, target, scratch;
  testing::write_own_shards(raw.path(), scratch.path());
  const auto manifest = prepare(raw, target);
  EXPECT_THAT(manifest->classes, ElementsAre("0", "1"));
  EXPECT_EQ(rows_per_split(*manifest), (Counts{{"train", 4}, {"test", 2}}));
  EXPECT_EQ(manifest->rows[1].label, 1);                     // from .json
  EXPECT_EQ(manifest->rows[0].id, "test-000000/clips/000");  // shards in order of their names
  const Sample sample = open_split(manifest, "test", {"rgb", "audio", "text"}, 0)->get(0, nullptr);
  EXPECT_THAT(sample.present, ElementsAre(true, true, true));
}

TEST(Webdataset, GoesOnWhereItStopped) {
  const TemporaryDirectory raw, target, scratch;
  testing::write_own_shards(raw.path(), scratch.path());
  prepare(raw, target);
  const auto kept = target / "out/media/train-000000/clips/000.wav",
             lost = target / "out/media/train-000000/clips/001.wav";
  const auto written = std::filesystem::last_write_time(kept);
  std::filesystem::remove(target / "out/dataset.json");
  std::filesystem::remove(lost);
  prepare(raw, target);
  EXPECT_EQ(std::filesystem::last_write_time(kept), written);
  EXPECT_TRUE(std::filesystem::exists(lost));
}

TEST(Webdataset, NothingIsWrittenOutsideOut) {
  const TemporaryDirectory raw, target;
  raw.write("train-0.tar", testing::tar_member("../../escaped.wav", "x") + testing::tar_end());
  expect_error(ErrorKind::data, {"train-0.tar", "../../escaped.wav"}, [&] { prepare(raw, target); });
  EXPECT_FALSE(std::filesystem::exists(target / "escaped.wav"));
}

TEST(Webdataset, SamplesWithoutAClassAreNamed) {
  const TemporaryDirectory raw, target, scratch;
  testing::write_own_shards(raw.path(), scratch.path());
  raw.write("train-000002.tar", testing::tar_member("lonely.txt", "words") + testing::tar_end());
  prepare(raw, target);
  const auto missing = read_json(target / "out/counts.json")["missing"];
  ASSERT_EQ(missing.size(), 1u);
  EXPECT_THAT(missing[0].get<std::string>(), HasSubstr("lonely: has no class"));
}

}  // namespace
}  // namespace pdmp::data

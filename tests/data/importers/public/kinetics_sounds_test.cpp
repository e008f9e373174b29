#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>

#include "base/files/file.h"
#include "data/importers/kinetics_sounds_miniature.h"
#include "data/importers/public/kinetics_classes.h"
#include "data/importers/run_importer.h"
#include "data/importers/shared/importers.h"
#include "support/expect_error.h"
#include "support/temporary_directory.h"

namespace pdmp::data {
namespace {

using testing::expect_error;
using testing::rows_per_split;
using testing::TemporaryDirectory;
namespace fs = std::filesystem;
using Counts = std::map<std::string, int64_t>;
using Flags = std::map<std::string, std::string>;

using Download = testing::ImportedDownload<make_kinetics_sounds_importer>;

Flags flags_of(const std::string& classes, Flags more = {}) {
  more.insert({{"classes", classes}, {"val", "none"}});
  return more;
}

std::map<std::string, int64_t> labels_of(const Manifest& manifest) {
  std::map<std::string, int64_t> labels;
  for (const ManifestRow& row : manifest.rows) labels[row.id] = row.label;
  return labels;
}

TEST(KineticsSounds, TrapTheClassListIsChosenByName) {
  EXPECT_EQ(kinetics_classes("ks34").names.size(), 34u);
  EXPECT_EQ(kinetics_classes("ks33").names.size(), 33u);  // released code has 34 outputs for them
  EXPECT_EQ(kinetics_classes("ks31").names.size(), 31u);
  EXPECT_TRUE(std::is_sorted(kinetics_classes("ks31").names.begin(), kinetics_classes("ks31").names.end()));
  for (const char* list : {"ks34", "ks33", "ks31"}) {
    EXPECT_EQ(kinetics_classes(list).names.size(), kinetics_classes(list).labels.size());
  }
  EXPECT_EQ(kinetics_classes("ks33").names[7], "tying tie");
  EXPECT_EQ(kinetics_classes("ks34").labels[7], "");  // "typing" is no class of Kinetics-400
  const Download download;
  testing::write_kinetics_videos(download.raw.path());
  expect_error(ErrorKind::usage, {"`classes`", "ks34, ks33 or ks31"}, [&] { download.prepare({}); });
}

TEST(KineticsSounds, AnnotationsGiveTheClassesOfEachList) {
  const Download download;
  testing::write_kinetics_videos(download.raw.path());
  const auto ks33 = download.prepare(flags_of("ks33"));
  EXPECT_EQ(rows_per_split(*ks33), (Counts{{"train", 12}, {"test", 4}}));
  EXPECT_EQ(labels_of(*ks33).at("-_12_clip00_000000_000010"), 17);  // finger snapping
  EXPECT_FALSE(ks33->rows[0].start);                                // the times are those of the original video
  const auto ks34 = download.prepare(flags_of("ks34", {{"overwrite", "true"}}));
  EXPECT_EQ(rows_per_split(*ks34), (Counts{{"train", 9}, {"test", 3}}));
  EXPECT_EQ(ks34->classes.size(), 34u);
  const Sample sample = open_split(ks34, "test", {}, 0)->get(0, nullptr);
  EXPECT_THAT(sample.inputs[0].sizes(), ::testing::ElementsAre(1, 257, 1004));
  EXPECT_THAT(sample.inputs[1].sizes(), ::testing::ElementsAre(3, 3, 224, 224));
}

TEST(KineticsSounds, TrapTestNamesOfTheListsHaveStartsWithoutZeros) {
  const Download download;
  testing::write_kinetics_videos(download.raw.path());
  const TemporaryDirectory lists;
  testing::write_kinetics_lists(lists.path());
  const auto manifest = download.prepare(flags_of("ks31", {{"lists", lists.path().string()}}));
  EXPECT_EQ(rows_per_split(*manifest), (Counts{{"train", 9}, {"test", 3}}));
  EXPECT_EQ(labels_of(*manifest).at("-_03_clip00_000021_000031"), 0);
  EXPECT_EQ(manifest->classes[29], "tapping pen");
  EXPECT_EQ(download.counts()["splits"]["train"]["expected"], 14799);
  EXPECT_EQ(download.counts()["splits"]["test"]["expected"], 2597);
}

TEST(KineticsSounds, TrapTheTestSplitIsTheOneAskedFor) {
  const Download download;
  testing::write_kinetics_videos(download.raw.path());
  const std::string val = read_file(download.raw / "k400/annotations/val.csv");
  download.raw.write("k400/annotations/test.csv", "youtube_id,time_start,time_end,split\n-_03_clip00,21,31,test\n");
  expect_error(ErrorKind::data, {"test.csv", "'label'", "`test` val"}, [&] {
    download.prepare(flags_of("ks33", {{"test", "test"}}));
  });
  download.raw.write("k400/annotations/test.csv", val);
  EXPECT_EQ(rows_per_split(*download.prepare(flags_of("ks33", {{"test", "test"}}))),
            (Counts{{"train", 12}, {"test", 4}}));
}

TEST(KineticsSounds, TrapAClipWithTwoPicturesMovesNoOther) {
  const Download download;
  testing::write_kinetics_folders(download.raw.path());
  const auto folder = download.raw / "kinect_sound/visual/train_img/Image-01-FPS/blowing_nose";
  fs::remove_all(folder / "-_00_clip00_000000_000010");
  testing::write_class_stills(folder / "-_00_clip00_000000_000010", 0, 2);
  const auto manifest = download.prepare(flags_of("ks33"));
  EXPECT_EQ(rows_per_split(*manifest), (Counts{{"train", 11}, {"test", 4}}));
  for (const ManifestRow& row : manifest->rows) {
    EXPECT_EQ(fs::path(row.cells[0]).stem(), row.id);
    EXPECT_EQ(fs::path(row.cells[1]).filename(), row.id);
  }
  EXPECT_THAT(download.counts()["missing"].dump(), ::testing::HasSubstr("has 2 of the at least 3 pictures"));
}

TEST(KineticsSounds, AVideoWithoutSoundIsLeftOutOrMasked) {
  const Download download;
  testing::write_kinetics_videos(download.raw.path());
  testing::write_class_video(download.raw / "k400/train/-_00_clip00_000000_000010.mp4", 0, 4, false);
  EXPECT_EQ(rows_per_split(*download.prepare(flags_of("ks33")))["train"], 11);
  EXPECT_THAT(download.counts()["missing"].dump(), ::testing::HasSubstr("has no sound"));
  const auto masked = download.prepare(flags_of("ks33", {{"missing", "mask"}, {"overwrite", "true"}}));
  EXPECT_EQ(rows_per_split(*masked)["train"], 12);
  EXPECT_EQ(masked->rows[0].cells[0], "");
  EXPECT_NE(masked->rows[0].cells[1], "");
}

TEST(KineticsSounds, AReplacementStandsForADamagedClip) {
  const Download download;
  testing::write_kinetics_videos(download.raw.path());
  download.raw.write("k400/train/-_00_clip00_000000_000010.mp4", "damaged");
  testing::write_class_video(download.raw / "k400/replacement/-_00_clip00_000000_000010.mp4", 0, 4);
  const auto manifest = download.prepare(flags_of("ks33"));
  EXPECT_THAT(manifest->rows[0].cells[0], ::testing::HasSubstr("replacement"));
}

}  // namespace
}  // namespace pdmp::data

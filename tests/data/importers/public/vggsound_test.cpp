#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>

#include "base/files/file.h"
#include "data/importers/public/vggsound_classes.h"
#include "data/importers/run_importer.h"
#include "data/importers/shared/importers.h"
#include "data/importers/vggsound_miniature.h"
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

using Download = testing::ImportedDownload<make_vggsound_importer>;

TEST(VggSound, TrapClassesAreNumberedByNameWhateverIsThere) {
  const auto& classes = vggsound_classes();
  ASSERT_EQ(classes.size(), 309u);
  EXPECT_TRUE(std::is_sorted(classes.begin(), classes.end()));
  EXPECT_EQ(std::adjacent_find(classes.begin(), classes.end()), classes.end());
  EXPECT_EQ(classes[79], "eletric blender running");  // as published
  const Download download;
  testing::write_vggsound_videos(download.raw.path());
  const auto manifest = download.prepare({{"val", "none"}});
  EXPECT_EQ(manifest->classes, classes);
  EXPECT_EQ(manifest->rows[0].label, 308);  // the first of the list is the last of the names
  EXPECT_EQ(manifest->rows[4].label, 1);
  EXPECT_EQ(manifest->rows[8].label, 5);  // its label holds a comma
  EXPECT_EQ(rows_per_split(*manifest), (Counts{{"train", 9}, {"test", 3}}));
  EXPECT_EQ(download.counts()["splits"]["train"]["expected"], 183730);
}

TEST(VggSound, TrapStartsWithAndWithoutZerosAndFoldersCalledMp4) {
  for (const bool padded : {true, false}) {
    const Download download;
    testing::write_vggsound_stills(download.raw.path(), padded);
    const auto manifest = download.prepare({{"val", "none"}});
    EXPECT_EQ(manifest->rows.size(), 12u);
    EXPECT_THAT(manifest->rows[1].cells[1], ::testing::EndsWith(padded ? "_000030.mp4" : "_30.mp4"));
    const Sample sample = open_split(manifest, "test", {}, 0)->get(0, nullptr);
    EXPECT_THAT(sample.inputs[0].sizes(), ::testing::ElementsAre(1, 129, 626));
    EXPECT_THAT(sample.inputs[1].sizes(), ::testing::ElementsAre(3, 3, 224, 224));
  }
}

TEST(VggSound, TrapEvaluationHearsTheSameSecondsEveryTime) {
  const Download download;
  testing::write_vggsound_videos(download.raw.path());
  const auto data = open_split(download.prepare({{"val", "none"}}), "test", {}, 0, 0);
  EXPECT_TRUE(torch::equal(data->get(0, nullptr).inputs[0], data->get(0, nullptr).inputs[0]));
}

TEST(VggSound, TheListsOfOneSplitServeToo) {
  const Download download;
  testing::write_vggsound_videos(download.raw.path());
  fs::remove(download.raw / "vggsound.csv");
  download.raw.write("train.csv",
                     "--_video0_0_000000.mp4,zebra braying\r\n"
                     "--_video2_1_000030.mp4,\"alligators, crocodiles hissing\"\r\n");
  download.raw.write("test.csv", "--_video1_3_000090.mp4,air horn\r\n");
  EXPECT_EQ(rows_per_split(*download.prepare({{"val", "none"}})), (Counts{{"train", 2}, {"test", 1}}));
}

TEST(VggSound, WhatIsNoLongerThereIsCountedAndNamed) {
  const Download download;
  testing::write_vggsound_videos(download.raw.path());
  fs::remove(download.raw / "VGGSound_final/video/--_video0_1_000030.mp4");
  EXPECT_EQ(rows_per_split(*download.prepare({{"val", "none"}})), (Counts{{"train", 8}, {"test", 3}}));
  EXPECT_THAT(download.counts()["missing"].dump(), ::testing::HasSubstr("--_video0_1_000030.mp4"));
  EXPECT_EQ(download.counts()["splits"]["train"]["listed"], 9);
  download.raw.write("vggsound.csv", "--_video0_1,30,zebra,train\n");
  expect_error(ErrorKind::data, {"vggsound.csv:1", "309"}, [&] {
    download.prepare({{"overwrite", "true"}, {"val", "none"}});
  });
}

}  // namespace
}  // namespace pdmp::data

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <set>

#include "base/files/file.h"
#include "data/importers/crema_d_miniature.h"
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

struct Download : testing::ImportedDownload<make_crema_d_importer> {
  std::shared_ptr<const Manifest> prepare(const Flags& flags = {{"val", "none"}}) const {
    return ImportedDownload::prepare(flags);
  }
};

TEST(CremaD, PreparesVideosAndRecordingsInPlace) {
  const Download download;
  testing::write_crema_d(download.raw.path());
  const auto manifest = download.prepare();
  EXPECT_EQ(rows_per_split(*manifest), (Counts{{"train", 24}, {"test", 6}}));
  EXPECT_EQ(manifest->rows[0].cells[0], (download.raw / "AudioWAV/1001_DFA_NEU_XX.wav").string());
  EXPECT_EQ(manifest->rows[0].cells[1], (download.raw / "VideoFlash/1001_DFA_NEU_XX.flv").string());
  const auto data = open_split(manifest, "test", {}, 0);
  const Sample sample = data->get(0, nullptr);
  EXPECT_THAT(sample.inputs[0].sizes(), ::testing::ElementsAre(1, 257, 299));  // the size papers give
  EXPECT_THAT(sample.inputs[1].sizes(), ::testing::ElementsAre(3, 1, 224, 224));
  EXPECT_FALSE(fs::exists(download.out() / "frames"));
  EXPECT_EQ(download.counts()["splits"]["train"]["expected"], 6698);
  EXPECT_EQ(download.counts()["splits"]["test"]["expected_classes"]["ANG"], 105);
}

TEST(CremaD, ReleasedProfileHasTheReleasedSize) {
  const Download download;
  testing::write_crema_d(download.raw.path());
  const auto data = open_split(download.prepare({{"profile", "released"}, {"extract", "true"}}), "test", {}, 0);
  EXPECT_THAT(data->get(0, nullptr).inputs[0].sizes(), ::testing::ElementsAre(1, 257, 188));
  EXPECT_TRUE(fs::exists(download.out() / "frames/1001_DFA_NEU_XX/00000.jpg"));
}

TEST(CremaD, TrapLabelIsTheEmotionInTheName) {
  const Download download;
  testing::write_crema_d(download.raw.path());
  const auto manifest = download.prepare();
  EXPECT_THAT(manifest->classes, ::testing::ElementsAre("NEU", "HAP", "SAD", "FEA", "DIS", "ANG"));
  for (const ManifestRow& row : manifest->rows) EXPECT_EQ(row.id.substr(9, 3), manifest->classes[row.label]);
  download.raw.write("test.csv", "1001_TIE_NEU_XX,ANG\n");
  expect_error(ErrorKind::data, {"test.csv:1", "'NEU'", "1001_TIE_NEU_XX,ANG"}, [&] {
    download.prepare({{"overwrite", "true"}});
  });
}

TEST(CremaD, TrapHeadersAndOtherSpellingsOfTheListsAreRead) {
  const Download download;
  testing::write_crema_d(download.raw.path());
  const TemporaryDirectory lists;
  lists.write("train.csv", "name,label\n1001_DFA_NEU_XX,NEU\n1001_DFA_HAP_XX,HAP\n");
  lists.write("test.csv", "1001_TIE_SAD_XX.flv Sad\n");
  const auto manifest = download.prepare({{"lists", lists.path().string()}, {"val", "none"}});
  EXPECT_EQ(rows_per_split(*manifest), (Counts{{"train", 2}, {"test", 1}}));
  EXPECT_EQ(manifest->rows[2].label, 2);
}

TEST(CremaD, TrapGitLfsPointersAreSaid) {
  const Download download;
  testing::write_crema_d(download.raw.path());
  download.raw.write("AudioWAV/1001_DFA_NEU_XX.wav", testing::lfs_pointer());
  EXPECT_EQ(rows_per_split(*download.prepare())["train"], 23);
  EXPECT_THAT(download.counts()["missing"][0].get<std::string>(), ::testing::HasSubstr("Git LFS pointer"));
  for (const auto& file : fs::directory_iterator(download.raw / "AudioWAV")) {
    std::ofstream(file.path(), std::ios::binary) << testing::lfs_pointer();
  }
  expect_error(ErrorKind::data, {"AudioWAV", "Git LFS pointer", "git lfs pull"}, [&] {
    download.prepare({{"overwrite", "true"}});
  });
}

TEST(CremaD, TrapActorsAreInBothSplits) {
  const Download download;
  testing::write_crema_d(download.raw.path());
  const auto actors = [](const Manifest& manifest, const std::string& split) {
    std::set<std::string> names;
    for (const ManifestRow& row : manifest.rows) {
      if (row.split == split) names.insert(row.id.substr(0, 4));
    }
    return names;
  };
  const auto manifest = download.prepare({{"val", "0.25"}, {"val-new-speakers", "true"}});
  EXPECT_EQ(rows_per_split(*manifest), (Counts{{"train", 18}, {"val", 6}, {"test", 6}}));
  const auto train = actors(*manifest, "train");
  for (const std::string& actor : actors(*manifest, "val")) EXPECT_FALSE(train.contains(actor));
  EXPECT_EQ(download.counts()["splits"]["train"]["found"], 24);
  EXPECT_EQ(download.counts()["splits"]["train"]["taken_for_val"], 6);
}

TEST(CremaD, TrapTestSharesItsActorsWithTrainAndThatIsSaid) {
  const Download download;
  testing::write_crema_d(download.raw.path());
  ::testing::internal::CaptureStderr();
  download.prepare();
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              ::testing::HasSubstr("1 of the 1 actors in test are in train too"));
}

TEST(CremaD, FoldersOfStillsComeBeforeVideosUnlessAsked) {
  const Download download;
  testing::write_crema_d(download.raw.path());
  testing::write_class_stills(download.raw / "Image-01-FPS/1001_DFA_NEU_XX", 0, 2);
  EXPECT_THAT(download.prepare()->rows[0].cells[1], ::testing::EndsWith("Image-01-FPS/1001_DFA_NEU_XX"));
  const auto videos = download.prepare({{"frames", "video"}, {"overwrite", "true"}});
  EXPECT_THAT(videos->rows[0].cells[1], ::testing::EndsWith(".flv"));
}

}  // namespace
}  // namespace pdmp::data

// Downloads whose lists and folders are called otherwise; and what became of every row where nothing is left.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/importers/crema_d_miniature.h"
#include "data/importers/kinetics_sounds_miniature.h"
#include "data/importers/run_importer.h"
#include "data/importers/shared/importers.h"
#include "support/expect_error.h"

namespace pdmp {
namespace {

using testing::expect_error;
using testing::rows_per_split;
namespace fs = std::filesystem;
using Counts = std::map<std::string, int64_t>;

using CremaD = testing::ImportedDownload<data::make_crema_d_importer>;
using KineticsSounds = testing::ImportedDownload<data::make_kinetics_sounds_importer>;

// The one file of the download whose level is one letter, as lists spell it.
TEST(ListFilter, TheCremaDClipOfOneLetter) {
  for (const std::string listed : {"1040_ITH_SAD_X", "1040_ITH_SAD_XX", "1040_ITH_SAD_X.wav"}) {
    for (const std::string stem : {"1040_ITH_SAD_X", "1040_ITH_SAD_XX"}) {
      const CremaD download;
      testing::write_class_wav(download.raw / ("AudioWAV/" + stem + ".wav"), 2, 1.3);
      testing::write_class_video(download.raw / ("VideoFlash/" + stem + ".flv"), 2, 1.3);
      testing::write_class_wav(download.raw / "AudioWAV/1001_DFA_NEU_XX.wav", 0, 1.3);
      testing::write_class_video(download.raw / "VideoFlash/1001_DFA_NEU_XX.flv", 0, 1.3);
      download.raw.write("train.csv", listed + ",SAD\n");
      download.raw.write("test.csv", "1001_DFA_NEU_XX,NEU\n");
      const auto manifest = download.prepare({{"val", "none"}});
      EXPECT_EQ(rows_per_split(*manifest), (Counts{{"train", 1}, {"test", 1}})) << listed << " " << stem;
      EXPECT_THAT(manifest->rows[0].cells[0], ::testing::EndsWith(stem + ".wav"));
    }
  }
}

// Folders of the miniature, with the splits called otherwise.
void rename_splits(const fs::path& raw, const std::string& train, const std::string& test) {
  testing::write_kinetics_folders(raw);
  const fs::path base = raw / "kinect_sound";
  for (const char* kind : {"audio", "visual"}) {
    const bool stills = std::string(kind) == "visual";
    fs::rename(base / kind / (stills ? "train_img" : "train"), base / kind / train);
    fs::rename(base / kind / (stills ? "val_img" : "test"), base / kind / test);
  }
}

TEST(ListFilter, KineticsArchivesCallTheirSplitsOtherwise) {
  for (const auto& [train, test] : {std::pair("training", "validation"), std::pair("train_split", "test_split"),
                                    std::pair("k400-train", "k400-valid"), std::pair("Train", "Test")}) {
    const KineticsSounds download;
    rename_splits(download.raw.path(), train, test);
    EXPECT_EQ(rows_per_split(*download.prepare({{"classes", "ks33"}, {"val", "none"}})),
              (Counts{{"train", 12}, {"test", 4}}))
        << train;
  }
}

TEST(ListFilter, KineticsArchivesWithTheSplitAboveTheKindOfMedia) {
  const KineticsSounds download;
  const testing::TemporaryDirectory scratch;
  testing::write_kinetics_folders(scratch.path());
  const fs::path from = scratch / "kinect_sound", to = download.raw / "ks";
  for (const auto& [split, stills, sound] :
       {std::tuple("train", "train_img", "train"), std::tuple("valid", "val_img", "test")}) {
    fs::create_directories(to / split);
    fs::rename(from / "visual" / stills, to / split / "visual");
    fs::rename(from / "audio" / sound, to / split / "audio");
  }
  EXPECT_EQ(rows_per_split(*download.prepare({{"classes", "ks33"}, {"val", "none"}})),
            (Counts{{"train", 12}, {"test", 4}}));
}

TEST(ListFilter, KineticsFoldersOfVideosByClass) {
  const KineticsSounds download;
  for (const testing::KineticsClip& clip : testing::kinetics_clips()) {
    std::string folder = clip.label;
    folder[0] = static_cast<char>(std::toupper(folder[0]));
    testing::write_class_video(
        download.raw / (clip.test ? "videos_validate" : "videos_train") / folder / (clip.stem() + ".mp4"), clip.content,
        4);
  }
  EXPECT_EQ(rows_per_split(*download.prepare({{"classes", "ks33"}, {"val", "none"}})),
            (Counts{{"train", 12}, {"test", 4}}));
}

TEST(ListFilter, KineticsAnnotationsCalledOtherwise) {
  const KineticsSounds download;
  testing::write_kinetics_videos(download.raw.path());
  const fs::path folder = download.raw / "k400/annotations";
  fs::rename(folder / "train.csv", folder / "kinetics400_train.csv");
  fs::rename(folder / "val.csv", folder / "kinetics400_validate.csv");
  EXPECT_EQ(rows_per_split(*download.prepare({{"classes", "ks33"}, {"val", "none"}})),
            (Counts{{"train", 12}, {"test", 4}}));
}

TEST(ListFilter, RowsOfOtherClassesAreCounted) {
  const KineticsSounds download;
  download.raw.write("annotations/train.csv",
                     "label,youtube_id,time_start,time_end,split\nabseiling,a,0,10,train\nyoga,b,0,10,train\n");
  download.raw.write("annotations/val.csv", "label,youtube_id,time_start,time_end,split\nyoga,c,0,10,val\n");
  expect_error(ErrorKind::data,
               {"classes of ks33, found none",
                "train.csv: 2 of 2 rows are of classes that ks33 does not have, the first "
                "'abseiling'",
                "val.csv: 1 of 1"},
               [&] {
                 download.prepare({{"classes", "ks33"}});
               });
}

TEST(ListFilter, ClipsWithoutMediaAreCountedByWhatTheyLack) {
  const KineticsSounds download;
  testing::write_kinetics_videos(download.raw.path());
  fs::remove_all(download.raw / "k400/train");
  expect_error(ErrorKind::data,
               {"found none of train", "of 16 listed clips", "audio is not there: 12", "visual is not there: 12",
                "1 of 13 rows are of classes that ks33 does not have"},
               [&] {
                 download.prepare({{"classes", "ks33"}});
               });
}

TEST(ListFilter, ListsOfOneselfSayHowManyFilesAreNotThere) {
  const testing::TemporaryDirectory raw, target;
  raw.write("train.csv", "a,0\nb,1\nc,1\n");
  expect_error(
      ErrorKind::data, {"`root` view=", "3 of the files that 3 listed samples name", "a.jpg: is not there"}, [&] {
        testing::run_importer(data::make_csv_importer(), raw.path(), target / "out", {{"root", "view={id}.jpg"}});
      });
}

}  // namespace
}  // namespace pdmp

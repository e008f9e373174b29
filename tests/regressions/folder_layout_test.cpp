// `prepare folders` reads what most of the tree is; one folder out of place is left out, and named.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>

#include "base/files/file.h"
#include "data/importers/own_media_miniature.h"
#include "data/importers/run_importer.h"
#include "data/importers/shared/importers.h"
#include "support/expect_error.h"
#include "support/temporary_directory.h"

namespace pdmp {
namespace {

using ::testing::ElementsAre;
using testing::expect_error;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::rows_per_split;
using Counts = std::map<std::string, int64_t>;

class FolderLayout : public ::testing::Test {
 protected:
  void picture(const std::string& name) const { testing::write_own_picture(raw_ / name, 0); }
  void tone(const std::string& name) const { testing::write_own_tone(raw_ / name, 0); }

  // {train,test}/{cat,dog}/{0,1,2}.jpg
  void write_classes() const {
    for (const std::string split : {"train", "test"}) {
      for (const std::string label : {"cat", "dog"}) {
        for (const std::string name : {"0", "1", "2"}) picture(split + "/" + label + "/" + name + ".jpg");
      }
    }
  }

  // {train,test}/{cat,dog}/{first,second}/{0,1}.jpg
  void write_clips(const std::string& first, const std::string& second) const {
    for (const std::string split : {"train", "test"}) {
      for (const std::string label : {"cat", "dog"}) {
        for (const std::string& clip : {first, second}) {
          for (const std::string name : {"0", "1"}) picture(split + "/" + label + "/" + clip + "/" + name + ".jpg");
        }
      }
    }
  }

  std::shared_ptr<data::Manifest> prepare(const std::string& layout = "auto") {
    ::testing::internal::CaptureStderr();
    try {
      testing::run_importer(data::make_folders_importer(), raw_.path(), target_ / "out",
                            {{"layout", layout}, {"overwrite", "true"}});
    } catch (...) {
      said_ = ::testing::internal::GetCapturedStderr();
      throw;
    }
    said_ = ::testing::internal::GetCapturedStderr();
    return std::make_shared<data::Manifest>(data::read_manifest(target_ / "out", 0));
  }

  static std::vector<std::string> modalities(const data::Manifest& manifest) {
    std::vector<std::string> names;
    for (const data::ModalityEntry& entry : manifest.modalities) names.push_back(entry.name + ":" + entry.type);
    return names;
  }

  testing::TemporaryDirectory raw_, target_;
  std::string said_;
};

TEST_F(FolderLayout, OneNestedFolderIsLeftOut) {
  write_classes();
  picture("train/dog/more/9.jpg");
  const auto manifest = prepare();
  EXPECT_THAT(said_, HasSubstr("read as SPLIT/CLASS: 12 samples; left out: train/dog/more (1 file)\n"));
  EXPECT_EQ(rows_per_split(*manifest), (Counts{{"train", 6}, {"test", 6}}));
  EXPECT_THAT(manifest->classes, ElementsAre("cat", "dog"));
  EXPECT_THAT(modalities(*manifest), ElementsAre("image:image"));
  EXPECT_THAT(read_json(target_ / "out/counts.json")["left_out"].dump(), HasSubstr("train/dog/more (1 file)"));
}

TEST_F(FolderLayout, NestedFoldersOfAnyNumberAndDepthAreLeftOut) {
  write_classes();
  for (int i = 0; i < 40; ++i) picture("train/dog/more/" + std::to_string(i) + ".jpg");
  picture("test/cat/a/b/c/1.jpg");
  picture("test/cat/a/2.jpg");
  EXPECT_EQ(rows_per_split(*prepare()), (Counts{{"train", 6}, {"test", 6}}));
  EXPECT_THAT(said_,
              HasSubstr("read as SPLIT/CLASS: 12 samples; left out: test/cat/a (2 files), train/dog/more (40 files)"));
}

TEST_F(FolderLayout, FoldersOfFramesInClassesAreClips) {
  for (const auto& [first, second] :
       {std::pair("clip0", "clip1"), std::pair("0", "1"), std::pair("v_a_01", "v_b_02"), std::pair("clipA", "clipB")}) {
    std::filesystem::remove_all(raw_ / "train");
    std::filesystem::remove_all(raw_ / "test");
    write_clips(first, second);
    const auto manifest = prepare();
    EXPECT_THAT(said_, HasSubstr("read as SPLIT/CLASS: 8 samples")) << first;
    EXPECT_THAT(manifest->classes, ElementsAre("cat", "dog")) << first;
    EXPECT_THAT(modalities(*manifest), ElementsAre("frames:frames")) << first;
  }
  EXPECT_EQ(data::open_split(std::make_shared<data::Manifest>(data::read_manifest(target_ / "out", 0)), "test", {}, 0)
                ->get(3, nullptr)
                .inputs[0]
                .size(1),
            3);
}

TEST_F(FolderLayout, ClipsOfTheirOwnNames) {
  for (const std::string name :
       {"train/cat/felix", "train/cat/tom", "train/dog/rex", "test/cat/garfield", "test/dog/spot"}) {
    picture(name + "/1.jpg");
    picture(name + "/2.jpg");
  }
  picture("train/cat/stray.jpg");
  const auto manifest = prepare();
  EXPECT_THAT(manifest->classes, ElementsAre("cat", "dog"));
  EXPECT_THAT(said_, HasSubstr("read as SPLIT/CLASS: 5 samples; left out: train/cat/* (1 file)"));
}

TEST_F(FolderLayout, AClipAndItsRecording) {
  for (const std::string place : {"train/cat/a", "train/dog/b", "test/cat/c", "test/dog/d"}) {
    picture(place + "/1.jpg");
    tone(place + ".wav");
  }
  const auto manifest = prepare();
  EXPECT_THAT(modalities(*manifest), ElementsAre("audio:audio", "frames:frames"));
  EXPECT_EQ(rows_per_split(*manifest), (Counts{{"train", 2}, {"test", 2}}));
  EXPECT_THAT(data::open_split(manifest, "train", {}, 0)->get(0, nullptr).present, ElementsAre(true, true));
}

TEST_F(FolderLayout, ModalitiesOfPicturesAlone) {
  for (const auto& [first, second] :
       {std::pair("rgb", "depth"), std::pair("front", "side"), std::pair("alpha", "beta")}) {
    std::filesystem::remove_all(raw_ / "train");
    std::filesystem::remove_all(raw_ / "test");
    for (const std::string split : {"train", "test"}) {
      for (const std::string modality : {first, second}) {
        for (const std::string label : {"cat", "dog"}) {
          for (const std::string name : {"0", "1"}) picture(split + "/" + modality + "/" + label + "/" + name + ".jpg");
        }
      }
    }
    const auto manifest = prepare();
    EXPECT_THAT(said_, HasSubstr("read as SPLIT/MODALITY/CLASS: 8 samples")) << first;
    EXPECT_THAT(manifest->classes, ElementsAre("cat", "dog")) << first;
    EXPECT_EQ(manifest->modalities.size(), 2u) << first;
  }
}

TEST_F(FolderLayout, ANestedFolderAmongModalities) {
  testing::write_own_folders(raw_.path(), true);
  picture("train/picture/cat/more/9.jpg");
  picture("train/picture/stray.jpg");
  const auto manifest = prepare();
  EXPECT_THAT(said_, HasSubstr("read as SPLIT/MODALITY/CLASS: 18 samples; left out: "));
  EXPECT_THAT(said_, HasSubstr("train/picture/cat/more (1 file)"));
  EXPECT_THAT(said_, HasSubstr("train/picture/stray.jpg (1 file)"));
  EXPECT_THAT(modalities(*manifest), ElementsAre("caption:text", "picture:image", "sound:audio"));
  std::filesystem::remove_all(raw_.path());
  testing::write_own_folders(raw_.path(), false);
  picture("picture/train/cat/more/9.jpg");
  EXPECT_EQ(rows_per_split(*prepare()), (Counts{{"train", 6}, {"val", 6}, {"test", 6}}));
  EXPECT_THAT(said_, HasSubstr("read as MODALITY/SPLIT/CLASS: 18 samples; left out: picture/train/cat/more (1 file)"));
}

TEST_F(FolderLayout, WhatSystemsLeaveBehindIsNoData) {
  write_classes();
  for (const std::string name : {"__MACOSX/train/cat/._0.jpg", "__MACOSX/train/cat/0.jpg", "train/__MACOSX/a/b.jpg",
                                 "train/cat/.DS_Store", ".DS_Store", "train/cat/Thumbs.db", "train/cat/desktop.ini",
                                 ".hidden/train/cat/1.jpg", "train/.ipynb_checkpoints/x.jpg", "train/cat/._1.jpg"}) {
    raw_.write(name, "x");
  }
  const auto manifest = prepare();
  EXPECT_THAT(said_, HasSubstr("read as SPLIT/CLASS: 12 samples\n"));
  EXPECT_EQ(manifest->rows.size(), 12u);
  EXPECT_TRUE(read_json(target_ / "out/counts.json")["missing"].empty());
  EXPECT_FALSE(read_json(target_ / "out/counts.json").contains("left_out"));
}

TEST_F(FolderLayout, OtherFoldersBesideTheSplitsAreLeftOut) {
  write_classes();
  picture("extra/1.jpg");
  raw_.write("docs/readme.pdf", "x");
  EXPECT_EQ(prepare()->rows.size(), 12u);
  EXPECT_THAT(said_, HasSubstr("12 samples; left out: extra (1 file)\n"));
}

TEST_F(FolderLayout, AFolderAroundTheSplitsIsNoModality) {
  testing::write_own_folders(raw_ / "mydata", true);
  EXPECT_THAT(modalities(*prepare()), ElementsAre("caption:text", "picture:image", "sound:audio"));
  EXPECT_THAT(said_, HasSubstr("read as SPLIT/MODALITY/CLASS: 18 samples\n"));
}

TEST_F(FolderLayout, TheFlagFixesIt) {
  write_clips("clip0", "clip1");
  const auto manifest = prepare("SPLIT/MODALITY/CLASS");
  EXPECT_THAT(manifest->classes, ElementsAre("clip0", "clip1"));
  EXPECT_THAT(modalities(*manifest), ElementsAre("cat:image", "dog:image"));
  EXPECT_THAT(said_, HasSubstr("read as SPLIT/MODALITY/CLASS: 8 samples\n"));
  EXPECT_EQ(prepare("split/class")->classes.size(), 2u);
  EXPECT_THAT(said_, HasSubstr("read as SPLIT/CLASS: 8 samples\n"));
  expect_error(ErrorKind::usage, {"`layout`", "'CLASS'", "SPLIT/CLASS"}, [&] { prepare("CLASS"); });
  expect_error(ErrorKind::io, {"MODALITY/SPLIT/CLASS", "found none"}, [&] { prepare("MODALITY/SPLIT/CLASS"); });
}

TEST_F(FolderLayout, WhatNamesAloneDecideIsSaid) {
  write_clips("clip0", "clip1");
  prepare();
  EXPECT_THAT(said_, HasSubstr("fit SPLIT/MODALITY/CLASS nearly as well"));
  std::filesystem::remove_all(raw_.path());
  write_classes();
  prepare();
  EXPECT_THAT(said_, Not(HasSubstr("nearly as well")));
}

}  // namespace
}  // namespace pdmp

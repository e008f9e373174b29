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
  testing::run_importer(make_folders_importer(), raw.path(), target / "out");
  return std::make_shared<Manifest>(read_manifest(target / "out", 0));
}

std::vector<std::string> names(const Manifest& manifest) {
  std::vector<std::string> result;
  for (const ModalityEntry& entry : manifest.modalities) result.push_back(entry.name + ":" + entry.type);
  return result;
}

TEST(Folders, BothOrdersGiveTheSameDataSet) {
  for (const bool split_first : {true, false}) {
    const TemporaryDirectory raw, target;
    testing::write_own_folders(raw.path(), split_first);
    const auto manifest = prepare(raw, target);
    EXPECT_THAT(manifest->classes, ElementsAre("cat", "dog"));
    EXPECT_THAT(names(*manifest), ElementsAre("caption:text", "picture:image", "sound:audio"));
    EXPECT_EQ(rows_per_split(*manifest), (Counts{{"train", 6}, {"val", 6}, {"test", 6}}));
    const Sample sample = open_split(manifest, "val", {}, 0)->get(5, nullptr);
    EXPECT_EQ(sample.label, 1);
    EXPECT_THAT(sample.present, ElementsAre(true, true, true));
    EXPECT_EQ(manifest->rows[0].cells[0], "number 0");
  }
}

TEST(Folders, MissingCellsStayEmpty) {
  const TemporaryDirectory raw, target;
  testing::write_own_folders(raw.path(), true);
  std::filesystem::remove(raw / "train/sound/cat/0.wav");
  std::filesystem::remove_all(raw / "test/picture");
  raw.write("train/picture/dog/1.jpg", "version https://git-lfs.github.com/spec/v1\n");
  raw.write("train/picture/dog/notes.pdf", "x");
  const auto manifest = prepare(raw, target);
  EXPECT_EQ(rows_per_split(*manifest), (Counts{{"train", 6}, {"val", 6}, {"test", 6}}));
  const auto counts = read_json(target / "out/counts.json");
  ASSERT_EQ(counts["missing"].size(), 2u);
  EXPECT_THAT(counts["missing"][0].get<std::string>(), HasSubstr("Git LFS pointer"));
  EXPECT_THAT(counts["missing"][1].get<std::string>(), HasSubstr("notes.pdf"));
  EXPECT_THAT(open_split(manifest, "test", {}, 0)->get(0, nullptr).present, ElementsAre(true, false, true));
}

TEST(Folders, PlainImageFolderAndFoldersOfFrames) {
  const TemporaryDirectory raw, target, frames, other;
  for (const char* file : {"train/cat/1.jpg", "train/dog/2.jpg", "test/cat/3.jpg"}) {
    testing::write_own_picture(raw / file, 0);
    testing::write_own_picture(frames / ("clips/" + std::string(file).substr(0, 10) + "7/1.jpg"), 0);
  }
  EXPECT_THAT(names(*prepare(raw, target)), ElementsAre("image:image"));
  EXPECT_THAT(names(*prepare(frames, other)), ElementsAre("clips:frames"));
}

TEST(Folders, OneTypeAModalityAndSplitsAreNeeded) {
  const TemporaryDirectory raw, target;
  expect_error(ErrorKind::io, {"SPLIT/MODALITY/CLASS"}, [&] { prepare(raw, target); });
  testing::write_own_folders(raw.path(), true);
  testing::write_own_tone(raw / "train/picture/cat/9.wav", 0);
  expect_error(ErrorKind::data, {"9.wav", "expected image", "found audio"}, [&] { prepare(raw, target); });
}

}  // namespace
}  // namespace pdmp::data

#include "data/importers/shared/unlabeled_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/expect_error.h"
#include "support/temporary_directory.h"

namespace pdmp::data {
namespace {

using Names = std::vector<std::string>;

std::vector<ModalityEntry> modalities(const std::vector<std::pair<std::string, std::string>>& types) {
  nlohmann::json list = nlohmann::json::array();
  for (const auto& [name, type] : types) list.push_back({{"name", name}, {"type", type}, {"column", name}});
  return parse_dataset_json({{"modalities", list}}, "dataset.json").modalities;
}

struct UnlabeledFolderTest : ::testing::Test {
  const testing::TemporaryDirectory directory;

  void write(const Names& files) const {
    for (const std::string& file : files) directory.write(file, "a  text\n");
  }
  UnlabeledFolder read(const std::vector<std::pair<std::string, std::string>>& types) const {
    return {directory.path(), modalities(types)};
  }
};

TEST_F(UnlabeledFolderTest, FilesOfOneModalityAreSamplesInNaturalOrder) {
  write({"10.png", "9.JPG", "notes.md", ".hidden.png", "more/1.png"});
  const UnlabeledFolder folder = read({{"picture", "image"}});
  ASSERT_EQ(folder.size(), 3u);
  EXPECT_EQ(folder.at(0).id, "9");
  EXPECT_EQ(folder.at(0).cells, Names{"9.JPG"});
  EXPECT_EQ(folder.at(1).id, "10");
  EXPECT_EQ(folder.at(2).id, "more/1");
  EXPECT_EQ(folder.left_out(), Names{"notes.md: no modality of the model is of this kind"});
}

TEST_F(UnlabeledFolderTest, FoldersOfModalitiesAreJoinedByName) {
  write({"color/cat/1.png", "depth/cat/1.png", "color/dog/2.png", "caption/cat/1.txt", "readme.txt"});
  const UnlabeledFolder folder = read({{"color", "image"}, {"depth", "image"}, {"caption", "text"}});
  ASSERT_EQ(folder.size(), 2u);
  EXPECT_EQ(folder.at(0).id, "cat/1");
  EXPECT_EQ(folder.at(0).cells, (Names{"color/cat/1.png", "depth/cat/1.png", "a  text"}));
  EXPECT_EQ(folder.at(1).cells, (Names{"color/dog/2.png", "", ""}));
}

TEST_F(UnlabeledFolderTest, KindsOfFilesTellModalitiesThatAreMixed) {
  write({"a.png", "a.wav", "b.wav"});
  const UnlabeledFolder folder = read({{"picture", "image"}, {"speech", "audio"}});
  ASSERT_EQ(folder.size(), 2u);
  EXPECT_EQ(folder.at(0).cells, (Names{"a.png", "a.wav"}));
  EXPECT_EQ(folder.at(1).cells, (Names{"", "b.wav"}));
}

TEST_F(UnlabeledFolderTest, AVideoIsFramesAndSoundUnlessThereIsARecording) {
  write({"a.mp4", "b.mp4", "b.wav", "c;d/1.png", "c;d/2.png"});
  const UnlabeledFolder folder = read({{"visual", "frames"}, {"sound", "audio"}});
  ASSERT_EQ(folder.size(), 3u);
  EXPECT_EQ(folder.at(0).cells, (Names{"a.mp4", "a.mp4"}));
  EXPECT_EQ(folder.at(1).cells, (Names{"b.mp4", "b.wav"}));
  EXPECT_EQ(folder.at(2).cells, (Names{"c\\;d", ""}));  // a list of files escapes what separates them
}

TEST_F(UnlabeledFolderTest, TwoOfOneKindNeedFolders) {
  write({"a.png"});
  testing::expect_error(ErrorKind::data, {"a.png", "'color'", "'depth'", "folders of these names"}, [&] {
    read({{"color", "image"}, {"depth", "image"}});
  });
  testing::expect_error(ErrorKind::data, {"speech (audio)", "none"}, [&] { read({{"speech", "audio"}}); });
}

TEST_F(UnlabeledFolderTest, FilesOfOneNameAndTextsOutsideAreNoted) {
  write({"a.png", "a.jpg"});
  EXPECT_EQ(read({{"picture", "image"}}).left_out().size(), 1u);
  const testing::TemporaryDirectory other;
  std::filesystem::create_symlink(other.write("secret.txt", "x"), directory / "a.txt");
  const UnlabeledFolder folder = read({{"caption", "text"}});
  ASSERT_EQ(folder.size(), 1u);
  EXPECT_THAT(folder.at(0).problem, ::testing::HasSubstr("a.txt"));
}

}  // namespace
}  // namespace pdmp::data

// WebDataset shards as they are made on other systems: hidden members, keys with dots, extensions in capitals, years as
// classes; and downloads without any medium.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
using testing::rows_per_split;
using testing::tar_member;

class ShardNames : public ::testing::Test {
 protected:
  ShardNames() {
    testing::write_own_picture(scratch_ / "a.jpg", 1);
    picture_ = testing::own_file(scratch_ / "a.jpg");
  }

  void write(const std::vector<std::pair<std::string, std::string>>& members) const {
    std::string tar;
    for (const auto& [name, content] : members) tar += tar_member(name, content);
    raw_.write("train-0.tar", tar + testing::tar_end());
  }

  data::Manifest prepare() const {
    testing::run_importer(data::make_webdataset_importer(), raw_.path(), target_ / "out", {{"overwrite", "true"}});
    return data::read_manifest(target_ / "out", 0);
  }

  static std::vector<std::string> modalities(const data::Manifest& manifest) {
    std::vector<std::string> names;
    for (const data::ModalityEntry& entry : manifest.modalities) names.push_back(entry.name);
    return names;
  }

  nlohmann::json missing() const { return read_json(target_ / "out/counts.json")["missing"]; }

  testing::TemporaryDirectory raw_, target_, scratch_;
  std::string picture_;
};

TEST_F(ShardNames, HiddenMembersAreNoModality) {
  write({{"._0.jpg", picture_},
         {"0.jpg", picture_},
         {"._0.cls", "x"},
         {"0.cls", "cat"},
         {"1.jpg", picture_},
         {"1.cls", "dog"},
         {".DS_Store", "x"},
         {"__MACOSX/._1.jpg", picture_},
         {".hidden/2.jpg", picture_},
         {"Thumbs.db", "x"}});
  const data::Manifest manifest = prepare();
  EXPECT_THAT(modalities(manifest), ElementsAre("image"));
  EXPECT_EQ(manifest.rows.size(), 2u);
  EXPECT_THAT(manifest.classes, ElementsAre("cat", "dog"));
  EXPECT_TRUE(missing().empty());
}

TEST_F(ShardNames, KeysMayHoldDots) {
  write({{"22.05.jpg", picture_},
         {"22.05.cls", "a"},
         {"22.10.jpg", picture_},
         {"22.10.json", R"({"label": "b"})"},
         {"d/v1.2.3.rgb.jpg", picture_},
         {"d/v1.2.3.depth.jpg", picture_},
         {"d/v1.2.3.cls", "a"}});
  const data::Manifest manifest = prepare();
  EXPECT_EQ(manifest.rows.size(), 3u);
  EXPECT_THAT(modalities(manifest), ElementsAre("depth", "image", "rgb"));
  EXPECT_EQ(manifest.rows[0].id, "train-0/22.05");
  EXPECT_THAT(manifest.rows[0].cells, ElementsAre("", "media/train-0/22.05.jpg", ""));
  EXPECT_THAT(manifest.rows[2].cells,
              ElementsAre("media/train-0/d/v1.2.3.depth.jpg", "", "media/train-0/d/v1.2.3.rgb.jpg"));
}

TEST_F(ShardNames, MetadataOfAnotherNameIsNoKey) {
  write({{"a.rgb.jpg", picture_},
         {"a.json", R"({"label": "x"})"},
         {"a.camera.json", R"({"lens": 50})"},
         {"b.rgb.jpg", picture_},
         {"b.points.json", "[1, 2]"},
         {"b.json", R"({"label": "y"})"},
         {"b.camera.json", R"({"lens": 35})"}});
  const data::Manifest manifest = prepare();
  EXPECT_THAT(modalities(manifest), ElementsAre("rgb"));
  EXPECT_EQ(manifest.rows.size(), 2u);
}

TEST_F(ShardNames, ExtensionsInCapitals) {
  write({{"0.JPG", picture_}, {"0.CLS", "cat\n"}, {"1.Jpg", picture_}, {"1.JSON", R"({"label": "dog"})"}});
  const data::Manifest manifest = prepare();
  EXPECT_THAT(manifest.classes, ElementsAre("cat", "dog"));
  EXPECT_THAT(modalities(manifest), ElementsAre("image"));
  EXPECT_EQ(manifest.rows.size(), 2u);
}

TEST_F(ShardNames, YearsAreNames) {
  write({{"0.jpg", picture_}, {"0.cls", "1998"}, {"1.jpg", picture_}, {"1.cls", "2004"}});
  EXPECT_THAT(prepare().classes, ElementsAre("1998", "2004"));
  write(
      {{"0.jpg", picture_}, {"0.cls", "10"}, {"1.jpg", picture_}, {"1.cls", "9"}, {"2.jpg", picture_}, {"2.cls", "0"}});
  EXPECT_THAT(prepare().classes, ElementsAre("0", "9", "10"));
  write({{"0.jpg", picture_}, {"0.cls", "0"}, {"1.jpg", picture_}, {"1.cls", "2"}});
  EXPECT_THAT(prepare().classes, ElementsAre("0", "1", "2"));  // dense: numbers keep their places
  write({{"0.jpg", picture_}, {"0.cls", "2"}, {"1.jpg", picture_}, {"1.cls", "1"}});
  EXPECT_THAT(prepare().classes, ElementsAre("1", "2"));  // no sample has the label 0
}

TEST_F(ShardNames, TwoFilesOfOneModality) {
  write({{"0.jpg", picture_}, {"0.jpeg", picture_}, {"0.cls", "a"}, {"1.jpg", picture_}, {"1.cls", "b"}});
  EXPECT_EQ(prepare().rows.size(), 2u);
  EXPECT_THAT(missing().dump(), ::testing::HasSubstr("0.jpeg: another file gives the sample's image"));
}

TEST_F(ShardNames, NoMediumIsAnError) {
  write({{"0.cls", "a"}, {"1.cls", "b"}});
  expect_error(ErrorKind::data, {"expected samples with media", "2 samples without any medium"}, [&] { prepare(); });
  write({{"0.cls", "a"}, {"0.pdf", "x"}});
  expect_error(ErrorKind::data, {"expected samples with media", "0.pdf: is no medium"}, [&] { prepare(); });
  EXPECT_FALSE(std::filesystem::exists(target_ / "out/dataset.json"));
}

TEST_F(ShardNames, NoMediumOfHuggingfaceIsAnError) {
  raw_.write("metadata.csv", "file_name,label\na.jpg,cat\nb.jpg,dog\n");
  expect_error(ErrorKind::data,
               {"expected samples with media", "2 missing", "a.jpg: is not there", "2 samples without any"},
               [&] { testing::run_importer(data::make_huggingface_importer(), raw_.path(), target_ / "out"); });
  EXPECT_FALSE(std::filesystem::exists(target_ / "out/dataset.json"));
}

}  // namespace
}  // namespace pdmp

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>
#include <tuple>

#include "base/files/file.h"
#include "data/encode/encode_jpeg.h"
#include "data/importers/cefa_miniature.h"
#include "data/importers/run_importer.h"
#include "data/importers/shared/importers.h"
#include "pdmp/dataset.h"
#include "support/expect_error.h"
#include "support/media/tensors.h"
#include "support/temporary_directory.h"

namespace pdmp::data {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using testing::expect_error;
using ::testing::HasSubstr;
using testing::rows_per_split;
using testing::TemporaryDirectory;
using Counts = std::map<std::string, int64_t>;

struct Download {
  explicit Download(const std::string& colour_folder = "profile") {
    testing::write_cefa_miniature(raw.path(), colour_folder);
  }
  std::shared_ptr<Manifest> prepare(const std::string& protocol = "", const std::string& profile = "paper") const {
    std::map<std::string, std::string> flags = {{"profile", profile}};
    if (!protocol.empty()) flags["protocol"] = protocol;
    const auto out = target / ("out" + protocol + (profile == "paper" ? "" : profile));
    testing::run_importer(make_cefa_importer(), raw.path(), out, flags);
    return std::make_shared<Manifest>(read_manifest(out, 0));
  }
  std::filesystem::path video(const std::string& name) const { return raw / ("Ethnicity/EA/EA-199/" + name); }

  TemporaryDirectory raw, target;
};

// Two subjects a split; a live and a screen video of two frames each, in the test a live and two cloth videos.
TEST(Cefa, TrapProtocolIsFourAtFive) {
  const auto manifest = Download().prepare();
  EXPECT_EQ(rows_per_split(*manifest), (Counts{{"train", 8}, {"val", 8}, {"test", 12}}));
  std::set<std::string> videos;
  for (const ManifestRow& row : manifest->rows) videos.insert(row.id.substr(0, row.id.find('/')));
  EXPECT_THAT(videos, ElementsAre("1_300_1_1_1", "1_300_3_1_2", "1_300_3_2_2", "1_499_1_1_1", "1_499_3_1_2",
                                  "1_499_3_2_2", "3_000_1_1_1", "3_000_3_1_4", "3_199_1_1_1", "3_199_3_1_4",
                                  "3_200_1_1_1", "3_200_3_1_4", "3_299_1_1_1", "3_299_3_1_4"));
}

TEST(Cefa, TrapZeroIsLive) {
  const auto manifest = Download().prepare();
  EXPECT_THAT(manifest->classes, ElementsAre("live", "attack"));
  for (const ManifestRow& row : manifest->rows) {
    EXPECT_EQ(row.label, row.id.find("_1/") != std::string::npos ? 0 : 1) << row.id;
  }
}

// Grey values go to (v - 127.5) / 128.
TEST(Cefa, TrapPicturesAreScaledBy128) {
  const Download download;
  const auto manifest = download.prepare();
  const auto train = open_split(manifest, "train", {}, 0);
  ASSERT_EQ(train->modalities().size(), 3u);
  const Sample live = train->get(0, nullptr);
  ASSERT_EQ(live.label, 0);
  for (const Tensor& input : live.inputs) {
    EXPECT_THAT(input.sizes(), ElementsAre(3, 112, 112));
    EXPECT_NEAR(input[0][111][50].item<double>(), (60 - 127.5) / 128, 0.03);
  }
}

// Every pixel 200 red, 120 green, 40 blue.
TEST(Cefa, TrapReleasedCodeHasBlueFirst) {
  const Download download;
  const Tensor colours = torch::tensor({200, 120, 40}, torch::kUInt8).expand({40, 36, 3}).contiguous();
  for (const char* folder : {"profile", "depth", "ir"}) {
    write_jpeg(download.raw / ("Ethnicity/EA/EA-000-10293847/3_000_1_1_1/" + std::string(folder) + "/0001.jpg"),
               colours);
  }
  for (const auto& [profile, first, last] : {std::tuple{"paper", 200, 40}, {"released", 40, 200}}) {
    const Sample sample = open_split(download.prepare("", profile), "train", {}, 0)->get(0, nullptr);
    for (const Tensor& input : sample.inputs) {
      EXPECT_NEAR(input[0][56][56].item<double>(), (first - 127.5) / 128, 0.04) << profile;
      EXPECT_NEAR(input[1][56][56].item<double>(), (120 - 127.5) / 128, 0.04) << profile;
      EXPECT_NEAR(input[2][56][56].item<double>(), (last - 127.5) / 128, 0.04) << profile;
    }
  }
}

// The three pictures of a face made equal: they stay equal in training, whatever is drawn.
TEST(Cefa, TrapOneCropAngleAndFlipForTheThreePictures) {
  const Download download;
  const auto video = download.raw / "Ethnicity/EA/EA-000-10293847/3_000_1_1_1";
  const Tensor noise = (torch::arange(40 * 36 * 3) * 37 % 251).to(torch::kUInt8).reshape({40, 36, 3});
  for (const char* folder : {"profile", "depth", "ir"}) write_jpeg(video / folder / "0001.jpg", noise);
  const auto manifest = download.prepare();
  const auto train = open_split(manifest, "train", {}, 0);
  ASSERT_EQ(train->id(0), "3_000_1_1_1/0001");
  RandomStream random(6);
  Tensor before;
  for (int i = 0; i < 4; ++i) {
    const Sample sample = train->get(0, &random);
    EXPECT_TRUE(torch::equal(sample.inputs[0], sample.inputs[1]));
    EXPECT_TRUE(torch::equal(sample.inputs[0], sample.inputs[2]));
    EXPECT_FALSE(before.defined() && torch::equal(sample.inputs[0], before));
    before = sample.inputs[0];
  }
}

// Training cuts 112 pixels out of 144 turned by up to 30 degrees; nothing is smoothed before it shrinks.
TEST(Cefa, PicturesArePreparedAsReleasedCodeDoes) {
  const Download download;
  download.prepare();
  const auto json = read_json(download.target / "out/dataset.json");
  EXPECT_EQ(json.at("live_class"), "live");
  for (const auto& modality : json.at("modalities")) {
    EXPECT_EQ(modality.at("size"), 112);
    EXPECT_EQ(modality.at("interpolation"), "bilinear_plain");
    EXPECT_EQ(modality.at("augment"), (nlohmann::json{{"resize", 144}, {"rotation", 30}}));
  }
}

TEST(Cefa, OtherProtocols) {
  const Download download;
  // Subjects a split times videos times frames; protocols 2 and 3 have all three ethnicities.
  EXPECT_EQ(rows_per_split(*download.prepare("1@2")), (Counts{{"train", 16}, {"val", 16}, {"test", 16}}));
  EXPECT_EQ(rows_per_split(*download.prepare("2@1")), (Counts{{"train", 36}, {"val", 36}, {"test", 24}}));
  EXPECT_EQ(rows_per_split(*download.prepare("2@2")), (Counts{{"train", 24}, {"val", 24}, {"test", 36}}));
  EXPECT_EQ(rows_per_split(*download.prepare("3")), (Counts{{"train", 48}, {"val", 48}, {"test", 48}}));
  expect_error(ErrorKind::usage, {"4@7", "4@6"}, [&] { download.prepare("4@7"); });
}

TEST(Cefa, TrapColourFolderIsProfileOrColor) {
  EXPECT_THAT(Download("profile").prepare()->rows[0].cells[0], HasSubstr("/profile/0001.jpg"));
  EXPECT_THAT(Download("color").prepare()->rows[0].cells[0], HasSubstr("/color/0001.jpg"));
}

TEST(Cefa, IncompleteTriplesAreLeftOutAndNamed) {
  const Download download;
  std::filesystem::remove(download.video("3_199_1_1_1") / "depth/0002.jpg");
  download.raw.write("Ethnicity/EA/EA-199/3_199_3_1_4/ir/0001.jpg",
                     "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 9\n");
  const auto manifest = download.prepare();
  EXPECT_EQ(rows_per_split(*manifest), (Counts{{"train", 6}, {"val", 8}, {"test", 12}}));
  const auto counts = read_json(download.target / "out/counts.json");
  EXPECT_EQ(counts["splits"]["train"]["found"], 6);
  EXPECT_EQ(counts["splits"]["train"]["expected"], 35952);
  EXPECT_EQ(counts["splits"]["val"]["expected"], 18509);
  EXPECT_EQ(counts["splits"]["test"]["expected"], 54285);
  ASSERT_EQ(counts["missing"].size(), 2u);
  EXPECT_THAT(counts["missing"][0].get<std::string>(), AllOf(HasSubstr("depth/0002.jpg"), HasSubstr("is not there")));
  EXPECT_THAT(counts["missing"][1].get<std::string>(), AllOf(HasSubstr("ir/0001.jpg"), HasSubstr("Git LFS pointer")));
}

TEST(Cefa, OtherFoldersAreRefused) {
  const TemporaryDirectory raw;
  expect_error(ErrorKind::io, {"Ethnicity/AF", "`raw`"},
               [&] { testing::run_importer(make_cefa_importer(), raw.path(), raw / "out"); });
}

}  // namespace
}  // namespace pdmp::data

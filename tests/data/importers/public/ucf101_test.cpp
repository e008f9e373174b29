#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>
#include <stdexcept>

#include "base/files/file.h"
#include "data/importers/run_importer.h"
#include "data/importers/shared/importers.h"
#include "data/importers/ucf101_miniature.h"
#include "support/expect_error.h"
#include "support/temporary_directory.h"

namespace pdmp::data {
namespace {

using ::testing::EndsWith;
using testing::expect_error;
using ::testing::HasSubstr;
using testing::rows_per_split;
using ::testing::StartsWith;
using testing::TemporaryDirectory;
using Counts = std::map<std::string, int64_t>;

struct Download {
  Download() { testing::write_ucf101_lists(raw / "ucfTrainTestlist"); }
  std::shared_ptr<Manifest> prepare(std::map<std::string, std::string> options = {{"val", "none"}}) const {
    testing::run_importer(make_ucf101_importer(), raw.path(), target / "out", options);
    return std::make_shared<Manifest>(read_manifest(target / "out", 0));
  }
  static ManifestRow row(const Manifest& manifest, const std::string& id) {
    for (const ManifestRow& row : manifest.rows) {
      if (row.id == id) return row;
    }
    throw std::out_of_range(id);
  }
  TemporaryDirectory raw, target;
};

TEST(Ucf101, TrapClassesKeepTheOrderOfTheList) {
  const Download download;
  testing::write_ucf101_two_stream(download.raw.path());
  const auto manifest = download.prepare();
  ASSERT_EQ(manifest->classes.size(), 101u);
  EXPECT_EQ(manifest->classes[34], "Hammering");  // sorted by bytes it would come behind HammerThrow
  EXPECT_EQ(manifest->classes[35], "HammerThrow");
  EXPECT_EQ(Download::row(*manifest, "v_HammerThrow_g08_c01").label, 35);
  EXPECT_EQ(rows_per_split(*manifest), (Counts{{"train", 16}, {"test", 8}}));
}

// Folder HandstandPushups, files v_HandStandPushups_..., flow v_HandstandPushups_...
TEST(Ucf101, TrapHandStandPushupsTakesItsClassFromTheFolder) {
  const Download download;
  testing::write_ucf101_two_stream(download.raw.path());
  const auto manifest = download.prepare();
  const ManifestRow row = Download::row(*manifest, "v_HandStandPushups_g08_c01");
  EXPECT_EQ(row.label, 36);
  EXPECT_THAT(row.cells[0], EndsWith("jpegs_256/v_HandstandPushups_g08_c01"));
  EXPECT_THAT(row.cells[1], HasSubstr("tvl1_flow/u/"));
}

TEST(Ucf101, TwoStreamLayoutGivesPicturesAndFlow) {
  const Download download;
  testing::write_ucf101_two_stream(download.raw.path());
  const auto train = open_split(download.prepare(), "train", {}, 0);
  const Sample sample = train->get(0, nullptr);
  EXPECT_EQ(sample.inputs[0].sizes(), (std::vector<int64_t>{3, 3, 224, 224}));
  EXPECT_EQ(sample.inputs[1].sizes(), (std::vector<int64_t>{2, 3, 224, 224}));
  EXPECT_NEAR(sample.inputs[1][0].mean().item<double>(), (128.0 / 255 - 0.5) / 0.25, 0.02);
}

TEST(Ucf101, RawframesLayoutKeepsFlowOutOfThePictures) {
  const Download download;
  testing::write_ucf101_rawframes(download.raw.path());
  const auto manifest = download.prepare();
  const std::string cell = manifest->rows[0].cells[0];
  EXPECT_EQ(std::count(cell.begin(), cell.end(), ';'), 14);
  EXPECT_EQ(cell.find("flow_"), std::string::npos);
  EXPECT_THAT(manifest->rows[0].cells[1], EndsWith("rawframes/ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01"));
  EXPECT_TRUE(open_split(manifest, "test", {}, 0)->get(0, nullptr).present[1]);
}

TEST(Ucf101, VideosAndFlowFromAnotherFolder) {
  const Download download;
  const TemporaryDirectory other;
  testing::write_ucf101_videos(download.raw.path());
  testing::write_ucf101_two_stream(other.path());
  const auto manifest = download.prepare({{"flow", (other / "tvl1_flow").string()}, {"val", "0.5"}});
  EXPECT_THAT(manifest->rows[0].cells[0], EndsWith("UCF-101/ApplyEyeMakeup/v_ApplyEyeMakeup_g08_c01.avi"));
  EXPECT_THAT(manifest->rows[0].cells[1], StartsWith(other.path().string()));
  std::map<std::string, std::set<std::string>> groups;  // clips of one recording are never on both sides
  for (const ManifestRow& row : manifest->rows) groups[row.group].insert(row.split);
  for (const auto& [group, splits] : groups) EXPECT_EQ(splits.size(), 1u) << group;
  EXPECT_GT(rows_per_split(*manifest)["val"], 0);
}

TEST(Ucf101, MissingMediaAreNamedAndCounted) {
  const Download download;
  testing::write_ucf101_two_stream(download.raw.path());
  std::filesystem::remove_all(download.raw / "tvl1_flow/v/v_Hammering_g08_c01");
  std::filesystem::remove_all(download.raw / "tvl1_flow/u/v_Hammering_g08_c02");
  std::filesystem::remove_all(download.raw / "jpegs_256/v_Hammering_g08_c02");
  const auto manifest = download.prepare();
  EXPECT_EQ(Download::row(*manifest, "v_Hammering_g08_c01").cells[1], "");
  const auto counts = read_json(download.target / "out/counts.json");
  EXPECT_EQ(counts["missing"].size(), 3u);
  EXPECT_EQ(counts["splits"]["train"]["found"], 15);
  EXPECT_EQ(counts["splits"]["train"]["expected"], 9537);
  EXPECT_EQ(counts["splits"]["test"]["expected"], 3783);
}

TEST(Ucf101, ListsThatDoNotFitAreRefused) {
  const Download download;
  expect_error(ErrorKind::io, {"tvl1_flow/u/VIDEO", "`flow`"}, [&] { download.prepare(); });
  testing::write_ucf101_two_stream(download.raw.path());
  const std::string row = "Hammering/v_Hammering_g08_c01.avi";
  download.raw.write("ucfTrainTestlist/trainlist01.txt", row + " 36\r\n");
  expect_error(ErrorKind::data, {"trainlist01.txt:1", "number 35 of class Hammering"}, [&] { download.prepare(); });
  download.raw.write("ucfTrainTestlist/trainlist01.txt", "Cooking/v_Cooking_g08_c01.avi 1\n");
  expect_error(ErrorKind::data, {"trainlist01.txt:1", "Cooking"}, [&] { download.prepare(); });
  testing::write_ucf101_lists(download.raw / "ucfTrainTestlist", 15);
  expect_error(ErrorKind::data, {"classInd.txt", "101", "15", "edited copy"}, [&] { download.prepare(); });
}

}  // namespace
}  // namespace pdmp::data

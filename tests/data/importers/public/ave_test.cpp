#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <optional>
#include <set>

#include "base/files/file.h"
#include "data/importers/ave_miniature.h"
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

struct Download : testing::ImportedDownload<make_ave_importer> {
  std::shared_ptr<const Manifest> prepare(const Flags& flags = {}) const { return ImportedDownload::prepare(flags); }
};

std::optional<ManifestRow> find_row(const Manifest& manifest, const std::string& id) {
  for (const ManifestRow& row : manifest.rows) {
    if (row.id == id) return row;
  }
  return std::nullopt;
}

TEST(Ave, EventsAreCutFromTheirVideos) {
  const Download download;
  testing::write_ave(download.raw.path());
  const auto manifest = download.prepare();
  EXPECT_EQ(manifest->classes.size(), 28u);
  EXPECT_EQ(manifest->classes[1], "Male speech, man speaking");
  const auto row = find_row(*manifest, "-bell_test_6_8_0");
  ASSERT_TRUE(row);
  EXPECT_EQ(row->start, 6);
  EXPECT_EQ(row->end, 8);
  const Sample sample = open_split(manifest, "test", {}, 0)->get(0, nullptr);
  EXPECT_THAT(sample.inputs[0].sizes(), ::testing::ElementsAre(1, 257, 1004));  // the size papers give
}

TEST(Ave, TrapHeaderLineIsNoEvent) {
  const Download download;
  testing::write_ave(download.raw.path());
  EXPECT_EQ(rows_per_split(*download.prepare()), (Counts{{"train", 9}, {"val", 2}, {"test", 3}}));
  std::string list = read_file(download.raw / "AVE_Dataset/trainSet.txt");
  download.raw.write("AVE_Dataset/trainSet.txt", list.substr(list.find('\n') + 1));
  EXPECT_EQ(rows_per_split(*download.prepare({{"overwrite", "true"}}))["train"], 9);
}

TEST(Ave, TrapAnEventOfNoLengthIsLeftOutAndNamed) {
  const Download download;
  testing::write_ave(download.raw.path());
  EXPECT_FALSE(find_row(*download.prepare(), "no_length00_0_0_0"));
  EXPECT_EQ(download.counts()["splits"]["train"]["listed"], 10);
  EXPECT_THAT(download.counts()["missing"][0].get<std::string>(), ::testing::HasSubstr("no length"));
}

TEST(Ave, TrapAVideoWithTwoEventsGivesTwoSamples) {
  const Download download;
  testing::write_ave(download.raw.path());
  testing::write_class_stills(download.raw / "AVE_Dataset/Image-01-FPS-SE/two_events0", 17, 10);
  testing::write_class_stills(download.raw / "AVE_Dataset/Image-01-FPS-SE/-bell0_train", 0, 10);
  const auto manifest = download.prepare();
  const auto banjo = find_row(*manifest, "two_events0_0_5_17");
  const auto mandolin = find_row(*manifest, "two_events0_5_10_27");
  ASSERT_TRUE(banjo && mandolin);
  // The folder of stills mixes both events.
  EXPECT_THAT(banjo->cells[1], ::testing::EndsWith("AVE/two_events0.mp4"));
  EXPECT_THAT(find_row(*manifest, "-bell0_train_0_10_0")->cells[1], ::testing::EndsWith("SE/-bell0_train"));
  const auto first = download.prepare({{"dedup", "first"}, {"overwrite", "true"}});
  EXPECT_EQ(rows_per_split(*first)["train"], 8);
  EXPECT_FALSE(find_row(*first, "two_events0_5_10_27"));
}

TEST(Ave, TrapAVideoInTrainAndTestIsKeptAndSaid) {
  const Download download;
  testing::write_ave(download.raw.path());
  ::testing::internal::CaptureStderr();
  const auto manifest = download.prepare();
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), ::testing::HasSubstr("1 videos are in train and in test"));
  EXPECT_TRUE(find_row(*manifest, "in_train_and_test_0_3_17"));
  EXPECT_TRUE(find_row(*manifest, "in_train_and_test_0_3_27"));
}

TEST(Ave, TrapThreeFramesInPapersOneInReleasedCode) {
  const Download download;
  testing::write_ave(download.raw.path());
  const auto frames = [](const std::shared_ptr<const Manifest>& manifest) {
    return open_split(manifest, "test", {}, 0)->get(0, nullptr).inputs[1].size(1);
  };
  EXPECT_EQ(frames(download.prepare()), 3);
  EXPECT_EQ(frames(download.prepare({{"profile", "released"}, {"overwrite", "true"}})), 1);
}

TEST(Ave, ExtractsTheStillsOfEachEvent) {
  const Download download;
  testing::write_ave(download.raw.path());
  const auto manifest = download.prepare({{"extract", "true"}});
  EXPECT_EQ(find_row(*manifest, "two_events0_5_10_27")->cells[1], "frames/two_events0_5_10_27");
  EXPECT_TRUE(fs::exists(download.out() / "frames/two_events0_5_10_27/00050.jpg"));
  EXPECT_FALSE(fs::exists(download.out() / "frames/two_events0_5_10_27/00000.jpg"));
}

TEST(Ave, ABadLineIsNamed) {
  const Download download;
  testing::write_ave(download.raw.path());
  download.raw.write("AVE_Dataset/valSet.txt", "Church bell&-bell_val&good&0&10\nChurch bell&-bell_val&good&0\n");
  expect_error(ErrorKind::data, {"valSet.txt:2", "Category&VideoID"}, [&] { download.prepare(); });
  download.raw.write("AVE_Dataset/valSet.txt", "Dog&-bell_val&good&0&10\n");
  expect_error(ErrorKind::data, {"valSet.txt:1", "28 categories"}, [&] { download.prepare(); });
}

}  // namespace
}  // namespace pdmp::data

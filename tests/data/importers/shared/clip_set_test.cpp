#include "data/importers/shared/clip_set.h"

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

using Download = testing::ImportedDownload<make_crema_d_importer>;

TEST(ClipSet, AValidationSplitIsStratifiedAndTheSameForASeed) {
  const Download download;
  testing::write_crema_d(download.raw.path());
  const auto val = [&](const Flags& flags) {
    std::map<std::string, int64_t> ids;
    const auto manifest = download.prepare(flags);
    for (const ManifestRow& row : manifest->rows) {
      if (row.split == "val") ids[row.id] = row.label;
    }
    return ids;
  };
  const auto first = val({{"val", "0.25"}});
  EXPECT_EQ(first.size(), 6u);
  std::set<int64_t> labels;
  for (const auto& [id, label] : first) labels.insert(label);
  EXPECT_EQ(labels.size(), 6u);
  EXPECT_EQ(val({{"val", "0.25"}, {"overwrite", "true"}}), first);
  EXPECT_NE(val({{"val", "0.25"}, {"seed", "1"}, {"overwrite", "true"}}), first);
}

TEST(ClipSet, IsDoneOnceAndGoesOnWhereItStopped) {
  const Download download;
  testing::write_crema_d(download.raw.path());
  const Flags flags = {{"extract", "true"}};
  download.prepare(flags);
  const auto still = download.out() / "frames/1001_DFA_NEU_XX/00000.jpg";
  const auto written = fs::last_write_time(still);
  const std::string csv = read_file(download.out() / "metadata.csv");
  fs::remove(download.out() / "dataset.json");
  fs::remove_all(download.out() / "frames/1001_DFA_HAP_XX");
  download.prepare(flags);
  EXPECT_EQ(fs::last_write_time(still), written);
  EXPECT_TRUE(fs::exists(download.out() / "frames/1001_DFA_HAP_XX/00000.jpg"));
  EXPECT_EQ(read_file(download.out() / "metadata.csv"), csv);
  fs::remove_all(download.raw / "VideoFlash");
  download.prepare(flags);  // complete: nothing is looked at again
}

TEST(ClipSet, ADownloadThatIsNoneIsSaid) {
  const Download download;
  expect_error(ErrorKind::io, {"train.csv", "`lists`"}, [&] { download.prepare({}); });
  expect_error(ErrorKind::io, {"gone", "folder of the download"}, [&] { open_download(download.raw / "gone"); });
  download.raw.write("train.csv", "1001_DFA_NEU_XX,NEU\n");
  download.raw.write("test.csv", "1001_TIE_NEU_XX,NEU\n");
  expect_error(ErrorKind::data, {"AudioWAV/1001_DFA_NEU_XX.wav", "is not there", "`raw`"},
               [&] { download.prepare({}); });
}

TEST(ClipSet, AClipListedTwiceCountsOnceUnlessTheListsDisagree) {
  const Download download;
  testing::write_crema_d(download.raw.path());
  download.raw.write("train.csv", "1001_DFA_NEU_XX,NEU\n1001_DFA_NEU_XX,NEU\n1001_DFA_HAP_XX,HAP\n");
  EXPECT_EQ(rows_per_split(*download.prepare({{"val", "none"}}))["train"], 2);
  download.raw.write("test.csv", "1001_DFA_NEU_XX,NEU\n");
  expect_error(ErrorKind::data, {"1001_DFA_NEU_XX", "train and test"}, [&] {
    download.prepare({{"overwrite", "true"}});
  });
}

TEST(ClipSet, NothingIsWrittenIntoTheDownload) {
  const Download download;
  testing::write_crema_d(download.raw.path());
  const auto list = [&] {
    std::map<std::string, fs::file_time_type> files;
    for (const auto& entry : fs::recursive_directory_iterator(download.raw.path())) {
      files[entry.path().string()] = entry.last_write_time();
    }
    return files;
  };
  const auto before = list();
  download.prepare({{"extract", "true"}});
  EXPECT_EQ(list(), before);
}

}  // namespace
}  // namespace pdmp::data

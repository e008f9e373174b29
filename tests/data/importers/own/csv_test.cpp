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

using Options = std::map<std::string, std::string>;

std::shared_ptr<Manifest> prepare(const TemporaryDirectory& raw, const TemporaryDirectory& target,
                                  const Options& options = {{"root", "sound=wav/{id}.wav,view=frames/{split}/{id}"}}) {
  testing::run_importer(make_csv_importer(), raw.path(), target / "out", options);
  return std::make_shared<Manifest>(read_manifest(target / "out", 0));
}

// The numbers of the lists are kept although no sample has 1.
TEST(CsvLists, AreReadWithoutHeaderAndKeepTheirNumbers) {
  const TemporaryDirectory raw, target;
  testing::write_own_lists(raw.path());
  const auto manifest = prepare(raw, target);
  EXPECT_THAT(manifest->classes, ElementsAre("0", "1", "2"));
  EXPECT_EQ(rows_per_split(*manifest), (Counts{{"train", 4}, {"test", 4}}));
  EXPECT_EQ(manifest->rows[1].id, "train1");
  EXPECT_EQ(manifest->rows[1].label, 2);
  EXPECT_EQ(manifest->modalities[1].type, "frames");
  EXPECT_THAT(open_split(manifest, "test", {}, 0)->get(3, nullptr).present, ElementsAre(true, true));
}

TEST(CsvLists, ClassesMayComeFromAFile) {
  const TemporaryDirectory raw, target;
  testing::write_own_lists(raw.path());
  raw.write("names/classes.txt", "zebra\nox\ncat\n");
  Options options = {{"root", "sound=wav/{id}.wav"}, {"classes", (raw / "names/classes.txt").string()}};
  EXPECT_THAT(prepare(raw, target, options)->classes, ElementsAre("zebra", "ox", "cat"));
  raw.write("names/classes.txt", "zebra\nox\n");
  options["overwrite"] = "true";
  expect_error(ErrorKind::data, {"classes.txt", "no '2'", "train1"}, [&] { prepare(raw, target, options); });
}

TEST(CsvLists, MissingMediaAreNamed) {
  const TemporaryDirectory raw, target;
  testing::write_own_lists(raw.path());
  std::filesystem::remove(raw / "wav/train2.wav");
  std::filesystem::remove(raw / "wav/train3.wav");
  std::filesystem::remove_all(raw / "frames/train/train3");
  EXPECT_EQ(rows_per_split(*prepare(raw, target)), (Counts{{"train", 3}, {"test", 4}}));
  EXPECT_EQ(read_json(target / "out/counts.json")["missing"].size(), 3u);
}

TEST(CsvLists, BadListsAndTemplatesAreRefused) {
  const TemporaryDirectory raw, target;
  expect_error(ErrorKind::usage, {"`root` MODALITY=TEMPLATE"}, [&] { prepare(raw, target, {}); });
  expect_error(ErrorKind::io, {"train.csv", "`lists`"}, [&] { prepare(raw, target); });
  testing::write_own_lists(raw.path());
  expect_error(ErrorKind::usage, {"{name}", "{split}"}, [&] {
    prepare(raw, target, {{"root", "a={name}.wav"}, {"overwrite", "true"}});
  });
  expect_error(ErrorKind::data, {"`root` a=", "found none"}, [&] {
    prepare(raw, target, {{"root", "a=no/{id}.wav"}});
  });
  raw.write("train.csv", "a,0\nb\n");
  expect_error(ErrorKind::data, {"train.csv:2", "'id,label'"}, [&] { prepare(raw, target); });
}

}  // namespace
}  // namespace pdmp::data

// A label that is no class name counts as an index only where no class is called by a number: "0" must not become "1".
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/importers/own_media_miniature.h"
#include "data/importers/run_importer.h"
#include "data/importers/shared/importers.h"
#include "data/manifest/manifest.h"
#include "support/expect_error.h"
#include "support/temporary_directory.h"

namespace pdmp {
namespace {

using ::testing::ElementsAre;
using testing::expect_error;
using testing::TemporaryDirectory;

// Labels of three rows -> the classes they are given.
std::vector<int64_t> labels_of(const std::string& classes, const std::vector<std::string>& labels) {
  const TemporaryDirectory folder;
  folder.write("dataset.json",
               R"({"classes": )" + classes + R"(, "modalities": [{"name": "t", "type": "text", "column": "t"}]})");
  std::string rows = "label,t\n";
  for (const std::string& label : labels) rows += "\"" + label + "\",x\n";
  folder.write("metadata.csv", rows);
  std::vector<int64_t> found;
  for (const data::ManifestRow& row : data::read_manifest(folder.path(), 0).rows) found.push_back(row.label);
  return found;
}

void expect_refused(const std::string& classes, const std::string& label, const std::vector<std::string>& words) {
  expect_error(ErrorKind::data, words, [&] { labels_of(classes, {label}); });
}

TEST(LabelIndex, ZeroIsNotTheClassOne) {
  EXPECT_THAT(labels_of(R"(["1", "2", "3"])", {"1", "3", "2"}), ElementsAre(0, 2, 1));
  expect_refused(R"(["1", "2", "3"])", "0",
                 {"metadata.csv:2", "found '0'", "index only where no class is called by one"});
}

TEST(LabelIndex, OneNumberAmongTheClassesIsEnough) {
  expect_refused(R"(["dog", "cat", "7"])", "0", {"found '0'", "'7'"});
  for (const char* number : {"-1", "0.5", "007", "1e3", "+2", " 3"}) {
    expect_refused(std::string(R"(["dog", "cat", ")") + number + "\"]", "1", {"found '1'", number});
  }
}

TEST(LabelIndex, NamesOfLettersLeaveTheIndexToNumbers) {
  EXPECT_THAT(labels_of(R"(["dog", "cat", "v2"])", {"0", "2", "cat"}), ElementsAre(0, 2, 1));
  EXPECT_THAT(labels_of(R"(["inf", "nan"])", {"0", "inf"}), ElementsAre(0, 0));
}

TEST(LabelIndex, ZerosBeforeItAreNoPartOfAnIndex) {
  const std::string classes = R"(["a", "b", "c", "d", "e", "f", "g", "h"])";
  EXPECT_THAT(labels_of(classes, {"7"}), ElementsAre(7));
  for (const char* label : {"007", "07", "00", "-0", "+7", "7.0", " 7", "7 ", "1e0", "8"}) {
    expect_refused(classes, label, {std::string("found '") + label + "'"});
  }
  EXPECT_THAT(labels_of(R"(["007", "008"])", {"008", "007"}), ElementsAre(1, 0));
}

TEST(LabelIndex, ListsWithAFileOfClassesFollowTheRule) {
  const TemporaryDirectory raw, target;
  testing::write_own_lists(raw.path());  // labels 0 and 2
  raw.write("names/classes.txt", "1\n2\n3\n");
  expect_error(ErrorKind::data, {"classes.txt", "no '0'"}, [&] {
    testing::run_importer(data::make_csv_importer(), raw.path(), target / "out",
                          {{"root", "sound=wav/{id}.wav"}, {"classes", (raw / "names/classes.txt").string()}});
  });
}

}  // namespace
}  // namespace pdmp

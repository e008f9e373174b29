#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <set>

#include "base/files/file.h"
#include "data/decode/image/image.h"
#include "data/importers/shared/importers.h"
#include "data/manifest/manifest.h"
#include "data/tables/csv.h"
#include "pdmp/error.h"
#include "support/expect_error.h"
#include "support/media/tensors.h"
#include "support/png.h"
#include "support/temporary_directory.h"

namespace pdmp::data {
namespace {

using ::testing::ElementsAre;
using testing::expect_error;
using ::testing::HasSubstr;
using testing::TemporaryDirectory;

// `width` tells the pictures apart.
std::string picture(uint32_t width) { return testing::png(width, 4, std::string(size_t{width} * 4 * 3, '\x20')); }

// Two classes of ten objects in two languages, and everything the importer must leave out.
struct Folder {
  Folder() {
    for (uint32_t i = 0; i < 10; ++i) {
      for (const char* category : {"animals", "food"}) {
        const std::string name = std::string(category) + "/kind/" + static_cast<char>('a' + i) + "x";
        const std::string word = category + std::to_string(i);
        raw.write(name + ".png", picture(10 + i + (category[0] == 'f' ? 20 : 0)));
        raw.write(name + ".txt", "A " + word + ", here.\r\nfr.utf8=Un\n");
        raw.write(name + "_desc.ogg", "english " + word);
        raw.write(name + "_desc_fr.ogg", "french " + word);
        raw.write(name + ".ogg", "noise " + word);
      }
    }
    raw.write("animals/kind/ax_mirror.png", picture(90));
    raw.write("symbols/alphabets/english/A.png", picture(91));
    raw.write("medical/mask.png", picture(92));
  }

  void prepare(const std::map<std::string, std::string>& options = {}) const {
    const auto importer = make_tuxpaint_importer();
    OptionList list;
    importer->describe(list);
    for (const auto& [name, value] : {std::pair("min-objects", "4"), {"val", "0.2"}, {"test", "0.2"}}) {
      list.set(name, value, "test");
    }
    for (const auto& [name, value] : options) list.set(name, value, "test");
    importer->run(raw.path(), out());
  }

  std::filesystem::path out() const { return target.path() / "stamps"; }

  TemporaryDirectory raw, target;
};

TEST(Tuxpaint, WritesADataSetSplitByObject) {
  const Folder folder;
  folder.prepare();
  const Manifest manifest = read_manifest(folder.out(), 0);
  EXPECT_THAT(manifest.classes, ElementsAre("animals", "food"));
  std::map<std::string, std::set<std::string>> objects;  // split -> pictures
  std::map<std::string, int64_t> rows;
  for (const ManifestRow& row : manifest.rows) {
    objects[row.split].insert(row.cells[0]);
    ++rows[row.split];
  }
  EXPECT_EQ(objects["train"].size(), 12u);
  EXPECT_EQ(rows["train"], 24);  // every recording
  EXPECT_EQ(objects["val"].size(), 4u);
  EXPECT_EQ(rows["val"], 4);  // one each
  EXPECT_EQ(rows["test"], 4);
  for (const std::string& name : objects["test"]) EXPECT_FALSE(objects["train"].contains(name));
  EXPECT_THAT(read_file(folder.out() / "LICENCE"), HasSubstr("GNU General Public License, version 2"));
}

TEST(Tuxpaint, CellsHoldTheirMedia) {
  const Folder folder;
  folder.prepare();
  const MetadataTable table = read_csv(folder.out() / "metadata.csv");
  const auto& row = table.rows.at(0);
  const auto field = [&](const char* column) { return row.fields.at(*table.find(column)); };
  EXPECT_THAT(field("id"), HasSubstr("animals/kind/ax:"));
  EXPECT_EQ(field("caption"), "A animals0, here.");
  EXPECT_THAT(read_file(folder.out() / field("speech_file_name")), HasSubstr("h animals0"));
  const Tensor pixels = image_tensor(folder.out() / field("picture_file_name"));
  EXPECT_THAT(pixels.sizes(), ElementsAre(96, 96, 3));
  EXPECT_EQ(pixels[0][0][0].item<int64_t>(), 255);  // the margin of a 10 x 4 picture
  EXPECT_EQ(pixels[48][48][0].item<int64_t>(), 0x20);
}

TEST(Tuxpaint, OneRecordingAnObjectWhereAsked) {
  const Folder folder;
  folder.prepare({{"recordings", "one"}});
  EXPECT_EQ(read_manifest(folder.out(), 0).rows.size(), 20u);
}

TEST(Tuxpaint, AnObjectWithoutSpeechKeepsItsCellEmpty) {
  const Folder folder;
  folder.raw.write("food/kind/silent.png", picture(70));
  folder.prepare();
  const MetadataTable table = read_csv(folder.out() / "metadata.csv");
  int64_t silent = 0;
  for (const auto& row : table.rows) {
    if (row.fields[*table.find("id")] != "food/kind/silent") continue;
    ++silent;
    EXPECT_EQ(row.fields[*table.find("speech_file_name")], "");
    EXPECT_EQ(row.fields[*table.find("caption")], "");
  }
  EXPECT_EQ(silent, 1);
}

TEST(Tuxpaint, GoesOnWhereItStoppedAndIsDoneOnce) {
  const Folder folder;
  folder.prepare();
  const std::string csv = read_file(folder.out() / "metadata.csv");
  const auto written = std::filesystem::last_write_time(folder.out() / "metadata.csv");
  folder.prepare();
  EXPECT_EQ(std::filesystem::last_write_time(folder.out() / "metadata.csv"), written);
  std::filesystem::remove(folder.out() / "dataset.json");
  std::filesystem::remove(folder.out() / "pictures/food/kind/ax.png");
  folder.prepare();
  EXPECT_TRUE(std::filesystem::exists(folder.out() / "dataset.json"));
  EXPECT_TRUE(std::filesystem::exists(folder.out() / "pictures/food/kind/ax.png"));
  EXPECT_EQ(read_file(folder.out() / "metadata.csv"), csv);
}

TEST(Tuxpaint, OtherSettingsAndForeignFoldersAreRefused) {
  const Folder folder;
  folder.prepare();
  expect_error(ErrorKind::io, {"pass `overwrite`"}, [&] { folder.prepare({{"seed", "1"}}); });
  folder.prepare({{"seed", "1"}, {"overwrite", "true"}});
  const Folder other;
  other.target.write("stamps/thesis.tex", "precious");
  expect_error(ErrorKind::io, {"found other files"}, [&] { other.prepare(); });
  EXPECT_EQ(read_file(other.out() / "thesis.tex"), "precious");
}

TEST(Tuxpaint, DamagedPicturesAreCountedAndTooManyStop) {
  const Folder folder;
  folder.raw.write("food/kind/broken.png", picture(60).substr(0, 40));
  expect_error(ErrorKind::data, {"1 of 21 pictures do not decode"}, [&] { folder.prepare(); });
  EXPECT_FALSE(std::filesystem::exists(folder.out() / "dataset.json"));
}

}  // namespace
}  // namespace pdmp::data

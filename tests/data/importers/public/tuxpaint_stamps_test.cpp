#include "data/importers/public/tuxpaint_stamps.h"

#include <gtest/gtest.h>
#include <map>

#include "support/expect_error.h"
#include "support/temporary_directory.h"

namespace pdmp::data {
namespace {

using testing::expect_error;
using testing::TemporaryDirectory;

TEST(TuxpaintStamps, FindsObjectsAndGroupsNearCopies) {
  const TemporaryDirectory raw;
  raw.write("clothes/jeans1.png", "picture 1");
  raw.write("clothes/jeans2.png", "picture 2");
  raw.write("clothes/hat.png", "picture 3");
  raw.write("clothes/hat.svg", "<svg/>");
  raw.write("clothes/cap.png", "picture 4");
  raw.write("clothes/cap.txt", "A cap.\n");
  raw.write("clothes/cartoon/cap_round.png", "picture 5");
  raw.write("clothes/cartoon/cap_round.txt", "A cap.\n");
  raw.write("clothes/shoe.png", "picture 6");
  raw.write("clothes/shoe_desc_pt_BR.wav", "same voice");
  raw.write("clothes/boot.png", "picture 7");
  raw.write("clothes/boot_desc_ru.ogg", "same voice");
  raw.write("clothes/1.png", "picture 8");
  raw.write("clothes/2.png", "picture 9");
  std::map<std::string, std::string> groups;
  std::map<std::string, Stamp> stamps;
  for (const Stamp& stamp : find_stamps(raw.path(), {false, 2})) {
    groups[stamp.name] = stamp.group;
    stamps[stamp.name] = stamp;
  }
  EXPECT_EQ(groups.size(), 9u);
  EXPECT_EQ(groups["clothes/jeans2"], "clothes/jeans1");
  EXPECT_EQ(groups["clothes/cartoon/cap_round"], groups["clothes/cap"]);
  EXPECT_EQ(groups["clothes/shoe"], "clothes/boot");
  EXPECT_NE(groups["clothes/1"], groups["clothes/2"]);
  EXPECT_EQ(stamps["clothes/hat"].picture.extension(), ".png");
  EXPECT_TRUE(stamps["clothes/shoe"].speech.contains("pt_BR"));
}

TEST(TuxpaintStamps, LeavesOutMirrorsAlphabetsAndSmallClasses) {
  const TemporaryDirectory raw;
  for (const char* name : {"clothes/hat", "clothes/hat_mirror", "clothes/coat_flip", "clothes/coat", "medical/mask",
                           "symbols/alphabets/english/A", "symbols/alphabets/english/B"}) {
    raw.write(std::string(name) + ".png", name);
  }
  const auto names = [&](bool alphabets) {
    std::vector<std::string> result;
    for (const Stamp& stamp : find_stamps(raw.path(), {alphabets, 2})) result.push_back(stamp.name);
    return result;
  };
  const std::vector<std::string> clothes = {"clothes/coat", "clothes/hat"};
  EXPECT_EQ(names(false), clothes);
  EXPECT_EQ(names(true).size(), 4u);
}

TEST(TuxpaintStamps, SoundEffectsAreNoSpeech) {
  const TemporaryDirectory raw;
  raw.write("animals/crow.png", "picture");
  raw.write("animals/crow.ogg", "caw");
  raw.write("animals/crow_de.ogg", "a word, but no caption");
  raw.write("animals/crow_desc.ogg", "a crow");
  raw.write("animals/crow_desc_lt.ogg", "varna");
  const auto stamps = find_stamps(raw.path(), {false, 1});
  ASSERT_EQ(stamps.size(), 1u);
  ASSERT_EQ(stamps[0].speech.size(), 2u);
  EXPECT_EQ(stamps[0].speech.at("en").filename(), "crow_desc.ogg");
  EXPECT_EQ(stamps[0].speech.at("lt").filename(), "crow_desc_lt.ogg");
}

TEST(TuxpaintStamps, AFolderWithoutStampsSaysWhereTheyComeFrom) {
  const TemporaryDirectory empty;
  expect_error(ErrorKind::io, {"tuxpaint-stamps-default"}, [&] { find_stamps(empty.path(), {}); });
  expect_error(ErrorKind::io, {"gone"}, [&] { find_stamps(empty.path() / "gone", {}); });
}

}  // namespace
}  // namespace pdmp::data

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/trained_run.h"
#include "support/expect_error.h"
#include "support/png.h"

namespace pdmp::testing {
namespace {

// Two classes of six stamps, as Tux Paint lays them out.
void write_stamps(const std::filesystem::path& folder) {
  for (const std::string category : {"animals", "town"}) {
    for (int i = 0; i < 6; ++i) {
      const auto base = folder / category / ("thing" + std::to_string(i));
      std::filesystem::create_directories(base.parent_path());
      std::ofstream(base.string() + ".png", std::ios::binary) << png(8, 8, std::string(192, static_cast<char>(20 * i)));
      std::ofstream(base.string() + ".txt") << "Thing number " << i << ".\n";
    }
  }
}

TEST(PrepareCommand, WritesADataSet) {
  const TemporaryDirectory directory;
  write_stamps(directory / "raw");
  const auto out = directory / "out";
  call(prepare_command,
       {"tuxpaint", "--raw", (directory / "raw").string(), "--out", out.string(), "--min-objects", "2"});
  EXPECT_TRUE(std::filesystem::exists(out / "dataset.json"));
  std::ifstream table(out / "metadata.csv");
  const std::string text(std::istreambuf_iterator<char>(table), {});
  EXPECT_THAT(text, ::testing::HasSubstr("Thing number 3."));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 13);
}

TEST(PrepareCommand, RefusesUnknownNamesAndMissingFolders) {
  expect_error(ErrorKind::usage, {"tuxpiant", "'tuxpaint'"}, [] {
    call(prepare_command, {"tuxpiant", "--raw", "x", "--out", "y"});
  });
  expect_error(ErrorKind::usage, {"--raw"}, [] { call(prepare_command, {"tuxpaint", "--out", "y"}); });
  expect_error(ErrorKind::usage, {"NAME"}, [] { call(prepare_command, {"--raw", "x", "--out", "y"}); });
  expect_error(ErrorKind::usage, {"NAME", "before"}, [] {
    call(prepare_command, {"--raw", "x", "--out", "y", "tuxpaint"});
  });
}

TEST(PrepareCommand, HelpOfAnImporterHasItsFlags) {
  std::ostringstream general, special;
  prepare_command({"--help"}, general);
  prepare_command({"tuxpaint", "--help"}, special);
  EXPECT_THAT(general.str(), ::testing::Not(::testing::HasSubstr("--min-objects")));
  EXPECT_THAT(special.str(), ::testing::HasSubstr("--min-objects"));
}

}  // namespace
}  // namespace pdmp::testing

#include "data/manifest/cell_places.h"

#include <filesystem>
#include <gtest/gtest.h>

#include "data/manifest/manifest.h"
#include "pdmp/error.h"
#include "support/expect_error.h"
#include "support/temporary_directory.h"

namespace pdmp::data {
namespace {

namespace fs = std::filesystem;
using testing::expect_error;
using testing::TemporaryDirectory;

ModalityEntry entry(const std::string& name, const std::string& root) {
  ModalityEntry result;
  result.name = name;
  result.root = root;
  return result;
}

TEST(CellPlaces, AreTheFolderAndTheRootOfTheModality) {
  const TemporaryDirectory directory, other;
  fs::create_directories(directory / "in");
  const fs::path own = fs::canonical(directory.path()), outside = fs::canonical(other.path());
  const auto limits =
      limits_of_cells(directory.path(), {entry("a", ""), entry("b", "in"), entry("c", other.path().string())}, {});
  using Folders = std::vector<fs::path>;
  ASSERT_EQ(limits.size(), 3U);
  EXPECT_EQ(limits[0].folders, Folders{own});
  EXPECT_EQ(limits[1].folders, Folders{own});
  EXPECT_EQ(limits[2].folders, (Folders{own, outside}));
}

TEST(CellPlaces, TakeTheLimitsOfTheOptions) {
  const TemporaryDirectory directory;
  FileOptions options;
  options.max_file_mib = 3;
  options.max_file_seconds = 5;
  const FileLimits limits = limits_of_folder(directory.path(), options);
  EXPECT_EQ(limits.max_bytes, 3 << 20);
  EXPECT_EQ(limits.max_seconds, 5);
}

TEST(CellPlaces, UntrustedSetsHaveNoRootOutside) {
  const TemporaryDirectory directory, other;
  fs::create_symlink(other.path(), directory / "link");
  FileOptions options;
  options.untrusted = true;
  for (const std::string& root : {other.path().string(), std::string("link"), std::string("..")}) {
    expect_error(ErrorKind::data, {"`untrusted`", "'m'"},
                 [&] { limits_of_cells(directory.path(), {entry("m", root)}, options); });
  }
  EXPECT_NO_THROW(limits_of_cells(directory.path(), {entry("m", "gone/yet")}, options));
}

TEST(CellPlaces, ADescriptionIsAFileOfTheFolder) {
  const TemporaryDirectory directory, other;
  const FileLimits limits = limits_of_folder(directory.path(), {});
  std::string content;
  read_description(directory.write("metadata.csv", "a\n"), limits, 2,
                   [&](std::string_view block) { content += block; });
  EXPECT_EQ(content, "a\n");
  const auto read = [&](const char* name) { read_description(directory / name, limits, 1, [](std::string_view) {}); };
  expect_error(ErrorKind::data, {"metadata.csv", "found more"}, [&] { read("metadata.csv"); });
  const auto private_file = other.write("private.csv", "a\n");
  fs::create_symlink(private_file, directory / "link.csv");
  expect_error(ErrorKind::data, {"link.csv", "leads out"}, [&] { read("link.csv"); });
}

}  // namespace
}  // namespace pdmp::data

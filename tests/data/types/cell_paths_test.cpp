#include "data/types/cell_paths.h"

#include <algorithm>
#include <gtest/gtest.h>

#include "data/types/entry.h"
#include "support/expect_error.h"
#include "support/temporary_directory.h"

namespace pdmp::data {
namespace {

using testing::cell;
using testing::expect_error;
using testing::TemporaryDirectory;
using Paths = std::vector<std::filesystem::path>;

TEST(NaturalLess, ComparesNumbersAsNumbers) {
  EXPECT_TRUE(natural_less("frame2.png", "frame10.png"));
  EXPECT_FALSE(natural_less("frame10.png", "frame2.png"));
  EXPECT_TRUE(natural_less("a9b2", "a10b1"));
  EXPECT_TRUE(natural_less("a", "ab"));
  EXPECT_TRUE(natural_less("frame", "frame1"));
  EXPECT_TRUE(natural_less("01", "1") != natural_less("1", "01"));
  EXPECT_FALSE(natural_less("x1", "x1"));
  EXPECT_TRUE(natural_less("99999999999999999999", "100000000000000000000"));
}

TEST(CellPaths, SplitsAtSemicolons) {
  EXPECT_EQ(cell_paths(cell("a.png;b/c.png;", "d")), (Paths{"d/a.png", "d/b/c.png"}));
  EXPECT_EQ(cell_paths(cell("one", "d")), (Paths{"d/one"}));
  EXPECT_EQ(cell_path(cell("/absolute/x", "d")), "/absolute/x");
}

TEST(ListPictures, SortsAndLeavesOutOtherFiles) {
  const TemporaryDirectory directory;
  for (const char* name : {"frame10.JPG", "frame2.png", "frame1.jpeg", ".hidden.png", "notes.txt"})
    directory.write(name, "x");
  EXPECT_EQ(list_pictures(directory.path()),
            (Paths{directory / "frame1.jpeg", directory / "frame2.png", directory / "frame10.JPG"}));
}

TEST(ListPictures, RefusesFoldersWithout) {
  const TemporaryDirectory directory;
  directory.write("notes.txt", "x");
  expect_error(ErrorKind::data, {directory.path().string(), "none in it"}, [&] { list_pictures(directory.path()); });
  expect_error(ErrorKind::data, {"absent", "No such file"}, [&] { list_pictures(directory / "absent"); });
}

}  // namespace
}  // namespace pdmp::data

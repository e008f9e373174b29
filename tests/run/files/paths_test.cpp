#include "run/files/paths.h"

#include <gtest/gtest.h>

#include "support/temporary_directory.h"

namespace pdmp::runs {
namespace {

namespace fs = std::filesystem;

TEST(Paths, AreAbsoluteAfterwards) {
  const std::string here = fs::current_path().string();
  RunOptions options;
  options.data.data = "./sensors/";
  options.data.cache = "x/../cache";
  options.model.encoders = {{"a", "resnet18:weights=w.safetensors:width=4"}};
  make_paths_absolute(options);
  EXPECT_EQ(options.data.data, here + "/sensors");
  EXPECT_EQ(options.data.cache, here + "/cache");
  EXPECT_EQ(options.model.encoders.at("a"), "resnet18:weights=" + here + "/w.safetensors:width=4");
  RunOptions none;
  none.data.cache = "off";
  make_paths_absolute(none);
  EXPECT_EQ(none.data.data, "");
  EXPECT_EQ(none.data.cache, "off");
}

TEST(Paths, SameFiles) {
  const testing::TemporaryDirectory directory;
  const fs::path file = directory.write("a/file", "x"), same = directory / "same", other = directory.write("b", "x");
  fs::create_hard_link(file, same);
  fs::create_directory_symlink(directory / "a", directory / "link");
  EXPECT_TRUE(is_same_file(file, same));
  EXPECT_TRUE(is_same_file(file, directory / "link/file"));
  EXPECT_TRUE(is_same_file(directory / "a", directory / "a/"));
  EXPECT_FALSE(is_same_file(file, other));
  // What is not there is told by its path.
  EXPECT_TRUE(is_same_file(directory / "none/x", directory / "link/../none/./x"));
  EXPECT_FALSE(is_same_file(directory / "none/x", directory / "none/y"));
}

}  // namespace
}  // namespace pdmp::runs

#include "data/files/file_reading.h"

#include <csignal>
#include <filesystem>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <thread>

#include "base/signal.h"
#include "support/expect_error.h"
#include "support/temporary_directory.h"

namespace pdmp::data {
namespace {

namespace fs = std::filesystem;
using testing::expect_error;
using testing::TemporaryDirectory;

std::string read(const fs::path& path, const FileLimits& limits) {
  return InputFile(FileReading(path, limits), "a file").read_all();
}

FileLimits inside(const fs::path& folder) {
  FileLimits limits;
  limits.folders = {fs::canonical(folder)};
  return limits;
}

TEST(FileReading, ReadsAllBytesAndParts) {
  const TemporaryDirectory directory;
  const std::string text(700000, 'x');
  const auto path = directory.write("a", text);
  EXPECT_EQ(read(path, {}), text);
  const FileLimits limits;
  const FileReading reading(path, limits);
  const InputFile file(reading, "a file");
  EXPECT_EQ(file.size(), 700000);
  char part[4];
  EXPECT_EQ(file.read_at(699998, part, 4), 2);
}

TEST(FileReading, LimitsTheSize) {
  const TemporaryDirectory directory;
  const auto path = directory.write("a", "12345");
  FileLimits limits;
  limits.max_bytes = 5;
  EXPECT_EQ(read(path, limits), "12345");
  limits.max_bytes = 4;
  expect_error(ErrorKind::data, {path.string(), "`max-file-mib`"}, [&] { read(path, limits); });
  try {
    read(path, limits);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.file(), path.string());
    EXPECT_EQ(error.found(), "0 MiB");
  }
}

TEST(FileReading, LimitsTheTime) {
  FileLimits limits;
  limits.max_seconds = 0.001;
  const FileReading reading("slow.png", limits);
  EXPECT_FALSE(FileReading("slow.png", {}).is_over());
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_TRUE(reading.is_over());
  expect_error(ErrorKind::data, {"slow.png", "0.001 s", "`max-file-seconds`"}, [&] { reading.check(); });
}

TEST(FileReading, ASignalEndsALongOneAlone) {
  install_interrupt_handler();
  const FileLimits limits;
  const FileReading reading("slow.png", limits);
  ASSERT_EQ(std::raise(SIGTERM), 0);
  EXPECT_FALSE(FileReading("quick.png", limits).is_over());
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  expect_error(ErrorKind::interrupted, {"slow.png"}, [&] { reading.check(); });
  clear_interrupt();
  EXPECT_FALSE(reading.is_over());
}

TEST(FileReading, FollowsLinksInsideItsFolders) {
  const TemporaryDirectory directory, other;
  directory.write("a/file", "inside");
  other.write("file", "outside");
  fs::create_symlink("a/file", directory / "link");
  fs::create_symlink(other.path(), directory / "out");
  const FileLimits limits = inside(directory.path());
  EXPECT_EQ(read(directory / "link", limits), "inside");
  EXPECT_EQ(read(directory / "a/../a/file", limits), "inside");
  for (const fs::path& path :
       {directory / "out/file", other / "file", directory.path() / ".." / other.path().filename() / "file"}) {
    expect_error(ErrorKind::data, {path.string(), "leads out", "root"}, [&] { read(path, limits); });
  }
  expect_error(ErrorKind::data, {"leads out"}, [&] { check_place(directory / "out", "a folder", limits); });
  EXPECT_NO_THROW(check_place(directory / "a", "a folder", limits));
  EXPECT_NO_THROW(check_place(directory / "gone", "a folder", limits));
}

TEST(FileReading, NamesWhatIsNoRegularFile) {
  const TemporaryDirectory directory;
  ASSERT_EQ(mkfifo((directory / "pipe").c_str(), 0600), 0);
  expect_error(ErrorKind::data, {"a named pipe"}, [&] { read(directory / "pipe", {}); });
  expect_error(ErrorKind::data, {"a folder"}, [&] { read(directory.path(), {}); });
  expect_error(ErrorKind::data, {"a device"}, [&] { read("/dev/zero", {}); });
  expect_error(ErrorKind::data, {"no such file"}, [&] { read(directory / "gone", {}); });
}

TEST(FileReading, TellsFoldersByWholeNames) {
  EXPECT_TRUE(is_inside("/a/b", "/a/b"));
  EXPECT_TRUE(is_inside("/a/b/c", "/a/b"));
  EXPECT_TRUE(is_inside("/a", "/"));
  EXPECT_FALSE(is_inside("/a/bc", "/a/b"));
  EXPECT_FALSE(is_inside("/a", "/a/b"));
}

}  // namespace
}  // namespace pdmp::data

#include "base/files/file.h"

#include <csignal>
#include <gtest/gtest.h>
#include <iterator>
#include <limits>
#include <sys/resource.h>

#include "support/expect_error.h"
#include "support/temporary_directory.h"

namespace pdmp {
namespace {

namespace fs = std::filesystem;
using testing::expect_error;
using testing::TemporaryDirectory;

size_t entries(const fs::path& folder) {
  return static_cast<size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

// No file of this process may grow beyond `bytes` while it lives, as if the disk were full.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit = {bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_ = {};
  void (*handler_)(int);
};

TEST(File, WriteReplacesAndLeavesNothingElse) {
  TemporaryDirectory directory;
  write_file_atomically(directory / "a.txt", "first");
  write_file_atomically(directory / "a.txt", std::string("x\0y\n", 4));
  EXPECT_EQ(read_file(directory / "a.txt"), std::string("x\0y\n", 4));
  EXPECT_EQ(entries(directory.path()), 1u);
  const std::string large(300000, 'z');
  write_file_atomically(directory / "a.txt", large);
  EXPECT_EQ(read_file(directory / "a.txt"), large);
  write_file_atomically(directory / "a.txt", "");
  EXPECT_EQ(read_file(directory / "a.txt"), "");
}

TEST(File, WriteWorksWithoutAFolderInThePath) {
  TemporaryDirectory directory;
  const fs::path before = fs::current_path();
  fs::current_path(directory.path());
  write_file_atomically("plain.txt", "here");
  fs::current_path(before);
  EXPECT_EQ(read_file(directory / "plain.txt"), "here");
}

TEST(File, WriteKeepsALinkAndReplacesWhatItPointsTo) {
  TemporaryDirectory directory;
  directory.write("real/a.txt", "old");
  fs::create_symlink("real/a.txt", directory / "link.txt");
  write_file_atomically(directory / "link.txt", "new");
  EXPECT_TRUE(fs::is_symlink(directory / "link.txt"));
  EXPECT_EQ(read_file(directory / "real/a.txt"), "new");
}

TEST(File, AWriteThatFailsLeavesTheOldFileAlone) {
  TemporaryDirectory directory;
  directory.write("a.txt", "old");
  {
    const FileSizeLimit limit(1000);
    expect_error(ErrorKind::io, {"cannot write", "a.txt", "File too large"},
                 [&] { write_file_atomically(directory / "a.txt", std::string(5000, 'x')); });
  }
  EXPECT_EQ(read_file(directory / "a.txt"), "old");
  EXPECT_EQ(entries(directory.path()), 1u) << "the temporary file must be gone";
}

TEST(File, WriteSaysWhyAFolderRefuses) {
  TemporaryDirectory directory;
  directory.write("file", "not a folder");
  expect_error(ErrorKind::io, {"cannot write", "file/a.txt", "Not a directory"},
               [&] { write_file_atomically(directory / "file/a.txt", "x"); });
  expect_error(ErrorKind::io, {"missing/a.txt", "No such file or directory"},
               [&] { write_file_atomically(directory / "missing/a.txt", "x"); });
  fs::create_directories(directory / "folder/inner");
  expect_error(ErrorKind::io, {"folder", "Is a directory"}, [&] { write_file_atomically(directory / "folder", "x"); });
  EXPECT_EQ(entries(directory.path()), 2u);
}

TEST(File, DevicesAreWrittenToNotReplaced) {
  expect_error(ErrorKind::io, {"/dev/full", "No space left on device"},
               [&] { write_file_atomically("/dev/full", "x"); });
  write_file_atomically("/dev/null", "x");
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

TEST(File, ReadSaysWhy) {
  TemporaryDirectory directory;
  expect_error(ErrorKind::io, {"cannot read", "none.txt", "No such file or directory"},
               [&] { read_file(directory / "none.txt"); });
  expect_error(ErrorKind::io, {"cannot read", "Is a directory"}, [&] { read_file(directory.path()); });
}

TEST(File, AppendLine) {
  TemporaryDirectory directory;
  append_line(directory / "m.jsonl", "{\"a\": 1}");
  append_line(directory / "m.jsonl", "");
  append_line(directory / "m.jsonl", "x");
  EXPECT_EQ(read_file(directory / "m.jsonl"), "{\"a\": 1}\n\nx\n");
  expect_error(ErrorKind::io, {"append", "/dev/full", "No space left on device"},
               [&] { append_line("/dev/full", "x"); });
}

TEST(File, AnAppendThatFailsLeavesNoHalfLine) {
  TemporaryDirectory directory;
  append_line(directory / "m.jsonl", "first");
  {
    const FileSizeLimit limit(100);
    expect_error(ErrorKind::io, {"m.jsonl", "File too large"},
                 [&] { append_line(directory / "m.jsonl", std::string(500, 'x')); });
  }
  EXPECT_EQ(read_file(directory / "m.jsonl"), "first\n");
}

TEST(File, JsonKeepsDoublesExactly) {
  TemporaryDirectory directory;
  const std::vector<double> values = {0.1, 1.0 / 3, 5e-324, 1.7976931348623157e308, -0.0, 0.30000000000000004, 15};
  write_json(directory / "a.json", {{"values", values}, {"name", "\xC3\xA9 \"q\"\n"}, {"seed", 18446744073709551615u}});
  const nlohmann::json read = read_json(directory / "a.json");
  EXPECT_EQ(read["values"].get<std::vector<double>>(), values);
  EXPECT_EQ(read["name"], "\xC3\xA9 \"q\"\n");
  EXPECT_EQ(read["seed"].get<uint64_t>(), std::numeric_limits<uint64_t>::max());
  const std::string text = read_file(directory / "a.json");
  EXPECT_EQ(text.back(), '\n');
  EXPECT_EQ(text.substr(0, 4), "{\n  ");
}

TEST(File, JsonErrorsHaveLineAndColumn) {
  TemporaryDirectory directory;
  const auto path = directory.write("a.json", "{\n  \"a\": 1,\n  \"b\": oops\n}\n");
  expect_error(ErrorKind::data, {"a.json:3:8: expected JSON", "invalid literal"}, [&] { read_json(path); });
  expect_error(ErrorKind::data, {"b.json:1:1: expected JSON", "unexpected end of input"},
               [&] { read_json(directory.write("b.json", "")); });
  expect_error(ErrorKind::data, {"cannot write", "c.json", "UTF-8"}, [&] { write_json(directory / "c.json", "\xFF"); });
  EXPECT_FALSE(fs::exists(directory / "c.json"));
}

TEST(File, JsonNumbersNoDoubleHoldsAreRefused) {
  TemporaryDirectory directory;
  expect_error(ErrorKind::data, {"a.json: expected JSON", "6e666"},
               [&] { read_json(directory.write("a.json", R"({"a": 6e666})")); });
}

TEST(File, JsonNestedTooDeepIsRefused) {
  TemporaryDirectory directory;
  const auto nested = [&](size_t depth) {
    return directory.write("a.json", std::string(depth, '[') + std::string(depth, ']'));
  };
  EXPECT_NO_THROW(read_json(nested(100)));
  expect_error(ErrorKind::data, {"a.json: expected JSON", "nested more than 100 deep"},
               [&] { read_json(nested(1000000)); });
}

TEST(FileReplacement, IsThereOnceItIsCommitted) {
  TemporaryDirectory directory;
  const fs::path path = directory.write("a.csv", "old");
  {
    FileReplacement file(path);
    file.append("given up");
  }
  EXPECT_EQ(read_file(path), "old");
  FileReplacement file(path);
  const std::string block(300000, 'x');
  for (int i = 0; i < 10; ++i) file.append(block);  // more than is kept before it is written
  file.append("end");
  EXPECT_EQ(read_file(path), "old");
  file.commit();
  const std::string content = read_file(path);
  EXPECT_EQ(content.size(), 3000003u);
  EXPECT_TRUE(content.ends_with("xend"));
  EXPECT_EQ(std::distance(fs::directory_iterator(directory.path()), fs::directory_iterator()), 1);  // nothing beside it
  expect_error(ErrorKind::io, {"cannot write", "nowhere"}, [&] { FileReplacement(directory / "nowhere/a.csv"); });
}

TEST(FileReplacement, WhatALinkPointsToIsReplaced) {
  TemporaryDirectory directory;
  const fs::path target = directory.write("target", "old");
  fs::create_symlink(target, directory / "link");
  FileReplacement file(directory / "link");
  file.append("new");
  file.commit();
  EXPECT_TRUE(fs::is_symlink(directory / "link"));
  EXPECT_EQ(read_file(target), "new");
}

TEST(File, AFileBeyondItsLimitIsRefusedUnread) {
  TemporaryDirectory directory;
  const fs::path small = directory.write("small", std::string(2048, 'x')), sparse = directory.write("sparse", "");
  EXPECT_EQ(read_file(small, 2048).size(), 2048u);
  EXPECT_EQ(read_regular_file(small, 2048).size(), 2048u);
  expect_error(ErrorKind::data, {"small", "at most 1 KiB"}, [&] { read_file(small, 1024); });
  fs::resize_file(sparse, uintmax_t{1} << 40);
  expect_error(ErrorKind::data, {"sparse", "at most 16 MiB"}, [&] { read_regular_file(sparse, 16 << 20); });
  expect_error(ErrorKind::data, {"sparse", "at most 256 MiB"}, [&] { read_json(sparse); });
  expect_error(ErrorKind::data, {"/dev/zero", "at most 4 KiB"}, [&] { read_file("/dev/zero", 4096); });
}

TEST(File, OnlyRegularFilesAreRead) {
  TemporaryDirectory directory;
  ASSERT_EQ(mkfifo((directory / "pipe").c_str(), 0600), 0);
  for (const fs::path& path : {directory / "pipe", fs::path("/dev/zero")}) {
    expect_error(ErrorKind::data, {path.string(), "expected a regular file"}, [&] { read_regular_file(path, 100); });
    expect_error(ErrorKind::data, {path.string(), "expected a regular file"}, [&] { read_file(path); });
    expect_error(ErrorKind::data, {path.string(), "expected a regular file"}, [&] { read_json(path); });
  }
  expect_error(ErrorKind::io, {directory.path().string(), "directory"},
               [&] { read_regular_file(directory.path(), 1 << 20); });
}

TEST(File, MakeDirectories) {
  TemporaryDirectory directory;
  make_directories(directory / "a/b/c");
  make_directories(directory / "a/b/c");
  EXPECT_TRUE(fs::is_directory(directory / "a/b/c"));
  directory.write("file", "x");
  expect_error(ErrorKind::io, {"cannot make folder", "file", "Not a directory"},
               [&] { make_directories(directory / "file"); });
  expect_error(ErrorKind::io, {"cannot make folder", "file/sub", "Not a directory"},
               [&] { make_directories(directory / "file/sub"); });
}

TEST(File, ReplaceDirectoryRotates) {
  TemporaryDirectory directory;
  const fs::path target = directory / "last", previous = directory / "previous", fresh = directory / "fresh";
  for (const char* round : {"1", "2", "3"}) {
    directory.write("fresh/weights", round);
    replace_directory(fresh, target, previous);
  }
  EXPECT_EQ(read_file(target / "weights"), "3");
  EXPECT_EQ(read_file(previous / "weights"), "2");
  EXPECT_EQ(entries(directory.path()), 2u);
}

// After a stop between the two renames `target` is missing: the only whole copy, `previous`, must survive the next
// call.
TEST(File, ReplaceDirectoryKeepsTheOnlyCopy) {
  TemporaryDirectory directory;
  directory.write("previous/weights", "1");
  directory.write("fresh/weights", "2");
  replace_directory(directory / "fresh", directory / "last", directory / "previous");
  EXPECT_EQ(read_file(directory / "last/weights"), "2");
  EXPECT_EQ(read_file(directory / "previous/weights"), "1");
}

TEST(File, ReplaceDirectoryClearsWhatAStopLeftBehind) {
  TemporaryDirectory directory;
  directory.write("last/weights", "2");
  directory.write("previous/weights", "1");
  directory.write("previous.discarded/weights", "0");
  directory.write("fresh/weights", "3");
  replace_directory(directory / "fresh", directory / "last", directory / "previous");
  EXPECT_EQ(read_file(directory / "last/weights"), "3");
  EXPECT_EQ(read_file(directory / "previous/weights"), "2");
  EXPECT_FALSE(fs::exists(directory / "previous.discarded"));
}

TEST(File, ReplaceDirectoryWithoutFreshChangesNothing) {
  TemporaryDirectory directory;
  directory.write("last/weights", "2");
  directory.write("previous/weights", "1");
  expect_error(ErrorKind::io, {"fresh", "No such file"},
               [&] { replace_directory(directory / "fresh", directory / "last", directory / "previous"); });
  EXPECT_EQ(read_file(directory / "last/weights"), "2");
  EXPECT_EQ(read_file(directory / "previous/weights"), "1");
}

}  // namespace
}  // namespace pdmp

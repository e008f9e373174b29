// A damaged sample cache ended the process by SIGBUS or SIGSEGV. More of it: tests/regressions/cache_damage.py.
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files/file.h"
#include "cli/program.h"
#include "cli/trained_run.h"
#include "data/cache/key_store.h"

namespace pdmp::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr size_t kPage = 4096;

struct CacheDamage : ::testing::Test {
  TemporaryDirectory directory;
  std::string data = (directory / "data").string(), cache = (directory / "cache").string();
  fs::path file = fs::path(cache) / "data.mdb";

  void SetUp() override {
    write_toy_data(data, 12, {"picture"});
    ASSERT_EQ(fill().code, 0);
  }

  ProgramResult fill() const { return run_program({"cache", "fill", "--data", data, "--cache", cache, "--quiet"}); }
  ProgramResult train(const std::string& run, const std::string& folder) const {
    return run_program(fast({"train", "--data", data, "--run", (directory / run).string(), "--encoders",
                             "picture=resnet18:width=4", "--quiet", "--cache", folder}));
  }
  std::string metrics(const std::string& run) const { return read_file(directory / (run + "/metrics.jsonl")); }

  static int64_t warnings_of(const ProgramResult& result) {
    int64_t count = 0;
    for (size_t at = result.error.find("warning"); at != std::string::npos; at = result.error.find("warning", at + 1)) {
      ++count;
    }
    return count;
  }
  // Looking says so; a training says so once, begins a new cache and comes to the same numbers.
  void expect_set_aside() const {
    for (const char* command : {"info", "verify"}) {
      const ProgramResult looked = run_program({"cache", command, cache});
      EXPECT_EQ(looked.code, 1);
      EXPECT_THAT(looked.error, HasSubstr("data.mdb is damaged"));
    }
    ASSERT_EQ(train("plain", "off").code, 0);
    const ProgramResult damaged = train("damaged", cache), next = train("next", cache);
    EXPECT_EQ(damaged.code, 0) << damaged.error;
    EXPECT_THAT(damaged.error, HasSubstr("data.mdb is damaged"));
    EXPECT_EQ(warnings_of(damaged), 1) << damaged.error;
    EXPECT_EQ(warnings_of(next), 0) << next.error;
    EXPECT_EQ(metrics("damaged"), metrics("plain"));
    EXPECT_EQ(metrics("next"), metrics("plain"));
    EXPECT_EQ(run_program({"cache", "verify", cache}).code, 0);
  }
};

TEST_F(CacheDamage, CutToHalf) {
  fs::resize_file(file, fs::file_size(file) / 2);
  expect_set_aside();
}

TEST_F(CacheDamage, ABitOfABranchOrLeafFlipped) {
  std::string bytes = read_file(file);
  for (size_t page = 2; page < bytes.size() / kPage; ++page) {
    const size_t flags = page * kPage + 10;
    if (bytes[flags] == 1 || bytes[flags] == 2) bytes[flags + 2] = static_cast<char>(bytes[flags + 2] ^ 64);
  }
  write_file_atomically(file, bytes);
  expect_set_aside();
}

TEST_F(CacheDamage, AMetaPageFlipped) {
  std::string bytes = read_file(file);
  bytes[16] = static_cast<char>(bytes[16] ^ 1);
  write_file_atomically(file, bytes);
  expect_set_aside();
}

TEST_F(CacheDamage, Garbage) {
  write_file_atomically(file, std::string(50000, '#'));
  expect_set_aside();
}

TEST_F(CacheDamage, AValueFlippedIsMadeAnew) {
  std::string bytes = read_file(file);
  size_t entry = bytes.find("PDC2");  // the header of a kept tensor, or of one in a page that was freed
  ASSERT_NE(entry, std::string::npos);
  for (; entry != std::string::npos; entry = bytes.find("PDC2", entry + 1)) {
    bytes[entry + 100] = static_cast<char>(bytes[entry + 100] ^ 1);
  }
  write_file_atomically(file, bytes);
  EXPECT_EQ(run_program({"cache", "verify", cache}).code, 1);
  EXPECT_EQ(fill().code, 0);
  const ProgramResult verified = run_program({"cache", "verify", cache});
  EXPECT_EQ(verified.code, 0) << verified.out;
}

TEST_F(CacheDamage, InUseByAnotherProcess) {
  const auto store = data::KeyStore::open(cache, int64_t{1} << 30);
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekp(16);
  stream.put('#');
  stream.close();
  const ProgramResult result = train("beside", cache);
  EXPECT_EQ(result.code, 0) << result.error;
  EXPECT_THAT(result.error, HasSubstr("in use"));
  EXPECT_EQ(warnings_of(result), 1);
}

TEST_F(CacheDamage, AFolderInstead) {
  fs::remove(file);
  fs::create_directory(file);
  const ProgramResult result = train("beside", cache);
  EXPECT_EQ(result.code, 0) << result.error;
  EXPECT_THAT(result.error, HasSubstr("no regular file"));
  EXPECT_EQ(warnings_of(result), 1);
}

TEST_F(CacheDamage, ClearRemovesWhatWasSetAside) {
  write_file_atomically(file, "short");
  EXPECT_EQ(fill().code, 0);
  EXPECT_EQ(run_program({"cache", "clear", cache}).code, 0);
  for (const auto& entry : fs::directory_iterator(cache)) EXPECT_EQ(entry.path().filename(), "lock.mdb");
}

}  // namespace
}  // namespace pdmp::testing

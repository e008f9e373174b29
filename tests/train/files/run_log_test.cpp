#include "train/files/run_log.h"

#include <gtest/gtest.h>

#include "base/files/file.h"
#include "support/expect_error.h"
#include "support/temporary_directory.h"

namespace pdmp::training {
namespace {

namespace fs = std::filesystem;
using testing::expect_error;

struct RunLogTest : ::testing::Test {
  testing::TemporaryDirectory directory;
  fs::path file = directory / "metrics.jsonl";
};

TEST_F(RunLogTest, DigestIsThatOfTheFile) {
  RunLog log(file);
  EXPECT_EQ(log.sync().bytes, 0u);
  log.append({{"step", 1}});
  log.append({{"step", 2}});
  const FileDigest found = log.sync(), expected = file_digest_of(read_file(file));
  EXPECT_EQ(found.bytes, expected.bytes);
  EXPECT_EQ(found.digest, expected.digest);
  RunLog other(file);  // of a later process
  other.append({{"step", 3}});
  EXPECT_EQ(other.sync().digest, file_digest_of(read_file(file)).digest);
}

TEST_F(RunLogTest, ACutOrChangedBeginningIsAnError) {
  RunLog log(file);
  log.append({{"step", 1}});
  const FileDigest beginning = log.sync();
  log.append({{"step", 2}});
  EXPECT_NO_THROW(log.check(beginning));
  std::string content = read_file(file);
  content[3] ^= 1;
  write_file_atomically(file, content);
  expect_error(ErrorKind::data, {"metrics.jsonl", "damaged"}, [&] { log.check(beginning); });
  fs::resize_file(file, 5);
  expect_error(ErrorKind::data, {"metrics.jsonl", "cut", "found 5"}, [&] { log.check(beginning); });
  fs::remove(file);
  EXPECT_THROW(log.check(beginning), Error);
}

TEST_F(RunLogTest, CutBackAndContinued) {
  RunLog log(file);
  log.append({{"step", 1}});
  const FileDigest beginning = log.sync();
  log.append({{"step", 2}});
  log.cut_back(beginning.bytes);
  EXPECT_EQ(log.sync().digest, beginning.digest);
  log.append({{"step", 5}});
  EXPECT_EQ(read_file(file), "{\"step\":1}\n{\"step\":5}\n");
  EXPECT_EQ(log.sync().digest, file_digest_of(read_file(file)).digest);
}

}  // namespace
}  // namespace pdmp::training

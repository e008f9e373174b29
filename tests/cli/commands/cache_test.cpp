#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/program.h"
#include "cli/trained_run.h"
#include "data/cache/sample_cache.h"
#include "support/expect_error.h"

namespace pdmp::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

std::set<std::string> lines_of(const std::string& text) {
  std::istringstream stream(text);
  std::set<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.insert(line);
  return lines;
}

// 3 classes with a picture each; 4 samples of each in train, 2 in val and in test.
struct CacheCommand : ::testing::Test {
  TemporaryDirectory directory;
  std::string data = (directory / "data").string(), cache = (directory / "cache").string();

  void SetUp() override { write_toy_data(data, 4, {"numbers", "picture"}); }

  std::string fill(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"fill", "--data", data, "--cache", cache});
    return call(cli::cache_command, std::move(more));
  }
};

TEST_F(CacheCommand, FillsOnceAndSaysWhatIsThere) {
  const std::set<std::string> keys = lines_of(fill({"--list", "--jobs", "3"}));
  const nlohmann::json info = nlohmann::json::parse(call(cli::cache_command, {"info", cache, "--json"}));
  EXPECT_EQ(info.at("entries"), keys.size());
  EXPECT_GT(info.at("kinds").at("decoded pictures").at("entries"), 0);
  EXPECT_GT(info.at("kinds").at("resized pictures").at("entries"), 0);
  EXPECT_EQ(info.at("limit"), int64_t{20} << 30);
  EXPECT_EQ(lines_of(call(cli::cache_command, {"verify", cache, "--list"})), keys);
  EXPECT_EQ(fill({"--list"}), "");  // nothing was left to do
  EXPECT_THAT(call(cli::cache_command, {"info", cache}), ContainsRegex("decoded pictures +[1-9]"));
  EXPECT_THAT(call(cli::cache_command, {"verify", cache}), HasSubstr(" entries, 0 bad"));
}

TEST_F(CacheCommand, VerifyFindsADamagedEntry) {
  const std::string key = *lines_of(fill({"--list"})).begin();
  {
    const auto store = data::KeyStore::open(cache, int64_t{1} << 30);
    data::Transaction transaction(*store, data::Transaction::Access::write);
    std::string bytes(transaction.get(data::KeyStore::Table::entries, key).value());
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    transaction.put(data::KeyStore::Table::entries, key, bytes);
    transaction.commit();
  }
  std::ostringstream out;
  EXPECT_EQ(cli::cache_command({"verify", cache}, out), 1);
  EXPECT_THAT(out.str(), HasSubstr(key + " is damaged"));
  EXPECT_THAT(out.str(), HasSubstr(", 1 bad"));
}

TEST_F(CacheCommand, ClearsWhatNobodyUses) {
  fill();
  {
    const data::SampleCache open(cache, int64_t{1} << 30);
    const ProgramResult busy = run_program({"cache", "clear", cache});
    EXPECT_EQ(busy.code, 1);
    EXPECT_THAT(busy.error, HasSubstr("in use"));
  }
  EXPECT_EQ(run_program({"cache", "clear", cache}).code, 0);
  expect_error(ErrorKind::io, {cache, "expected a sample cache"}, [&] { call(cli::cache_command, {"info", cache}); });
  fill();
  EXPECT_THAT(call(cli::cache_command, {"verify", cache}), HasSubstr(" entries, 0 bad"));
}

TEST_F(CacheCommand, RefusesWhatItCannotDo) {
  expect_error(ErrorKind::usage, {"--cache"}, [&] { call(cli::cache_command, {"fill", "--data", data}); });
  expect_error(ErrorKind::io, {"/proc/none"}, [&] {
    call(cli::cache_command, {"fill", "--data", data, "--cache", "/proc/none"});
  });
  expect_error(ErrorKind::usage, {"'fil'", "'fill'"}, [&] { call(cli::cache_command, {"fil"}); });
}

TEST_F(CacheCommand, FillSaysThatItHasNoRoom) {
  write_toy_data(data, 200, {"picture"});
  expect_error(ErrorKind::io, {cache, "full"}, [&] { fill({"--cache-gib", "0.001"}); });
}

// The whole of a training is the same with a cache, cold and warm, and with one that cannot be used.
TEST_F(CacheCommand, ChangesNoNumberOfATraining) {
  const auto metrics = [&](const std::string& run, const std::string& folder) {
    call(cli::train_command, fast({"--data", data, "--run", (directory / run).string(), "--encoders",
                                   "picture=resnet18:width=4", "--cache", folder}));
    std::ifstream file(directory / (run + "/metrics.jsonl"));
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  const std::string plain = metrics("plain", "off");
  EXPECT_THAT(plain, HasSubstr("loss"));
  EXPECT_EQ(metrics("cold", cache), plain);
  EXPECT_GT(nlohmann::json::parse(call(cli::cache_command, {"info", cache, "--json"})).at("entries"), 0);
  EXPECT_EQ(metrics("warm", cache), plain);
  EXPECT_EQ(metrics("unusable", "/proc/none"), plain);
}

}  // namespace
}  // namespace pdmp::testing

#include "data/cache/sample_cache.h"

#include <algorithm>
#include <ctime>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <thread>

#include "pdmp/torch.h"
#include "support/expect_error.h"
#include "support/temporary_directory.h"

namespace pdmp::data {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;
using testing::TemporaryDirectory;

constexpr int64_t kMegabyte = int64_t{1} << 20;

// Ten minutes from now, so that the files of a test are old.
int64_t later() { return static_cast<int64_t>(std::time(nullptr)) + 600; }

Tensor found(SampleCache& cache, const std::string& key) {
  Tensor value;
  cache.use(key, [&](const Tensor& kept) { value = kept.clone(); });
  return value;
}

void keep(SampleCache& cache, const std::string& key, const Tensor& value) {
  cache.put(key, CacheKind::picture, value);
  cache.commit();
}

void ignore(const std::string&) {}

TEST(SampleCache, KeepsTensorsOfEveryType) {
  const TemporaryDirectory directory;
  const Tensor large = torch::arange(300000).remainder(251).to(torch::kUInt8).reshape({300, 1000});
  {
    SampleCache cache(directory.path(), 10 * kMegabyte);
    cache.put("large", CacheKind::picture, large);
    cache.put("wave", CacheKind::wave, torch::full({3}, 0.5f));
    cache.put("facts", CacheKind::video, torch::full({7}, 1.25, torch::kFloat64));
    EXPECT_FALSE(found(cache, "none").defined());
  }
  SampleCache cache(directory.path(), 10 * kMegabyte);
  EXPECT_TRUE(torch::equal(found(cache, "large"), large));
  EXPECT_TRUE(torch::equal(found(cache, "wave"), torch::full({3}, 0.5f)));
  EXPECT_TRUE(torch::equal(found(cache, "facts"), torch::full({7}, 1.25, torch::kFloat64)));
  const SampleCache::Info info = cache.info();
  EXPECT_EQ(info.entries, 3);
  EXPECT_EQ(info.kinds[static_cast<size_t>(CacheKind::wave)].entries, 1);
  EXPECT_EQ(info.bytes, (75 + 2 + 2) * 4096);  // pages
  EXPECT_EQ(info.limit, 10 * kMegabyte);
  EXPECT_THAT(cache.verify(ignore), SizeIs(0));
}

TEST(SampleCache, KeysNameContentAndWhatWasMadeOfIt) {
  const FileContent a{{}, "aa", true}, b{{}, "ab", true};
  EXPECT_EQ(SampleCache::key(a, "picture 3"), SampleCache::key(a, "picture 3"));
  EXPECT_NE(SampleCache::key(a, "picture 3"), SampleCache::key(b, "picture 3"));
  EXPECT_NE(SampleCache::key(a, "picture 3"), SampleCache::key(a, "picture 1"));
}

TEST(SampleCache, ReadsAFileOnceUntilItChanges) {
  const TemporaryDirectory directory;
  const auto file = directory.write("file", "abc");
  SampleCache cache(directory / "cache", kMegabyte, later);
  const auto first = cache.content(file);
  ASSERT_TRUE(first && first->settled);
  cache.commit();
  EXPECT_EQ(cache.info().files, 1);
  EXPECT_EQ(cache.content(file)->hash, first->hash);
  directory.write("file", "abd");
  EXPECT_NE(cache.content(file)->hash, first->hash);
  EXPECT_FALSE(cache.content(directory / "gone"));
}

TEST(SampleCache, DoesNotRememberAFileThatIsJustWritten) {
  const TemporaryDirectory directory;
  const auto file = directory.write("file", "abc");
  SampleCache cache(directory / "cache", kMegabyte);
  ASSERT_TRUE(cache.content(file));
  cache.commit();
  EXPECT_EQ(cache.info().files, 0);
}

TEST(SampleCache, ThoseUsedLongestAgoLeave) {
  const TemporaryDirectory directory;
  int64_t now = 1'000'000'000;
  const auto clock = [&now] { return now; };
  constexpr int64_t kHour = 3600;
  const Tensor value = torch::zeros({100 * 1024}, torch::kUInt8);
  SampleCache cache(directory.path(), kMegabyte, clock);
  for (int i = 0; i < 9; ++i) {
    keep(cache, std::to_string(i), value);
    now += kHour;
  }
  EXPECT_EQ(cache.info().entries, 9);
  now += 20 * kHour;
  EXPECT_TRUE(found(cache, "0").defined());  // the oldest is used again
  cache.commit();
  keep(cache, "new", value);
  EXPECT_TRUE(cache.holds("0"));
  EXPECT_FALSE(cache.holds("1"));
  EXPECT_TRUE(cache.holds("new"));
  EXPECT_EQ(cache.info().entries, 9);
  EXPECT_EQ(cache.problem(), "");
  EXPECT_THAT(cache.verify(ignore), SizeIs(0));
}

// Throwing out what this epoch wants again would gain nothing.
TEST(SampleCache, NothingLeavesThatWasUsedWithinADay) {
  const TemporaryDirectory directory;
  SampleCache cache(directory.path(), kMegabyte);
  for (int i = 0; i < 30; ++i)
    cache.put(std::to_string(i), CacheKind::picture, torch::zeros({100 * 1024}, torch::kUInt8));
  cache.commit();
  EXPECT_EQ(cache.info().entries, 9);
  EXPECT_LE(cache.info().bytes, kMegabyte);
  EXPECT_THAT(cache.problem(), HasSubstr("full"));
  EXPECT_THAT(cache.verify(ignore), SizeIs(0));
}

TEST(SampleCache, ADamagedEntryIsAbsentAndReplaced) {
  const TemporaryDirectory directory;
  const Tensor value = torch::full({100000}, 7, torch::kUInt8);
  SampleCache cache(directory.path(), kMegabyte);
  keep(cache, "k", value);
  keep(cache, "l", value);
  {
    const auto store = KeyStore::open(directory.path(), kMegabyte);
    Transaction transaction(*store, Transaction::Access::write);
    std::string bytes(transaction.get(KeyStore::Table::entries, "k").value());
    bytes[5000] = static_cast<char>(bytes[5000] ^ 1);
    transaction.put(KeyStore::Table::entries, "k", bytes);
    transaction.commit();
  }
  EXPECT_FALSE(found(cache, "k").defined());
  ASSERT_THAT(cache.verify(ignore), SizeIs(1));
  EXPECT_EQ(cache.verify(ignore)[0].first, "k");
  keep(cache, "k", value);
  EXPECT_TRUE(torch::equal(found(cache, "k"), value));
  EXPECT_THAT(cache.verify(ignore), SizeIs(0));
}

TEST(SampleCache, TwoHandlesAndThreadsShareIt) {
  const TemporaryDirectory directory;
  SampleCache one(directory.path(), 100 * kMegabyte), other(directory.path(), 100 * kMegabyte);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      SampleCache& mine = t % 2 == 0 ? one : other;
      for (int i = 0; i < 60; ++i) {
        const Tensor value = torch::full({20000 + i}, i, torch::kUInt8);
        const Tensor kept = found(mine, std::to_string(i));
        EXPECT_TRUE(!kept.defined() || torch::equal(kept, value));
        if (!kept.defined()) mine.put(std::to_string(i), CacheKind::picture, value);
        if (i % 7 == 0) mine.commit();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  one.commit();
  other.commit();
  EXPECT_EQ(one.info().entries, 60);
  EXPECT_TRUE(torch::equal(found(other, "59"), torch::full({20059}, 59, torch::kUInt8)));
  EXPECT_THAT(one.verify(ignore), SizeIs(0));
}

TEST(SampleCache, TellsWhatIsWrittenAfterItIs) {
  const TemporaryDirectory directory;
  std::vector<std::string> told;
  SampleCache cache(directory.path(), kMegabyte);
  cache.on_commit([&](const std::vector<std::string>& keys) {
    for (const std::string& key : keys) {
      EXPECT_TRUE(cache.holds(key));
      told.push_back(key);
    }
  });
  cache.put("a", CacheKind::picture, torch::zeros({4}));
  cache.put("too large", CacheKind::picture, torch::zeros({kMegabyte}));
  cache.commit();
  EXPECT_THAT(told, ::testing::ElementsAre("a"));
}

TEST(SampleCache, RefusesAFolderItCannotWriteTo) {
  testing::expect_error(ErrorKind::io, {"/proc/none"}, [] { SampleCache("/proc/none", kMegabyte); });
}

}  // namespace
}  // namespace pdmp::data

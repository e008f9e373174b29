#include "data/loader/fill_cache.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/console.h"
#include "data/encode/encode_png.h"
#include "pdmp/dataset.h"
#include "support/media/tensors.h"
#include "support/temporary_directory.h"

namespace pdmp::data {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;
using testing::TemporaryDirectory;

constexpr int64_t kBytes = int64_t{16} << 20;

Manifest pictures(const TemporaryDirectory& directory) {
  std::string table = "id,split,label,file,n\n";
  for (int i = 0; i < 12; ++i) {
    table += fmt::format("{},{},{},{}.png,1\n", i, i < 8 ? "train" : "test", i % 2, i);
    write_png(directory / fmt::format("{}.png", i), torch::full({20, 30, 3}, 20 * i, torch::kUInt8));
  }
  directory.write("dataset.json", R"({"modalities": [{"name": "p", "type": "image", "column": "file", "size": 8},
                                                     {"name": "n", "type": "vector", "columns": ["n"]}]})");
  directory.write("metadata.csv", table);
  return read_manifest(directory.path(), 0);
}

TEST(FillCache, KeepsWhatEverySplitReads) {
  const TemporaryDirectory directory;
  const Manifest manifest = pictures(directory);
  const auto cache = std::make_shared<SampleCache>(directory / "cache", kBytes);
  set_log_level(LogLevel::warning);
  const CacheFill fill = fill_cache(manifest, *cache, 3);
  EXPECT_EQ(fill.cells, 12);  // numbers are not decoded
  EXPECT_EQ(fill.failed, 0);
  const SampleCache::Info info = cache->info();
  EXPECT_EQ(info.kinds[static_cast<size_t>(CacheKind::picture)].entries, 8);
  EXPECT_EQ(info.kinds[static_cast<size_t>(CacheKind::fitted)].entries, 4);

  // Nothing is left to decode, and the numbers are those without.
  const auto shared = std::make_shared<const Manifest>(manifest);
  for (const char* split : {"train", "test"}) {
    const auto with = open_split(shared, split, {}, 0, 0, cache), without = open_split(shared, split, {}, 0, 0);
    for (int64_t i = 0; i < with->size(); ++i) {
      RandomStream one(3), other(3);
      const bool training = std::string(split) == "train";
      EXPECT_TRUE(torch::equal(with->get(i, training ? &one : nullptr).inputs[0],
                               without->get(i, training ? &other : nullptr).inputs[0]));
    }
  }
  cache->commit();
  EXPECT_EQ(cache->info().entries, 12);
  set_log_level(LogLevel::info);
}

TEST(FillCache, CountsWhatDoesNotDecode) {
  const TemporaryDirectory directory;
  const Manifest manifest = pictures(directory);
  for (int i = 0; i < 7; ++i) directory.write(fmt::format("{}.png", i), "no picture");
  SampleCache cache(directory / "cache", kBytes);
  set_log_level(LogLevel::warning);
  const CacheFill fill = fill_cache(manifest, cache, 2);
  set_log_level(LogLevel::info);
  EXPECT_EQ(fill.failed, 7);
  ASSERT_THAT(fill.reasons, SizeIs(5));
  EXPECT_THAT(fill.reasons[0], HasSubstr("0.png"));
  EXPECT_EQ(cache.info().entries, 5);
}

}  // namespace
}  // namespace pdmp::data

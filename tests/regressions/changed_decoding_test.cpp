// What an older version decoded otherwise is in its caches: no entry of theirs is used.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <torch/version.h>

extern "C" {
#include <libavcodec/avcodec.h>
}

#include "base/files/sha256.h"
#include "data/cache/sample_cache.h"
#include "data/encode/encode_png.h"
#include "data/files/file_content.h"
#include "data/types/entry.h"
#include "support/media/tensors.h"
#include "support/pattern_picture.h"
#include "support/temporary_directory.h"

namespace pdmp {
namespace {

using testing::TemporaryDirectory;

// The key of a picture of 8 x 8, as version `number` of our own part made it.
std::string key_of(const std::string& hash, int number, const std::string& what) {
  return sha256_of(fmt::format("{}\n{} avcodec {} torch {}\n{}", hash, number, avcodec_version(), TORCH_VERSION, what));
}

TEST(ChangedDecoding, EntriesOfOlderVersionsAreNotUsed) {
  const TemporaryDirectory directory;
  write_png(directory / "a.png", testing::pattern(8, 8));
  std::filesystem::last_write_time(directory / "a.png",
                                   std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
  data::SampleCache cache(directory / "cache", 1 << 24);
  const auto content = cache.content(directory / "a.png");
  ASSERT_TRUE(content);
  const Tensor other = torch::full({8, 8, 3}, 99, torch::kUInt8);
  for (const int number : {1, 2}) {
    for (const char* what : {"picture 3 8 0 false", "picture 3 8x8 0 false"}) {
      cache.put(key_of(content->hash, number, what), data::CacheKind::fitted, other);
    }
  }
  cache.commit();
  data::Cell cell = testing::cell("a.png", directory.path());
  const auto type = data::make_modality_type(testing::entry("image", R"("size": 8)"));
  const Tensor expected = type->load(cell, nullptr);
  cell.cache = &cache;
  EXPECT_TRUE(torch::equal(type->load(cell, nullptr), expected));
  // And the test's own idea of a key is right: today's entry would be used.
  const int today = 3;
  data::SampleCache fresh(directory / "fresh", 1 << 24);
  ASSERT_TRUE(fresh.content(directory / "a.png"));
  fresh.put(key_of(content->hash, today, "picture 3 8x8 0 false"), data::CacheKind::fitted, other);
  fresh.commit();
  cell.cache = &fresh;
  EXPECT_FALSE(torch::equal(type->load(cell, nullptr), expected));
}

}  // namespace
}  // namespace pdmp

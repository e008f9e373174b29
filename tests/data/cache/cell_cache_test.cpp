#include "data/cache/cell_cache.h"

#include <gtest/gtest.h>

#include "pdmp/torch.h"

namespace pdmp::data {
namespace {

TEST(CellCache, KeepsUpToItsLimit) {
  CellCache cache(100);
  cache.keep({0, 1, true}, torch::ones({20}));   // 80 bytes
  cache.keep({0, 2, true}, torch::ones({20}));   // no room
  cache.keep({1, 1, false}, torch::zeros({5}));  // 20 bytes
  EXPECT_EQ(cache.find({0, 1, true}).numel(), 20);
  EXPECT_FALSE(cache.find({0, 1, false}).defined());
  EXPECT_FALSE(cache.find({0, 2, true}).defined());
  EXPECT_EQ(cache.find({1, 1, false}).numel(), 5);
}

TEST(CellCache, KeepsNoMoreThanTheViewItIsGiven) {
  CellCache cache(100);
  cache.keep({0, 0, true}, torch::ones({1000}).narrow(0, 3, 10));
  EXPECT_EQ(cache.find({0, 0, true}).storage().nbytes(), 40u);
}

TEST(CellCache, TheFirstValueStays) {
  CellCache cache(100);
  cache.keep({0, 0, true}, torch::ones({1}));
  cache.keep({0, 0, true}, torch::zeros({1}));
  EXPECT_EQ(cache.find({0, 0, true}).item<float>(), 1.f);
}

}  // namespace
}  // namespace pdmp::data

#include "train/step/beginning.h"

#include <gtest/gtest.h>

#include "support/toy_task.h"

namespace pdmp::training {
namespace {

TEST(Beginning, TellsEncodersApartByTheirWeights) {
  const auto data = testing::toy_data(6, 2, 1);
  const auto one = testing::toy_model(*data), same = testing::toy_model(*data), other = testing::toy_model(*data, 1);
  const NameMap hashes = encoder_hashes(*one);
  EXPECT_EQ(hashes, encoder_hashes(*same));
  EXPECT_NE(hashes.at("a"), hashes.at("b"));
  EXPECT_NE(hashes.at("a"), encoder_hashes(*other).at("a"));
}

TEST(Beginning, HashOfBatchesDependsOnEverySampleAndItsPlace) {
  const auto hash = [](const std::vector<std::vector<int64_t>>& batches) {
    std::string value;
    for (const std::vector<int64_t>& batch : batches) value = hash_of_batches(value, torch::tensor(batch));
    return value;
  };
  EXPECT_EQ(hash({{1, 2}, {3}}), hash({{1, 2}, {3}}));
  EXPECT_NE(hash({{1, 2}, {3}}), hash({{2, 1}, {3}}));
  EXPECT_NE(hash({{1, 2}, {3}}), hash({{1, 2}}));
}

}  // namespace
}  // namespace pdmp::training

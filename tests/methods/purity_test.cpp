// Numbers from methods-collaborative 3.5.
#include "methods/purity.h"

#include <gtest/gtest.h>

namespace pdmp {
namespace {

// `each` points around each corner of a triangle, corner after corner.
Tensor blobs(int64_t each, double spread) {
  const torch::Generator generator = at::detail::createCPUGenerator(3);
  const Tensor corners =
      torch::tensor({{0.0, 0.0}, {10.0, 0.0}, {0.0, 10.0}}, torch::kFloat).repeat_interleave(each, 0);
  return corners + spread * torch::randn(corners.sizes(), generator, torch::kFloat);
}
Tensor blob_labels(int64_t each) { return torch::arange(3).repeat_interleave(each); }

TEST(Purity, OfGivenClusters) {
  const Tensor labels = torch::tensor({0, 0, 0, 1, 1, 1}, torch::kInt64);
  EXPECT_NEAR(purity(torch::tensor({0, 0, 1, 1, 1, 1}, torch::kInt64), labels), 0.833333, 1e-6);
  EXPECT_EQ(purity(torch::tensor({1, 1, 1, 0, 0, 0}, torch::kInt64), labels), 1);
  EXPECT_EQ(purity(torch::zeros(6, torch::kInt64), labels), 0.5);
}

TEST(Purity, ColumnsAreScaled) {
  const Tensor x = torch::tensor({{0.0, 5.0}, {1.0, 5.0}, {2.0, 5.0}});
  EXPECT_TRUE(scale_columns(x).equal(torch::tensor({{-1.0, -1.0}, {0.0, -1.0}, {1.0, -1.0}})));
}

TEST(Purity, FindsBlobsFromAnySeed) {
  for (uint64_t seed = 0; seed < 5; ++seed) {
    RandomStream random(seed);
    EXPECT_EQ(purity(k_means(blobs(20, 0.3), 3, random), blob_labels(20)), 1) << seed;
  }
  EXPECT_EQ(feature_purity(blobs(20, 0.3), blob_labels(20), 3), 1);
}

TEST(Purity, IsTheSameEveryTime) {
  const Tensor x = blobs(30, 6);
  const double once = feature_purity(x, blob_labels(30), 3);
  EXPECT_GT(once, 1.0 / 3);
  EXPECT_LT(once, 1);
  EXPECT_EQ(feature_purity(x, blob_labels(30), 3), once);
}

TEST(Purity, OfCollapsedFeaturesIsTheLargestClass) {
  const Tensor labels = torch::tensor({0, 1, 1, 2, 1}, torch::kInt64);
  EXPECT_NEAR(feature_purity(torch::full({5, 4}, 7.0), labels, 3), 0.6, 1e-12);
}

TEST(Purity, OfFewerDifferentRowsThanClasses) {
  const Tensor x = torch::tensor({{0.0}, {0.0}, {1.0}, {1.0}});
  EXPECT_EQ(feature_purity(x, torch::tensor({0, 0, 1, 1}, torch::kInt64), 4), 1);
}

TEST(Purity, OfFewerRowsThanClassesIsOne) {
  const Tensor labels = torch::tensor({4, 7}, torch::kInt64);
  EXPECT_EQ(feature_purity(torch::tensor({{0.0, 1.0}, {3.0, 1.0}}), labels, 10), 1);
  EXPECT_EQ(feature_purity(torch::ones({1, 2}), torch::zeros(1, torch::kInt64), 10), 1);
}

}  // namespace
}  // namespace pdmp

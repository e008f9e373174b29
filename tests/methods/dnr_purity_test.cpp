// Numbers from methods-collaborative 3.5.
#include <gtest/gtest.h>

#include "methods/dnr.h"

namespace pdmp::methods {
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

double inertia(const Tensor& x, const Tensor& clusters) {
  double sum = 0;
  for (int64_t c = 0; c <= clusters.max().item<int64_t>(); ++c) {
    const Tensor rows = x.index_select(0, clusters.eq(c).nonzero().flatten());
    if (rows.size(0) > 0) sum += (rows - rows.mean(0, true)).square().sum().item<double>();
  }
  return sum;
}

// Nine blobs: a single start often puts two seeds into one of them and none into another.
TEST(Purity, OfSeveralStartsTheClosestCounts) {
  const Tensor grid = torch::cartesian_prod({torch::arange(3), torch::arange(3)}).to(torch::kFloat) * 10;
  const torch::Generator generator = at::detail::createCPUGenerator(3);
  const Tensor x = grid.repeat_interleave(8, 0) + torch::randn({72, 2}, generator, torch::kFloat);
  double one = 0, ten = 0;
  for (uint64_t seed = 0; seed < 8; ++seed) {
    RandomStream first(seed), second(seed);
    const double of_one = inertia(x, k_means(x, 9, first, 1)), of_ten = inertia(x, k_means(x, 9, second, 10));
    EXPECT_LE(of_ten, of_one + 1e-3) << seed;
    one += of_one;
    ten += of_ten;
  }
  EXPECT_LT(ten, .9 * one);
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
}  // namespace pdmp::methods

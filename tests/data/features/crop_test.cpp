#include "data/features/crop.h"

#include <cmath>
#include <gtest/gtest.h>

#include "pdmp/torch.h"

namespace pdmp::data {
namespace {

TEST(RandomResizedCrop, StaysInsideWithAllowedAreaAndShape) {
  RandomStream random(5);
  double smallest = 1, largest = 0;
  for (int i = 0; i < 2000; ++i) {
    const CropBox box = random_resized_crop(120, 160, 0.08, random);
    ASSERT_GE(box.top, 0);
    ASSERT_GE(box.left, 0);
    ASSERT_LE(box.top + box.height, 120);
    ASSERT_LE(box.left + box.width, 160);
    const double area = static_cast<double>(box.height * box.width) / (120 * 160);
    const double ratio = static_cast<double>(box.width) / static_cast<double>(box.height);
    smallest = std::min(smallest, area);
    largest = std::max(largest, area);
    EXPECT_GT(ratio, 0.73);
    EXPECT_LT(ratio, 1.37);
  }
  EXPECT_NEAR(smallest, 0.08, 0.01);
  EXPECT_GT(largest, 0.9);
}

// The draws in their order: area, log ratio, top, left.
TEST(RandomResizedCrop, FollowsItsDefinition) {
  RandomStream random(11), twin(11);
  const CropBox box = random_resized_crop(100, 100, 0.2, random);
  const double area = 10000 * twin.uniform(0.2, 1), ratio = std::exp(twin.uniform(std::log(0.75), std::log(4.0 / 3)));
  EXPECT_EQ(box.width, std::lrint(std::sqrt(area * ratio)));
  EXPECT_EQ(box.height, std::lrint(std::sqrt(area / ratio)));
  EXPECT_EQ(box.top, twin.integer(0, 100 - box.height));
  EXPECT_EQ(box.left, twin.integer(0, 100 - box.width));
}

// No box of scale 1 fits these shapes: the centre at the nearest ratio is what is left.
TEST(RandomResizedCrop, FallsBackToTheCentre) {
  RandomStream random(1);
  EXPECT_EQ(random_resized_crop(1000, 10, 1, random), (CropBox{493, 0, 13, 10}));
  EXPECT_EQ(random_resized_crop(10, 1000, 1, random), (CropBox{0, 493, 10, 13}));
}

TEST(Crop, TakesTheBox) {
  const Tensor picture = torch::arange(4 * 5 * 3).to(torch::kUInt8).reshape({4, 5, 3});
  const Tensor part = crop(picture, {1, 2, 2, 3});
  ASSERT_EQ(part.sizes(), (std::vector<int64_t>{2, 3, 3}));
  EXPECT_EQ(part[0][0][0].item<int64_t>(), (1 * 5 + 2) * 3);
}

}  // namespace
}  // namespace pdmp::data

#include "data/types/tensors.h"

#include <gtest/gtest.h>

#include "pdmp/torch.h"
#include "support/expect_error.h"

namespace pdmp::data {
namespace {

using testing::expect_error;

TEST(Tensors, OfPixelsHaveTheirMemoryAndKeepIt) {
  Tensor tensor;
  const uint8_t* bytes = nullptr;
  {
    Pixels pixels(1, 2, 3);
    for (uint8_t i = 0; i < 6; ++i) pixels.data()[i] = i;
    bytes = pixels.data();
    tensor = tensor_of(pixels);
  }
  EXPECT_EQ(tensor.data_ptr<uint8_t>(), bytes);
  EXPECT_TRUE(torch::equal(tensor, torch::arange(6).to(torch::kUInt8).reshape({1, 2, 3})));
}

TEST(Tensors, OfSamplesHaveTheirMemory) {
  std::vector<float> samples = {0.5F, -0.25F};
  const float* memory = samples.data();
  const Tensor tensor = tensor_of(std::move(samples));
  EXPECT_EQ(tensor.data_ptr<float>(), memory);
  EXPECT_TRUE(torch::equal(tensor, torch::tensor({0.5, -0.25}, torch::kFloat32)));
}

TEST(Tensors, PixelsOfOneInOrderShareItsMemory) {
  const Tensor picture = torch::arange(6).to(torch::kUInt8).reshape({1, 2, 3});
  const Pixels pixels = pixels_of(picture);
  EXPECT_EQ(pixels.data(), picture.data_ptr<uint8_t>());
  EXPECT_EQ(pixels.height(), 1);
  EXPECT_EQ(pixels.width(), 2);
  EXPECT_EQ(pixels.channels(), 3);
}

TEST(Tensors, PixelsOfAViewAreACopyInOrder) {
  const Tensor planes = torch::arange(6).to(torch::kUInt8).reshape({3, 1, 2});
  const Pixels pixels = pixels_of(planes.permute({1, 2, 0}));
  EXPECT_EQ(std::vector<int>(pixels.data(), pixels.data() + 6), (std::vector<int>{0, 2, 4, 1, 3, 5}));
}

TEST(Tensors, PixelsAreBytesOfThreeDimensions) {
  expect_error(ErrorKind::data, {"Float", "(2, 2, 3)"}, [] { pixels_of(torch::zeros({2, 2, 3})); });
  expect_error(ErrorKind::data, {"(2, 3)"}, [] { pixels_of(torch::zeros({2, 3}, torch::kUInt8)); });
}

}  // namespace
}  // namespace pdmp::data

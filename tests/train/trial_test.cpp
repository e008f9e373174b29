#include "train/trial.h"

#include <ATen/CPUGeneratorImpl.h>
#include <gtest/gtest.h>

namespace pdmp::training {
namespace {

Model pictures(int64_t side, const std::string& encoder) {
  const std::vector<ModalityInfo> infos = {{"a", "image", {3, side, side}}, {"b", "text", {16}}};
  ModelOptions options;
  options.encoders = {{"a", encoder}, {"b", "text_cnn"}};
  return {infos, 3, options, 7};
}

TEST(Trial, Bf16HasToSaveATenth) {
  EXPECT_EQ(faster({1.0, 0.5}), Precision::bf16);
  EXPECT_EQ(faster({1.1, 1.0}), Precision::bf16);
  EXPECT_EQ(faster({1.09, 1.0}), Precision::fp32);
  EXPECT_EQ(faster({1.0, 12.0}), Precision::fp32);
}

TEST(Trial, SmallModelsStayInFp32) {
  Model model = pictures(32, "resnet18:width=4");
  EXPECT_EQ(try_precisions(model, 8), Precision::fp32);
}

TEST(Trial, ALargeModelGetsOneThatTheCpuHasAndNoRandomNumberIsDrawn) {
  torch::manual_seed(3);
  const Tensor before = at::detail::getDefaultCPUGenerator().get_state();
  Model model = pictures(112, "resnet18:width=32");
  torch::manual_seed(3);
  const Precision chosen = try_precisions(model, 4);
  EXPECT_TRUE(chosen == Precision::fp32 || cpu_has_bf16());
  EXPECT_TRUE(torch::equal(at::detail::getDefaultCPUGenerator().get_state(), before));
  bytes_per_sample(model);  // text_cnn has dropout
  EXPECT_TRUE(torch::equal(at::detail::getDefaultCPUGenerator().get_state(), before));
}

// The first convolution alone puts out 64 x 56 x 56 floats a sample, four times what a picture half as wide takes.
TEST(Trial, MemoryOfASampleGrowsWithIt) {
  Model large = pictures(112, "resnet18"), small = pictures(56, "resnet18");
  const int64_t bytes = bytes_per_sample(large);
  EXPECT_GT(bytes, int64_t{64} * 56 * 56 * 4);
  EXPECT_LT(bytes, int64_t{64} << 20);
  EXPECT_GT(bytes, 2 * bytes_per_sample(small));
}

}  // namespace
}  // namespace pdmp::training

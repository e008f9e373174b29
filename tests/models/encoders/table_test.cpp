#include <gtest/gtest.h>

#include "pdmp/model.h"

namespace pdmp {
namespace {

// Design, section 9.
TEST(EncoderTable, DefaultsByType) {
  EXPECT_EQ(default_encoder({"m", "image", {3, 8, 8}}), "resnet18");
  EXPECT_EQ(default_encoder({"m", "frames", {3, 2, 8, 8}}), "resnet18");
  EXPECT_EQ(default_encoder({"m", "flow", {2, 2, 8, 8}}), "resnet18");
  EXPECT_EQ(default_encoder({"m", "audio", {1, 8, 8}}), "resnet18");
  EXPECT_EQ(default_encoder({"m", "tensor", {3, 16}}), "conv1d");
  EXPECT_EQ(default_encoder({"m", "tensor", {16}}), "mlp");
  EXPECT_EQ(default_encoder({"m", "tensor", {3, 8, 8}}), "resnet18");
  EXPECT_EQ(default_encoder({"m", "tensor", {1, 2, 3, 4, 5}}), "mlp");
  EXPECT_EQ(default_encoder({"m", "vector", {4}}), "mlp");
  EXPECT_EQ(default_encoder({"m", "text", {64}}), "text_cnn");
}

}  // namespace
}  // namespace pdmp

#include "models/encoders/table.h"

#include <gtest/gtest.h>

#include "pdmp/model.h"
#include "support/expect_error.h"

namespace pdmp::models {
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

TEST(EncoderTable, Pictures) {
  for (const ModalityInfo& info : std::vector<ModalityInfo>{{"m", "image", {3, 8, 8}},
                                                            {"m", "audio", {1, 8, 8}},
                                                            {"m", "frames", {3, 2, 8, 8}},
                                                            {"m", "tensor", {3, 8, 8}}}) {
    EXPECT_TRUE(is_pictures(info)) << info.type;
    EXPECT_NO_THROW(expect_pictures("resnet18", info));
  }
  for (const ModalityInfo& info : std::vector<ModalityInfo>{
           {"m", "text", {8}}, {"m", "vector", {8}}, {"m", "tensor", {3, 16}}, {"m", "audio", {8}}}) {
    EXPECT_FALSE(is_pictures(info)) << info.type;
    testing::expect_error(ErrorKind::usage, {"'m'", "resnet18", info.type}, [&] { expect_pictures("resnet18", info); });
  }
}

TEST(EncoderTable, EncoderOfWidth) {
  for (const ModalityInfo& info : std::vector<ModalityInfo>{
           {"m", "text", {8}}, {"m", "vector", {8}}, {"m", "tensor", {3, 16}}, {"m", "tensor", {5}}}) {
    for (const int64_t width : {1, 2, 6, 8, 128}) {
      EXPECT_EQ(make_encoder(encoder_of_width(info, width), info)->width(), width) << info.type;
    }
  }
  EXPECT_EQ(encoder_of_width({"m", "text", {8}}, 128), "text_cnn:width=64:kernels=3+5");
  EXPECT_EQ(encoder_of_width({"m", "tensor", {3, 16}}, 128), "conv1d:width=32:depth=3");
  EXPECT_EQ(encoder_of_width({"m", "vector", {8}}, 128), "mlp:hidden=64+128");
}

TEST(EncoderTable, HeightAndWidth) {
  EXPECT_EQ(height_and_width("64x48", "here"), (std::array<int64_t, 2>{64, 48}));
  for (const char* text : {"", "64", "64x", "x8", "0x8", "8X8", "8x8x8", "8 x8", "1234567x8"}) {
    testing::expect_error(ErrorKind::usage, {"here: ", "HEIGHTxWIDTH", "'" + std::string(text) + "'"},
                          [&] { height_and_width(text, "here"); });
  }
}

}  // namespace
}  // namespace pdmp::models

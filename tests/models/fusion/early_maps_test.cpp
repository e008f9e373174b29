#include "models/fusion/early_maps.h"

#include <gtest/gtest.h>

#include "support/expect_error.h"

namespace pdmp::models {
namespace {

const ModalityInfo kAudio = {"a", "audio", {1, 257, 299}}, kImage = {"v", "image", {3, 64, 48}},
                   kFrames = {"f", "frames", {3, 5, 224, 200}}, kDepth = {"d", "tensor", {1, 40, 30}};

// models.md 5.2: everything takes the size of the first pictures; one channel is repeated.
TEST(EarlyMaps, FrontsOfOneSize) {
  const FrontOptions options;
  EXPECT_EQ(options.encoder(kAudio, {kAudio, kImage, kFrames}, 16),
            "resnet18_front:width=64:stem=3x3:se=16:size=64x48:repeat=3");
  EXPECT_EQ(options.encoder(kImage, {kAudio, kImage, kFrames}, 16),
            "resnet18_front:width=64:stem=3x3:se=16:size=64x48");
  EXPECT_EQ(options.encoder(kFrames, {kFrames, kImage}, 0), "resnet18_front:width=64:stem=3x3:size=224x200");
  EXPECT_EQ(options.encoder(kAudio, {kAudio, kDepth}, 0), "resnet18_front:width=64:stem=3x3:repeat=3");
}

TEST(EarlyMaps, FrontsFollowTheOptions) {
  FrontOptions options;
  options.width = 8;
  options.stem = "7x7";
  options.size = "20x10";
  options.repeat = 0;
  EXPECT_EQ(options.encoder(kAudio, {kAudio, kImage}, 4), "resnet18_front:width=8:stem=7x7:se=4:size=20x10");
  options.size = "";
  EXPECT_EQ(options.encoder(kImage, {kAudio, kImage}, 0), "resnet18_front:width=8:stem=7x7");
}

// Every encoder asked for can be made, and its feature has 2 width numbers.
TEST(EarlyMaps, OtherTypesGetEncodersOfTheSameWidth) {
  FrontOptions options;
  for (const int64_t width : {3, 4, 64}) {
    options.width = width;
    for (const ModalityInfo& info : std::vector<ModalityInfo>{kAudio,
                                                              kImage,
                                                              kFrames,
                                                              kDepth,
                                                              {"w", "flow", {2, 3, 8, 8}},
                                                              {"t", "text", {20}},
                                                              {"x", "vector", {6}},
                                                              {"s", "tensor", {3, 16}},
                                                              {"n", "tensor", {7}}}) {
      EXPECT_EQ(make_encoder(options.encoder(info, {info}, 16), info)->width(), 2 * width) << info.type;
    }
  }
}

TEST(EarlyMaps, SizeIsChecked) {
  FrontOptions options;
  options.check("mmtm");
  options.size = "";
  options.check("mmtm");
  options.size = "64,64";
  testing::expect_error(ErrorKind::usage, {"mmtm:size", "HEIGHTxWIDTH", "'64,64'"}, [&] { options.check("mmtm"); });
}

TEST(EarlyMaps, FeaturesAsMaps) {
  const Tensor map = torch::randn({2, 3, 4, 5});
  const std::vector<Tensor> maps = maps_of({{map, map.mean({2, 3})}, {{}, torch::randn({2, 6})}});
  EXPECT_TRUE(torch::equal(maps[0], map));
  EXPECT_EQ(maps[1].sizes(), (std::vector<int64_t>{2, 6, 1, 1}));
  const std::vector<Tensor> second = only(maps, 1);
  EXPECT_TRUE(torch::equal(second[0], torch::zeros({2, 3, 4, 5})));
  EXPECT_TRUE(torch::equal(second[1], maps[1]));
}

}  // namespace
}  // namespace pdmp::models

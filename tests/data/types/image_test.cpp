#include "data/decode/image/image.h"

#include <gtest/gtest.h>
#include <set>

#include "data/encode/encode_jpeg.h"
#include "data/encode/encode_png.h"
#include "data/features/crop.h"
#include "data/features/normalise.h"
#include "data/features/resize.h"
#include "data/features/rotate.h"
#include "data/types/entry.h"
#include "support/expect_error.h"
#include "support/media/tensors.h"
#include "support/temporary_directory.h"

namespace pdmp::data {
namespace {

using testing::cell;
using testing::entry;
using testing::expect_error;
using testing::TemporaryDirectory;

Tensor pattern(int64_t height, int64_t width) {
  return (torch::arange(height * width * 3).mul(37) % 251).to(torch::kUInt8).reshape({height, width, 3});
}

const std::vector<double> kMean = {0.485, 0.456, 0.406}, kDeviation = {0.229, 0.224, 0.225};

TEST(ImageType, EvaluationResizesAndNormalises) {
  const TemporaryDirectory directory;
  write_png(directory / "a.png", pattern(20, 30));
  const auto type = make_modality_type(entry("image", R"("size": 12)"));
  EXPECT_EQ(type->shape(nullptr), (std::vector<int64_t>{3, 12, 12}));
  const Tensor picture = type->load(cell("a.png", directory.path()), nullptr);
  EXPECT_TRUE(torch::equal(picture, normalise(resize(pattern(20, 30), 12, 12), kMean, kDeviation)));
  EXPECT_EQ(type->files(cell("a.png", directory.path())), (std::vector<std::filesystem::path>{directory / "a.png"}));
}

TEST(ImageType, TrainingDependsOnTheStreamAlone) {
  const TemporaryDirectory directory;
  write_png(directory / "a.png", pattern(40, 30));
  const auto type = make_modality_type(entry("image", R"("size": 16)"));
  const auto load = [&](uint64_t seed) {
    RandomStream random(seed);
    return type->load(cell("a.png", directory.path()), &random);
  };
  EXPECT_TRUE(torch::equal(load(1), load(1)));
  EXPECT_FALSE(torch::equal(load(1), load(2)));
}

// Without a cache a JPEG is decoded no further than its crop.
TEST(ImageType, TrainingOnAJpegCropsWhatWasDecoded) {
  const TemporaryDirectory directory;
  write_jpeg(directory / "a.jpg", pattern(90, 130));
  const auto type = make_modality_type(entry("image", R"("size": 16)"));
  for (uint64_t seed = 0; seed < 20; ++seed) {
    RandomStream random(seed), same(seed);
    const Tensor whole = image_tensor(directory / "a.jpg");
    Tensor expected = resize(crop(whole, random_resized_crop(90, 130, 0.08, same)), 16, 16);
    if (same.bernoulli(0.5)) expected = expected.flip(1);
    EXPECT_TRUE(
        torch::equal(type->load(cell("a.jpg", directory.path()), &random), normalise(expected, kMean, kDeviation)))
        << seed;
  }
}

TEST(ImageType, FlipsAsOftenAsAsked) {
  const TemporaryDirectory directory;
  write_png(directory / "a.png", pattern(16, 16));
  const auto type = make_modality_type(entry("image", R"("size": 16, "augment": {"min_scale": 1, "flip": 0.5})"));
  const Tensor plain = type->load(cell("a.png", directory.path()), nullptr);
  RandomStream random(9);
  int flipped = 0;
  for (int i = 0; i < 200; ++i) {
    const Tensor picture = type->load(cell("a.png", directory.path()), &random);
    if (torch::equal(picture, plain.flip(2))) {
      ++flipped;
    } else {
      ASSERT_TRUE(torch::equal(picture, plain));
    }
  }
  EXPECT_NEAR(flipped, 100, 25);
}

TEST(ImageType, AugmentNoneIsEvaluation) {
  const TemporaryDirectory directory;
  write_png(directory / "a.png", pattern(20, 30));
  const auto type = make_modality_type(entry("image", R"("size": 12, "augment": "none")"));
  for (uint64_t seed = 0; seed < 8; ++seed) {
    RandomStream random(seed);
    EXPECT_TRUE(torch::equal(type->load(cell("a.png", directory.path()), &random),
                             type->load(cell("a.png", directory.path()), nullptr)));
  }
}

// The draws in their order: angle, top, left, flip. The last place of each direction is never drawn.
TEST(ImageType, CutsOutOfATurnedAndEnlargedPicture) {
  const TemporaryDirectory directory;
  write_png(directory / "a.png", pattern(20, 26));
  const auto type = make_modality_type(
      entry("image", R"("size": 24, "interpolation": "bilinear_plain", "augment": {"resize": 36, "rotation": 30})"));
  RandomStream random(4), twin(4);
  const Tensor enlarged = resize(pattern(20, 26), 36, 36, Interpolation::bilinear_plain);
  for (int i = 0; i < 20; ++i) {
    const Tensor turned = rotate(enlarged, static_cast<double>(twin.integer(-30, 30)));
    const int64_t top = twin.integer(0, turned.size(0) - 24 - 1), left = twin.integer(0, turned.size(1) - 24 - 1);
    Tensor expected = crop(turned, {top, left, 24, 24});
    if (twin.bernoulli(0.5)) expected = expected.flip(1);
    EXPECT_TRUE(
        torch::equal(type->load(cell("a.png", directory.path()), &random), normalise(expected, kMean, kDeviation)));
  }
  const Tensor evaluated = resize(pattern(20, 26), 24, 24, Interpolation::bilinear_plain);
  EXPECT_TRUE(
      torch::equal(type->load(cell("a.png", directory.path()), nullptr), normalise(evaluated, kMean, kDeviation)));
}

TEST(ImageType, WithoutRotationAllOfTheEnlargedPictureIsCutFrom) {
  const TemporaryDirectory directory;
  write_png(directory / "a.png", pattern(20, 20));
  const auto type =
      make_modality_type(entry("image", R"("size": 20, "augment": {"resize": 22, "rotation": 0, "flip": 0})"));
  const Tensor enlarged = resize(pattern(20, 20), 22, 22);
  std::set<std::pair<int64_t, int64_t>> places;
  RandomStream random(1);
  for (int i = 0; i < 60; ++i) {
    const Tensor picture = type->load(cell("a.png", directory.path()), &random);
    for (int64_t top = 0; top <= 2; ++top) {
      for (int64_t left = 0; left <= 2; ++left) {
        if (torch::equal(picture, normalise(crop(enlarged, {top, left, 20, 20}), kMean, kDeviation)))
          places.insert({top, left});
      }
    }
  }
  EXPECT_EQ(places, (std::set<std::pair<int64_t, int64_t>>{{0, 0}, {0, 1}, {1, 0}, {1, 1}}));
}

TEST(ImageType, BlueComesFirstWhereAsked) {
  const TemporaryDirectory directory;
  write_png(directory / "a.png", pattern(8, 8));
  const std::string common = R"("size": 8, "mean": [0, 0, 0], "std": [1, 1, 1], "augment": "none")";
  const auto load = [&](const std::string& more) {
    return make_modality_type(entry("image", common + more))->load(cell("a.png", directory.path()), nullptr);
  };
  const Tensor red_first = load(""), blue_first = load(R"(, "channel_order": "bgr")");
  EXPECT_TRUE(torch::equal(blue_first, red_first.flip(0)));
  EXPECT_TRUE(torch::equal(red_first, load(R"(, "channel_order": "rgb")")));
  EXPECT_FLOAT_EQ(blue_first[2][0][1].item<float>(), 111.0f / 255);  // pattern: red of the second pixel is 3 x 37
}

TEST(ImageType, GreyUsesOneChannelAndHalves) {
  const TemporaryDirectory directory;
  write_png(directory / "a.png", torch::full({4, 4, 1}, 51, torch::kUInt8));
  const auto type = make_modality_type(entry("image", R"("size": 4, "channels": 1)"));
  const Tensor picture = type->load(cell("a.png", directory.path()), nullptr);
  ASSERT_EQ(picture.sizes(), (std::vector<int64_t>{1, 4, 4}));
  EXPECT_NEAR(picture[0][0][0].item<double>(), (0.2 - 0.5) / 0.5, 1e-6);
}

TEST(ImageType, RefusesSettingsThatDoNotFit) {
  const auto refuse = [](const std::string& settings, const std::vector<std::string>& words) {
    expect_error(ErrorKind::data, words, [&] { make_modality_type(entry("image", settings)); });
  };
  refuse(R"("sise": 8)", {"modality 'm'", "sise", "did you mean 'size'"});
  refuse(R"("channels": 2)", {"channels", "1 (grey) or 3"});
  refuse(R"("mean": [0.5])", {"mean", "3 numbers"});
  refuse(R"("std": [1, 0, 1])", {"std", "above 0"});
  refuse(R"("augment": 3)", {"augment", "none"});
  refuse(R"("augment": {"flipp": 1})", {"augment", "flipp", "did you mean 'flip'"});
  refuse(R"("interpolation": "nearest")", {"interpolation", "bilinear, bicubic, bilinear_plain"});
  refuse(R"("channel_order": "brg")", {"channel_order", "rgb, bgr"});
  refuse(R"("channels": 1, "channel_order": "bgr")", {"unknown setting 'channel_order'"});
  refuse(R"("size": 112, "augment": {"resize": 100})", {"augment", "'resize'", "from 112 to 4096"});
  refuse(R"("size": 112, "augment": {"resize": 139, "rotation": 5})", {"'rotation'", "0.8", "(112)"});
  refuse(R"("size": 112, "augment": {"rotation": 5})", {"'rotation'", "'resize'"});
  refuse(R"("size": 112, "augment": {"resize": 144, "rotation": 91})", {"'rotation'", "from 0 to 90"});
  refuse(R"("size": 112, "augment": {"resize": 144, "min_scale": 0.5})", {"'min_scale'", "'resize'"});
}

TEST(ImageType, NamesTheFileThatDoesNotDecode) {
  const TemporaryDirectory directory;
  directory.write("a.png", "no picture");
  const auto type = make_modality_type(entry("image"));
  expect_error(ErrorKind::data, {(directory / "a.png").string()},
               [&] { type->load(cell("a.png", directory.path()), nullptr); });
  expect_error(ErrorKind::data, {"b.png", "no such file"},
               [&] { type->load(cell("b.png", directory.path()), nullptr); });
}

}  // namespace
}  // namespace pdmp::data

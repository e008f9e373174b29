#include <gtest/gtest.h>

#include "data/decode/encode_png.h"
#include "data/features/normalise.h"
#include "data/features/resize.h"
#include "data/types/entry.h"
#include "support/expect_error.h"
#include "support/temporary_directory.h"

namespace pdmp {
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
  refuse(R"("interpolation": "nearest")", {"interpolation", "bilinear, bicubic"});
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
}  // namespace pdmp

#include "data/input_picture.h"

#include <gtest/gtest.h>

#include "data/decode/encode_png.h"
#include "data/types/entry.h"
#include "support/temporary_directory.h"

namespace pdmp {
namespace {

using testing::cell;
using testing::entry;
using testing::TemporaryDirectory;
using Shape = std::vector<int64_t>;

Tensor noise(int64_t height, int64_t width, int64_t channels, int64_t salt) {
  return ((torch::arange(height * width * channels) * 37 + salt) % 251)
      .to(torch::kUInt8)
      .reshape({height, width, channels});
}

// Byte of a picture's red channel.
int at(const Tensor& picture, int64_t y, int64_t x) { return picture[y][x][0].item<int>(); }

TEST(PictureOfInput, ImagesComeBackToTheByte) {
  const TemporaryDirectory directory;
  const Tensor picture = noise(8, 8, 3, 1);
  write_png(directory / "a.png", picture);
  for (const char* settings : {R"("size": 8)", R"("size": 8, "mean": [0.1, 0.2, 0.3], "std": [2, 3, 0.5])",
                               R"("size": 8, "channel_order": "bgr")"}) {
    const ModalityEntry image = entry("image", settings);
    const Tensor input = make_modality_type(image)->load(cell("a.png", directory.path()), nullptr);
    EXPECT_TRUE(torch::equal(picture_of_input(image, input), picture)) << settings;
  }
  write_png(directory / "grey.png", noise(8, 8, 1, 2));
  const ModalityEntry grey = entry("image", R"("size": 8, "channels": 1)");
  const Tensor drawn =
      picture_of_input(grey, make_modality_type(grey)->load(cell("grey.png", directory.path()), nullptr));
  EXPECT_TRUE(torch::equal(drawn, noise(8, 8, 1, 2).expand({8, 8, 3})));
}

TEST(PictureOfInput, FramesSideBySide) {
  const TemporaryDirectory directory;
  for (const int i : {0, 1, 2}) write_png(directory / (std::to_string(i) + ".png"), noise(6, 6, 3, i));
  const ModalityEntry frames = entry("frames", R"("size": 6, "frames": 3)");
  const Tensor input = make_modality_type(frames)->load(cell("0.png;1.png;2.png", directory.path()), nullptr);
  const Tensor drawn = picture_of_input(frames, input);
  ASSERT_EQ(drawn.sizes(), (Shape{6, 3 * 6 + 2 * kPictureGap, 3}));
  for (const int64_t i : {0, 1, 2}) {
    EXPECT_TRUE(torch::equal(drawn.narrow(1, i * (6 + kPictureGap), 6), noise(6, 6, 3, i))) << i;
  }
  EXPECT_EQ(at(drawn, 0, 6), 255);
}

TEST(PictureOfInput, ManyFramesGoOnBelow) {
  const Tensor drawn = picture_of_input(entry("frames", R"("size": 64, "frames": 70)"), torch::zeros({3, 70, 64, 64}));
  const int64_t fitting = 4096 / (64 + kPictureGap);
  EXPECT_EQ(drawn.sizes(), (Shape{2 * 64 + kPictureGap, fitting * 64 + (fitting - 1) * kPictureGap, 3}));
}

TEST(PictureOfInput, FlowIsTwoGreyRows) {
  const TemporaryDirectory directory;
  for (const char* name : {"u1", "v1", "u2", "v2"}) {
    write_png(directory / (std::string(name) + ".png"), noise(6, 6, 1, name[0] + name[1]));
  }
  const ModalityEntry flow = entry("flow", R"("size": 6, "frames": 2)");
  const Tensor input = make_modality_type(flow)->load(cell("u1.png;v1.png;u2.png;v2.png", directory.path()), nullptr);
  const Tensor drawn = picture_of_input(flow, input);
  ASSERT_EQ(drawn.sizes(), (Shape{2 * 6 + kPictureGap, 2 * 6 + kPictureGap, 3}));
  const Tensor lower_right = drawn.narrow(0, 6 + kPictureGap, 6).narrow(1, 6 + kPictureGap, 6);
  EXPECT_TRUE(torch::equal(lower_right, noise(6, 6, 1, 'v' + '2').expand({6, 6, 3})));
  EXPECT_TRUE(torch::equal(drawn.narrow(0, 0, 6).narrow(1, 0, 6), noise(6, 6, 1, 'u' + '1').expand({6, 6, 3})));
}

TEST(PictureOfInput, SpectrogramsHaveTheirHighestFrequencyOnTop) {
  const Tensor input = torch::zeros({1, 4, 5});
  input[0][3][1] = 2;
  const Tensor drawn = picture_of_input(entry("audio", R"("profile": "log_mel_2s")"), input);
  ASSERT_EQ(drawn.sizes(), (Shape{4, 5, 3}));
  EXPECT_EQ(at(drawn, 0, 1), 255);
  EXPECT_EQ(at(drawn, 3, 1), 0);
  // Time is the first dimension here.
  const Tensor turned = picture_of_input(entry("audio", R"("profile": "fbank_10s")"), input);
  ASSERT_EQ(turned.sizes(), (Shape{5, 4, 3}));
  EXPECT_EQ(at(turned, 3, 3), 255);
}

TEST(PictureOfInput, VectorsAreBarsFromZero) {
  const Tensor drawn = picture_of_input(entry("vector"), torch::tensor({1.f, -1.f, 0.f}));
  ASSERT_EQ(drawn.sizes(), (Shape{64, 3 * 85, 3}));
  EXPECT_EQ(at(drawn, 0, 0), 0);
  EXPECT_EQ(at(drawn, 63, 0), 224);
  EXPECT_EQ(at(drawn, 0, 85), 224);
  EXPECT_EQ(at(drawn, 63, 85), 0);
  EXPECT_EQ(at(drawn, 31, 200), 224);
}

TEST(PictureOfInput, TensorsAreRowsOfTheirLastDimension) {
  const Tensor drawn = picture_of_input(entry("tensor"), torch::tensor({{0.f, 1.f}, {2.f, 4.f}}));
  ASSERT_EQ(drawn.sizes(), (Shape{64, 256, 3}));
  EXPECT_EQ(at(drawn, 0, 0), 0);
  EXPECT_EQ(at(drawn, 0, 255), 64);
  EXPECT_EQ(at(drawn, 63, 255), 255);
  EXPECT_EQ(picture_of_input(entry("tensor"), torch::ones({2, 3, 4})).sizes(), (Shape{6 * 10, 256, 3}));
  EXPECT_EQ(picture_of_input(entry("tensor"), torch::ones({5000})).sizes(), (Shape{64, 2048, 3}));
}

TEST(PictureOfInput, TextIsText) {
  const ModalityEntry text = entry("text", R"("max_bytes": 8)");
  const auto type = make_modality_type(text);
  EXPECT_FALSE(picture_of_input(text, type->load(cell("abc"), nullptr)).defined());
  EXPECT_EQ(text_of_input(type->load(cell("abc"), nullptr)), "abc");
  EXPECT_EQ(text_of_input(type->load(cell("a longer text"), nullptr)), "a longer");
}

TEST(StackPictures, FillsUpWithWhite) {
  const Tensor stacked =
      stack_pictures({torch::zeros({2, 3, 3}, torch::kUInt8), torch::zeros({1, 5, 3}, torch::kUInt8)});
  ASSERT_EQ(stacked.sizes(), (Shape{2 + kPictureGap + 1, 5, 3}));
  EXPECT_EQ(at(stacked, 0, 2), 0);
  EXPECT_EQ(at(stacked, 0, 3), 255);
  EXPECT_EQ(at(stacked, 2, 0), 255);
  EXPECT_EQ(at(stacked, 2 + kPictureGap, 4), 0);
}

}  // namespace
}  // namespace pdmp

#include "data/inspect/input_picture.h"

#include <gtest/gtest.h>

#include "data/encode/encode_png.h"
#include "data/types/entry.h"
#include "support/media/tensors.h"
#include "support/temporary_directory.h"

namespace pdmp::data {
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

// (H, W, C), each pixel `factor` times as wide and high.
Tensor enlarged(const Tensor& picture, int64_t factor) {
  return picture.repeat_interleave(factor, 0).repeat_interleave(factor, 1);
}

TEST(PictureOfInput, ImagesComeBackToTheByteEnlargedByWholeFactors) {
  const TemporaryDirectory directory;
  const Tensor picture = noise(8, 8, 3, 1);
  write_png(directory / "a.png", picture);
  for (const char* settings : {R"("size": 8)", R"("size": 8, "mean": [0.1, 0.2, 0.3], "std": [2, 3, 0.5])",
                               R"("size": 8, "channel_order": "bgr")"}) {
    const ModalityEntry image = entry("image", settings);
    const Tensor input = make_modality_type(image)->load(cell("a.png", directory.path()), nullptr);
    const InputPicture drawn = picture_of_input(image, input);
    EXPECT_TRUE(torch::equal(drawn.pixels, enlarged(picture, 64))) << settings;
    EXPECT_EQ(drawn.across, 64);
    EXPECT_EQ(drawn.down, 64);
  }
  write_png(directory / "grey.png", noise(8, 8, 1, 2));
  const ModalityEntry grey = entry("image", R"("size": 8, "channels": 1)");
  const Tensor drawn =
      picture_of_input(grey, make_modality_type(grey)->load(cell("grey.png", directory.path()), nullptr)).pixels;
  EXPECT_TRUE(torch::equal(drawn, enlarged(noise(8, 8, 1, 2).expand({8, 8, 3}), 64)));
}

TEST(PictureOfInput, LargeImagesStayAsTheyAre) {
  const InputPicture drawn = picture_of_input(entry("image", R"("size": 300)"), torch::zeros({3, 300, 300}));
  EXPECT_EQ(drawn.pixels.sizes(), (Shape{300, 300, 3}));
  EXPECT_EQ(drawn.across, 1);
}

TEST(PictureOfInput, FramesSideBySide) {
  const TemporaryDirectory directory;
  for (const int i : {0, 1, 2}) write_png(directory / (std::to_string(i) + ".png"), noise(80, 80, 3, i));
  const ModalityEntry frames = entry("frames", R"("size": 80, "frames": 3)");
  const Tensor input = make_modality_type(frames)->load(cell("0.png;1.png;2.png", directory.path()), nullptr);
  const InputPicture drawn = picture_of_input(frames, input);
  EXPECT_EQ(drawn.across, 2);
  ASSERT_EQ(drawn.pixels.sizes(), (Shape{160, 3 * 160 + 2 * kPictureGap, 3}));
  for (const int64_t i : {0, 1, 2}) {
    const Tensor frame = drawn.pixels.narrow(1, i * (160 + kPictureGap), 160);
    EXPECT_TRUE(torch::equal(frame, enlarged(noise(80, 80, 3, i), 2))) << i;
  }
  EXPECT_EQ(at(drawn.pixels, 0, 160), 255);
}

TEST(PictureOfInput, ManyFramesGoOnBelow) {
  const Tensor drawn =
      picture_of_input(entry("frames", R"("size": 64, "frames": 12)"), torch::zeros({3, 12, 64, 64})).pixels;
  constexpr int64_t kFitting = 11;  // of 128 + 4 columns in 1536
  EXPECT_EQ(drawn.sizes(), (Shape{2 * 128 + kPictureGap, kFitting * 128 + (kFitting - 1) * kPictureGap, 3}));
}

TEST(PictureOfInput, FlowIsTwoGreyRows) {
  const TemporaryDirectory directory;
  for (const char* name : {"u1", "v1", "u2", "v2"}) {
    write_png(directory / (std::string(name) + ".png"), noise(80, 80, 1, name[0] + name[1]));
  }
  const ModalityEntry flow = entry("flow", R"("size": 80, "frames": 2)");
  const Tensor input = make_modality_type(flow)->load(cell("u1.png;v1.png;u2.png;v2.png", directory.path()), nullptr);
  const Tensor drawn = picture_of_input(flow, input).pixels;
  ASSERT_EQ(drawn.sizes(), (Shape{2 * 160 + kPictureGap, 2 * 160 + kPictureGap, 3}));
  const Tensor lower_right = drawn.narrow(0, 160 + kPictureGap, 160).narrow(1, 160 + kPictureGap, 160);
  EXPECT_TRUE(torch::equal(lower_right, enlarged(noise(80, 80, 1, 'v' + '2').expand({80, 80, 3}), 2)));
  const Tensor upper_left = drawn.narrow(0, 0, 160).narrow(1, 0, 160);
  EXPECT_TRUE(torch::equal(upper_left, enlarged(noise(80, 80, 1, 'u' + '1').expand({80, 80, 3}), 2)));
}

TEST(PictureOfInput, SpectrogramsHaveTheirHighestFrequencyOnTop) {
  const Tensor input = torch::zeros({1, 4, 5});
  input[0][3][1] = 2;
  const InputPicture drawn = picture_of_input(entry("audio", R"("profile": "log_mel_2s")"), input);
  EXPECT_EQ(drawn.across, 102);
  EXPECT_EQ(drawn.down, 48);
  ASSERT_EQ(drawn.pixels.sizes(), (Shape{4 * 48, 5 * 102, 3}));
  EXPECT_EQ(at(drawn.pixels, 0, 102), 255);
  EXPECT_EQ(at(drawn.pixels, 191, 102), 0);
  // Time is the first dimension here.
  const Tensor turned = picture_of_input(entry("audio", R"("profile": "fbank_10s")"), input).pixels;
  ASSERT_EQ(turned.sizes(), (Shape{5 * 38, 4 * 128, 3}));
  EXPECT_EQ(at(turned, 3 * 38, 3 * 128), 255);
}

TEST(PictureOfInput, TensorsAreRowsOfTheirLastDimension) {
  const Tensor drawn = picture_of_input(entry("tensor"), torch::tensor({{0.f, 1.f}, {2.f, 4.f}})).pixels;
  ASSERT_EQ(drawn.sizes(), (Shape{192, 512, 3}));
  EXPECT_EQ(at(drawn, 0, 0), 0);
  EXPECT_EQ(at(drawn, 0, 511), 64);
  EXPECT_EQ(at(drawn, 191, 511), 255);
  EXPECT_EQ(picture_of_input(entry("tensor"), torch::ones({2, 3, 4})).pixels.sizes(), (Shape{6 * 32, 512, 3}));
  EXPECT_EQ(picture_of_input(entry("tensor"), torch::ones({5000})).pixels.sizes(), (Shape{192, 2048, 3}));
}

TEST(TextOfInput, UpToWhereItWasCut) {
  const ModalityEntry text = entry("text", R"("max_bytes": 8)");
  const auto type = make_modality_type(text);
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
}  // namespace pdmp::data

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/trained_run.h"
#include "data/decode/image/image.h"
#include "data/inspect/input_panel.h"
#include "data/inspect/input_picture.h"
#include "data/manifest/manifest.h"
#include "data/npy/npy.h"
#include "pdmp/dataset.h"
#include "support/expect_error.h"
#include "support/media/tensors.h"

namespace pdmp::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

class DataShow : public ::testing::Test {
 protected:
  DataShow() : data_(write_toy_data(directory_.path(), 8, {"caption", "picture", "wave", "numbers"})) {}
  std::string show(const std::string& id, std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"show", directory_.path().string(), "--id", id, "--out", out_.string()});
    return call(cli::data_command, more);
  }

  TemporaryDirectory directory_;
  // Of one modality, as numbers.
  std::string write(const std::string& id, const std::string& modality, std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"show", directory_.path().string(), "--id", id, "--out", numbers_.string()});
    more.insert(more.end(), {"--modality", modality});
    return call(cli::data_command, more);
  }

  std::filesystem::path out_ = directory_ / "x.png", numbers_ = directory_ / "x.npy";
  ToyData data_;
};

// Where the picture of the only modality lies: below the heading and the title, right of the axis.
Tensor only_picture(const Tensor& drawn, int64_t height, int64_t width) {
  return drawn.narrow(0, 2 * data::kPanelTitle + data::kPictureGap, height).narrow(1, data::kPanelMargin, width);
}

TEST_F(DataShow, StacksAllModalities) {
  const std::string text = show("val4");
  EXPECT_THAT(text, ContainsRegex("^val4: val, class green, metadata.csv:30, as in evaluation\n"));
  EXPECT_THAT(text, ContainsRegex("\ncaption +text +16 +.* text\n"));
  EXPECT_THAT(text, ContainsRegex("\npicture +image +3x16x16 +.* to .* picture, 32 times enlarged\n"));
  EXPECT_THAT(text, ContainsRegex("\nwave +tensor +2x32 +.* 2 curves\n"));
  EXPECT_THAT(text, ContainsRegex("\nnumbers +vector +2 +.* 2 bars\n"));
  EXPECT_THAT(text, HasSubstr("\ncaption: a green thing\n"));
  const Tensor drawn = image_tensor(out_);
  EXPECT_EQ(drawn.size(1), 640);
  EXPECT_GT(drawn.size(0), 512 + 4 * data::kPanelTitle);
}

TEST_F(DataShow, APictureIsTheFileEnlarged) {
  show("val4", {"--modality", "picture"});
  const Tensor file = image_tensor(directory_ / "picture/val4.png");
  const Tensor enlarged = file.repeat_interleave(32, 0).repeat_interleave(32, 1);
  EXPECT_TRUE(torch::equal(only_picture(image_tensor(out_), 512, 512), enlarged));
}

TEST_F(DataShow, TrainingIsAugmentedAndTheSameForASeed) {
  show("train0");
  const Tensor evaluation = image_tensor(out_);
  EXPECT_THAT(show("train0", {"--training", "--seed", "3"}), HasSubstr("as in training (seed 3, first epoch)"));
  const Tensor first = image_tensor(out_);
  show("train0", {"--training", "--seed", "3"});
  EXPECT_TRUE(torch::equal(image_tensor(out_), first));
  EXPECT_FALSE(torch::equal(evaluation, first));
  show("train0", {"--training", "--seed", "4"});
  EXPECT_FALSE(torch::equal(image_tensor(out_), first));
}

// To the byte what the loader hands to the first epoch of a training with that seed.
TEST_F(DataShow, TrainingIsWhatTheLoaderHandsOut) {
  show("train5", {"--training", "--seed", "3", "--modality", "picture"});
  const auto manifest = std::make_shared<const data::Manifest>(data::read_manifest(directory_.path(), 3));
  Loader loader(data::open_split(manifest, "train", {}, 1.0, 0), {.batch_size = 24, .augment = true, .seed = 3});
  loader.start_epoch(0);
  const Tensor input = loader.next()->inputs[1][5];  // (3, 16, 16)
  const Tensor mean = torch::tensor({0.485, 0.456, 0.406}).reshape({3, 1, 1}),
               deviation = torch::tensor({0.229, 0.224, 0.225}).reshape({3, 1, 1});
  const Tensor expected = ((input * deviation + mean) * 255).round().to(torch::kUInt8).permute({1, 2, 0});
  const Tensor enlarged = expected.repeat_interleave(32, 0).repeat_interleave(32, 1);
  EXPECT_TRUE(torch::equal(only_picture(image_tensor(out_), 512, 512), enlarged));
}

TEST_F(DataShow, SaysWhatIsAbsentAndWhy) {
  data_.rows[0].wave.clear();
  data_.write(directory_.path());
  directory_.write("picture/train0.png", "no picture");
  std::filesystem::remove(directory_ / "wave/train1.npy");
  const std::string text = show("train0");
  EXPECT_THAT(text, ContainsRegex("\nwave .* absent: the sample lacks it\n"));
  EXPECT_THAT(text, ContainsRegex("\npicture .* absent: .*picture/train0.png.* expected a picture"));
  EXPECT_THAT(text, ContainsRegex("\nnumbers .* 2 bars\n"));
  EXPECT_THAT(show("train1"), ContainsRegex("\nwave .* absent: .*no such file\n"));
}

TEST_F(DataShow, AnAbsentModalityIsDrawnAsSuch) {
  show("train0", {"--modality", "wave"});
  const Tensor present = image_tensor(out_);
  data_.rows[0].wave.clear();
  data_.write(directory_.path());
  show("train0", {"--modality", "wave"});
  const Tensor absent = image_tensor(out_);
  EXPECT_EQ(absent.size(0),
            data::kPanelTitle + data::kPictureGap + data::panel_of_absence("wave: tensor 2x32", "absent").size(0));
  EXPECT_LT(absent.size(0), present.size(0));
}

TEST_F(DataShow, OneModalityAlone) {
  const std::string text = show("val4", {"--modality", "wave"});
  EXPECT_THAT(text, ContainsRegex("\nwave +tensor +2x32 +.* 2 curves\n$"));
  EXPECT_THAT(text, Not(HasSubstr("picture ")));
  EXPECT_EQ(image_tensor(out_).size(0), data::kPanelTitle + data::kPictureGap + data::kPanelTitle + 2 * 126 + 38);
}

// To the bit what the loader hands out.
TEST_F(DataShow, NumbersAreTheModelsInput) {
  const auto manifest = std::make_shared<const data::Manifest>(data::read_manifest(directory_.path(), 0));
  const auto data = data::open_split(manifest, "val", {}, 1.0, 0);
  ASSERT_EQ(data->id(2), "val2");
  const Sample sample = data->get(2, nullptr);
  for (size_t m = 1; m < sample.inputs.size(); ++m) {
    const std::string name = data->modalities()[m].name;
    EXPECT_THAT(write("val2", name), ContainsRegex("\n" + name + " .* float32\n$"));
    EXPECT_TRUE(torch::equal(data::read_npy(numbers_), sample.inputs[m])) << name;
  }
  EXPECT_THAT(write("val2", "caption"), HasSubstr(" int64\n"));
  EXPECT_TRUE(torch::equal(data::read_npy(numbers_), sample.inputs[0].to(torch::kFloat32)));
}

TEST_F(DataShow, NumbersAsInTraining) {
  write("train5", "picture", {"--training", "--seed", "3"});
  const auto manifest = std::make_shared<const data::Manifest>(data::read_manifest(directory_.path(), 3));
  Loader loader(data::open_split(manifest, "train", {}, 1.0, 0), {.batch_size = 24, .augment = true, .seed = 3});
  loader.start_epoch(0);
  EXPECT_TRUE(torch::equal(data::read_npy(numbers_), loader.next()->inputs[1][5]));
}

TEST_F(DataShow, NumbersOfAnAbsentModalityAreNotWritten) {
  std::filesystem::remove(directory_ / "wave/train1.npy");
  expect_error(ErrorKind::data, {"'train1'", "'wave'", "no such file"}, [&] { write("train1", "wave"); });
  EXPECT_FALSE(std::filesystem::exists(numbers_));
}

TEST_F(DataShow, OnlyText) {
  data_.modalities = {"caption"};
  data_.write(directory_.path());
  EXPECT_THAT(show("test0"), ContainsRegex("\ncaption +text .* text\ncaption: "));
  EXPECT_EQ(image_tensor(out_).size(1), 640);
}

TEST_F(DataShow, SaysWhatIsWrong) {
  expect_error(ErrorKind::usage, {"--id", "'trian7'", "'train7'"}, [&] { show("trian7"); });
  expect_error(ErrorKind::usage, {"--id", "'something'", "the first of 48 is 'train0'"}, [&] { show("something"); });
  const std::string folder = directory_.path().string();
  expect_error(ErrorKind::usage, {"--id"}, [&] { call(cli::data_command, {"show", folder, "--out", "x.png"}); });
  expect_error(ErrorKind::usage, {"--out"}, [&] { call(cli::data_command, {"show", folder, "--id", "train0"}); });
  expect_error(ErrorKind::usage, {"'wav'", "'wave'"}, [&] { write("train0", "wav"); });
  expect_error(ErrorKind::usage, {"x.npy", "--modality caption|picture|wave|numbers"}, [&] {
    call(cli::data_command, {"show", folder, "--id", "train0", "--out", "x.npy"});
  });
  expect_error(ErrorKind::usage, {"--out", ".png or .npy", "x.jpg"}, [&] {
    call(cli::data_command, {"show", folder, "--id", "train0", "--out", "x.jpg"});
  });
  expect_error(ErrorKind::io, {"absent/x.png"}, [&] {
    call(cli::data_command, {"show", folder, "--id", "train0", "--out", (directory_ / "absent/x.png").string()});
  });
}

}  // namespace
}  // namespace pdmp::testing

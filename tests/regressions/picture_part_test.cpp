// A fixed part of every picture, and samples that are no squares.
#include <gtest/gtest.h>

#include "cli/program.h"
#include "data/cache/sample_cache.h"
#include "data/clip.h"
#include "data/decode/image/image.h"
#include "data/decode/video/video.h"
#include "data/encode/encode_jpeg.h"
#include "data/encode/encode_png.h"
#include "data/features/crop.h"
#include "data/features/resize.h"
#include "data/types/entry.h"
#include "support/expect_error.h"
#include "support/media/encode_video.h"
#include "support/media/tensors.h"
#include "support/media_set.h"
#include "support/pattern_picture.h"
#include "support/temporary_directory.h"

namespace pdmp {
namespace {

using testing::cell;
using testing::entry;
using testing::expect_error;
using testing::pattern;
using testing::TemporaryDirectory;

constexpr const char* kPlain = R"(, "mean": [0, 0, 0], "std": [1, 1, 1])";

Tensor bytes_of(const Tensor& sample) { return (sample * 255).round().to(torch::kUInt8).movedim(0, -1).contiguous(); }

Tensor loaded(const std::filesystem::path& path, const std::string& type, const std::string& settings,
              RandomStream* augment = nullptr, data::SampleCache* cache = nullptr) {
  data::Cell one = cell(path.filename().string(), path.parent_path());
  one.cache = cache;
  return data::make_modality_type(entry(type, settings + kPlain))->load(one, augment);
}

TEST(PicturePart, ASizeOfTwoSides) {
  const TemporaryDirectory directory;
  write_png(directory / "a.png", pattern(30, 50));
  const auto type = data::make_modality_type(entry("image", R"("size": [12, 20])"));
  EXPECT_EQ(type->shape(nullptr), (std::vector<int64_t>{3, 12, 20}));
  const Tensor sample = bytes_of(loaded(directory / "a.png", "image", R"("size": [12, 20])"));
  EXPECT_TRUE(torch::equal(sample, data::resize(pattern(30, 50), 12, 20)));
  RandomStream random(3);
  EXPECT_EQ(type->load(cell("a.png", directory.path()), &random).sizes(), (std::vector<int64_t>{3, 12, 20}));
  EXPECT_EQ(data::make_modality_type(entry("frames", R"("size": [12, 20], "frames": 2)"))->shape(nullptr),
            (std::vector<int64_t>{3, 2, 12, 20}));
  EXPECT_EQ(data::make_modality_type(entry("flow", R"("size": [12, 20], "frames": 2)"))->shape(nullptr),
            (std::vector<int64_t>{2, 2, 12, 20}));
}

TEST(PicturePart, InPixels) {
  const TemporaryDirectory directory;
  write_png(directory / "a.png", pattern(30, 50));
  write_jpeg(directory / "a.jpg", pattern(30, 50));
  for (const char* name : {"a.png", "a.jpg"}) {
    const Tensor whole = image_tensor(directory / name);
    const Tensor sample = bytes_of(loaded(directory / name, "image", R"("size": [8, 16], "crop": [10, 4, 16, 8])"));
    EXPECT_TRUE(torch::equal(sample, whole.slice(0, 4, 12).slice(1, 10, 26))) << name;
  }
}

TEST(PicturePart, InFractions) {
  const TemporaryDirectory directory;
  write_png(directory / "a.png", pattern(30, 50));
  const auto part = [&](const std::string& numbers, const std::string& size) {
    return bytes_of(loaded(directory / "a.png", "image", "\"size\": " + size + ", \"crop\": " + numbers));
  };
  const Tensor whole = pattern(30, 50);
  EXPECT_TRUE(torch::equal(part("[0.5, 0, 0.5, 1]", "[30, 25]"), whole.slice(1, 25, 50)));
  EXPECT_TRUE(torch::equal(part("[0, 0.1, 1, 0.5]", "[15, 50]"), whole.slice(0, 3, 18)));
  EXPECT_TRUE(torch::equal(part("[0, 0, 1, 1]", "[30, 50]"), whole));
  EXPECT_TRUE(torch::equal(part("[0.7, 0, 0.3, 1]", "[30, 15]"), whole.slice(1, 35, 50)));
  EXPECT_EQ(data::box_of(data::make_fixed_crop(0.999, 0.999, 0.001, 0.001), 30, 50), (data::CropBox{29, 49, 1, 1}));
  EXPECT_EQ(data::box_of(data::make_fixed_crop(0, 0, 0.001, 0.001), 30, 50), (data::CropBox{0, 0, 1, 1}));
  EXPECT_EQ(data::box_of(data::make_fixed_crop(1.0 / 3, 0, 1.0 / 3, 1), 30, 50), (data::CropBox{0, 17, 30, 16}));
}

// Its random crop lies within the part; nothing else changes what is drawn.
TEST(PicturePart, InTraining) {
  const TemporaryDirectory directory;
  write_png(directory / "a.png", pattern(60, 90));
  write_png(directory / "part.png", pattern(60, 90).slice(0, 20, 50).slice(1, 40, 80).contiguous());
  write_jpeg(directory / "a.jpg", pattern(60, 90));
  write_png(directory / "jpeg_part.png",
            image_tensor(directory / "a.jpg").slice(0, 20, 50).slice(1, 40, 80).contiguous());
  data::SampleCache cache(directory / "cache", 1 << 24);
  for (const auto& [whole, part] : {std::pair("a.png", "part.png"), {"a.jpg", "jpeg_part.png"}}) {
    for (const char* augment : {"", R"(, "augment": {"resize": [24, 40]})", R"(, "augment": "none")"}) {
      const std::string size = R"("size": [12, 16])" + std::string(augment);
      for (uint64_t seed = 0; seed < 5; ++seed) {
        RandomStream one(seed), two(seed), three(seed);
        const Tensor expected = loaded(directory / part, "image", size, &one);
        const std::string cropped = size + R"(, "crop": [40, 20, 40, 30])";
        EXPECT_TRUE(torch::equal(loaded(directory / whole, "image", cropped, &two), expected)) << whole << augment;
        EXPECT_TRUE(torch::equal(loaded(directory / whole, "image", cropped, &three, &cache), expected)) << whole;
      }
    }
  }
}

// Files that were written this moment are not trusted by the cache; older ones are.
TEST(PicturePart, TheCacheTellsPartsAndSizesApart) {
  const TemporaryDirectory directory;
  write_png(directory / "a.png", pattern(30, 50));
  std::filesystem::last_write_time(directory / "a.png",
                                   std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
  data::SampleCache cache(directory / "cache", 1 << 24);
  for (int round = 0; round < 2; ++round) {
    for (const char* settings :
         {R"("size": [8, 8])", R"("size": [8, 8], "crop": [0, 0, 8, 8])", R"("size": [8, 8], "crop": [1, 0, 8, 8])",
          R"("size": [8, 16])", R"("size": [16, 8])", R"("size": [8, 8], "crop": [0, 0, 0.5, 0.5])"}) {
      EXPECT_TRUE(torch::equal(loaded(directory / "a.png", "image", settings, nullptr, &cache),
                               loaded(directory / "a.png", "image", settings)))
          << settings;
    }
  }
}

TEST(PicturePart, OfFrames) {
  const TemporaryDirectory directory;
  write_video(directory / "a.mp4", testing::numbered_clip(6));
  std::filesystem::create_directory(directory / "a");
  write_png(directory / "a/1.png", pattern(30, 50));
  const Tensor frame = frame_tensors(directory / "a.mp4", {0}).at(0);
  const std::string settings = R"("size": [8, 16], "crop": [10, 4, 16, 8], "frames": 1, "policy": "first")";
  const Tensor of_video = loaded(directory / "a.mp4", "frames", settings).select(1, 0);
  EXPECT_TRUE(torch::equal(bytes_of(of_video), frame.slice(0, 4, 12).slice(1, 10, 26)));
  const Tensor of_folder = loaded(directory / "a", "frames", settings).select(1, 0);
  EXPECT_TRUE(torch::equal(bytes_of(of_folder), pattern(30, 50).slice(0, 4, 12).slice(1, 10, 26)));
}

TEST(PicturePart, APictureThatIsTooSmallIsRefused) {
  const TemporaryDirectory directory;
  write_png(directory / "a.png", pattern(30, 50));
  for (const char* crop : {"[40, 0, 11, 8]", "[0, 30, 8, 8]", "[0, 0, 51, 30]"}) {
    expect_error(ErrorKind::data, {"a.png", "'crop'", "50x30", "correct 'crop' in dataset.json"},
                 [&] { loaded(directory / "a.png", "image", R"("size": 8, "crop": )" + std::string(crop)); });
  }
}

TEST(PicturePart, SettingsThatMeanNothingAreRefused) {
  const auto refused = [](const std::string& settings, const std::vector<std::string>& words) {
    expect_error(ErrorKind::data, words, [&] { data::make_modality_type(entry("image", settings)); });
  };
  for (const char* crop :
       {"[0, 0, 10]", "\"10\"", "[0, 0, 0, 10]", "[-1, 0, 10, 10]", "[0.5, 0, 0.6, 1]", "[0.5, 0, 10, 10]",
        "[0, 0, 1.5, 1]", "[0, 0, 0, 0.5]", "[0, 0, 1e300, 10]", "[0, 0, \"1\", 1]"}) {
    refused(R"("crop": )" + std::string(crop), {"'crop'", "[x, y, width, height]", "dataset.json"});
  }
  for (const char* size : {"0", "4097", "[8]", "[8, 0]", "[8, 8, 8]", "[8.5, 8]", "\"8\"", "[8, 5000]"}) {
    refused(R"("size": )" + std::string(size), {"'size'", "[height, width]", "dataset.json"});
  }
  refused(R"("size": [8, 16], "augment": {"resize": 12})", {"'resize'", "from 16 to 4096"});
  refused(R"("size": [8, 16], "augment": {"resize": [7, 20]})", {"'resize'", "[height, width]"});
  refused(R"("size": [8, 16], "augment": {"resize": [12, 20], "rotation": 5})", {"'rotation'", "16"});
  refused(R"("crop": [0, 0, 1, 1], "cropp": 1)", {"cropp", "crop"});
  expect_error(ErrorKind::data, {"crop"}, [] { data::make_modality_type(entry("flow", R"("crop": [0, 0, 8, 8])")); });
}

TEST(PicturePart, TrainsOnSamplesThatAreNoSquares) {
  const TemporaryDirectory directory;
  std::vector<std::string> cells;
  for (int i = 0; i < 8; ++i) {
    cells.push_back(std::to_string(i) + ".png");
    write_png(directory / cells.back(), pattern(20 + i, 40));
  }
  testing::write_media_set(directory, R"("type": "image", "size": [16, 32], "crop": [0.1, 0.1, 0.8, 0.8])", cells);
  const std::string data = directory.path().string(), run = (directory / "run").string();
  const auto train = testing::run_program({"train", "--data", data, "--run", run, "--epochs", "1", "--batch-size", "4",
                                           "--encoders", "m=resnet18:width=8", "--val", "none", "--quiet"});
  EXPECT_EQ(train.code, 0) << train.error;
  const auto show = testing::run_program({"data", "show", data, "--id", "0", "--out", (directory / "x.png").string()});
  EXPECT_EQ(show.code, 0) << show.error;
  EXPECT_NE(show.out.find("3x16x32"), std::string::npos) << show.out;
}

}  // namespace
}  // namespace pdmp

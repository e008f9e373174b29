#include <gtest/gtest.h>

#include "data/encode/encode_png.h"
#include "data/types/entry.h"
#include "data/types/flow_pairs.h"
#include "support/expect_error.h"
#include "support/media/tensors.h"
#include "support/temporary_directory.h"

namespace pdmp::data {
namespace {

using testing::cell;
using testing::entry;
using testing::expect_error;
using testing::TemporaryDirectory;

void write_grey(const TemporaryDirectory& directory, const std::string& name, const Tensor& values) {
  std::filesystem::create_directories((directory / name).parent_path());
  write_png(directory / name, values.to(torch::kUInt8).unsqueeze(2));
}

std::vector<std::pair<std::string, std::string>> names(const std::vector<FlowPair>& pairs) {
  std::vector<std::pair<std::string, std::string>> result;
  for (const auto& [u, v] : pairs) result.emplace_back(u.filename().string(), v.filename().string());
  return result;
}

TEST(FlowPairs, AreFoundInEveryLayout) {
  const TemporaryDirectory directory;
  for (const char* name :
       {"a/u/f1.png", "a/u/f2.png", "a/v/f1.png", "a/v/f2.png", "b/flow_x_00001.jpg", "b/flow_x_00002.jpg",
        "b/flow_y_00001.jpg", "b/flow_y_00002.jpg", "b/img_00001.jpg", "u/c/1.png", "v/c/1.png"}) {
    directory.write(name, "x");
  }
  using Names = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(names(find_flow_pairs(cell("a", directory.path()))), (Names{{"f1.png", "f1.png"}, {"f2.png", "f2.png"}}));
  EXPECT_EQ(names(find_flow_pairs(cell("b", directory.path()))),
            (Names{{"flow_x_00001.jpg", "flow_y_00001.jpg"}, {"flow_x_00002.jpg", "flow_y_00002.jpg"}}));
  EXPECT_EQ(names(find_flow_pairs(cell("u/c;v/c", directory.path()))), (Names{{"1.png", "1.png"}}));
  EXPECT_EQ(names(find_flow_pairs(cell("1.png;2.png;3.png;4.png", "d"))),
            (Names{{"1.png", "2.png"}, {"3.png", "4.png"}}));
}

TEST(FlowPairs, NeedPartners) {
  const TemporaryDirectory directory;
  for (const char* name : {"a/u/1.png", "a/u/2.png", "a/v/1.png", "b/flow_x_1.png", "c/flow_x_1.png", "c/flow_y_1.png",
                           "c/flow_y_2.png", "d/1.png"}) {
    directory.write(name, "x");
  }
  const auto refuse = [&](const std::string& text, const std::vector<std::string>& words) {
    expect_error(ErrorKind::data, words, [&] { find_flow_pairs(cell(text, directory.path())); });
  };
  refuse("a", {"a/v", "as many pictures", "found 1"});
  refuse("b", {"flow_x_1.png", "partner"});
  refuse("c", {"/c'", "1 'flow_x_", "2 'flow_y_"});
  refuse("d", {"/d'", "neither"});
  refuse("1.png;2.png;3.png", {"a list of 3"});
}

TEST(FlowType, PutsStepsBesideEachOther) {
  const TemporaryDirectory directory;
  for (int t = 0; t < 2; ++t) {
    write_grey(directory, "clip/flow_x_" + std::to_string(t) + ".png", torch::full({4, 4}, 100 + t));
    write_grey(directory, "clip/flow_y_" + std::to_string(t) + ".png", torch::full({4, 4}, 200 + t));
  }
  const auto type = make_modality_type(entry("flow", R"("frames": 2, "size": 4)"));
  EXPECT_EQ(type->shape(nullptr), (std::vector<int64_t>{2, 2, 4, 4}));
  const Tensor sample = type->load(cell("clip", directory.path()), nullptr);
  for (int64_t t = 0; t < 2; ++t) {
    EXPECT_NEAR(sample[0][t][1][1].item<double>(), ((100.0 + static_cast<double>(t)) / 255 - 0.5) / 0.25, 1e-5);
    EXPECT_NEAR(sample[1][t][1][1].item<double>(), ((200.0 + static_cast<double>(t)) / 255 - 0.5) / 0.25, 1e-5);
  }
}

TEST(FlowType, MirroredMotionChangesSign) {
  const TemporaryDirectory directory;
  write_grey(directory, "u.png", torch::arange(16).reshape({4, 4}) * 15);
  write_grey(directory, "v.png", torch::arange(16).reshape({4, 4}) * 9);
  const auto type = make_modality_type(entry("flow", R"("frames": 1, "size": 4, "augment": {"flip": 1})"));
  const Tensor plain = type->load(cell("u.png;v.png", directory.path()), nullptr);
  RandomStream random(1);
  const Tensor mirrored = type->load(cell("u.png;v.png", directory.path()), &random);
  EXPECT_LT((mirrored[0] + plain[0].flip(2)).abs().max().item<double>(), 1e-5);
  EXPECT_TRUE(torch::equal(mirrored[1], plain[1].flip(2)));
}

TEST(FlowType, CropsAllStepsAlike) {
  const TemporaryDirectory directory;
  write_grey(directory, "u.png", torch::arange(400).reshape({20, 20}) % 251);
  write_grey(directory, "v.png", torch::arange(400).reshape({20, 20}) % 241);
  const auto type = make_modality_type(entry("flow", R"("frames": 2, "size": 6, "augment": {"min_scale": 0.2})"));
  RandomStream random(1);
  const Tensor sample = type->load(cell("u.png;v.png;u.png;v.png", directory.path()), &random);
  EXPECT_TRUE(torch::equal(sample.select(1, 0), sample.select(1, 1)));
}

TEST(FlowType, RefusesPicturesOfOtherSizes) {
  const TemporaryDirectory directory;
  write_grey(directory, "u.png", torch::zeros({4, 4}));
  write_grey(directory, "v.png", torch::zeros({4, 5}));
  const auto type = make_modality_type(entry("flow", R"("frames": 2)"));
  expect_error(ErrorKind::data, {"v.png", "4x4", "4x5"},
               [&] { type->load(cell("u.png;v.png", directory.path()), nullptr); });
  expect_error(ErrorKind::data, {"one size"},
               [&] { type->load(cell("u.png;u.png;v.png;v.png", directory.path()), nullptr); });
}

}  // namespace
}  // namespace pdmp::data

#include <gtest/gtest.h>

#include "pdmp/model.h"
#include "support/example_batch.h"
#include "support/expect_error.h"

namespace pdmp::models {
namespace {

using testing::relative_error;

std::shared_ptr<Encoder> transformer(const std::string& options, const ModalityInfo& modality) {
  return make_encoder("transformer" + options, modality);
}

int64_t count(const torch::nn::Module& module) {
  int64_t total = 0;
  for (const Tensor& parameter : module.parameters()) total += parameter.numel();
  return total;
}

void set(torch::nn::Module& module, const std::string& name, const Tensor& value) {
  const torch::NoGradGuard no_grad;
  module.named_parameters()[name].copy_(value);
}

Tensor bytes(const std::vector<std::string>& texts, int64_t length) {
  Tensor rows = torch::zeros({static_cast<int64_t>(texts.size()), length}, torch::kInt64);
  for (size_t i = 0; i < texts.size(); ++i) {
    for (size_t j = 0; j < texts[i].size(); ++j)
      rows[static_cast<int64_t>(i)][static_cast<int64_t>(j)] =
          static_cast<int64_t>(static_cast<uint8_t>(texts[i][j])) + 1;
  }
  return rows;
}

// Two blocks of 132,096 parameters each, and a LayerNorm of 256.
constexpr int64_t kBlocks = 2 * 132096 + 256;

TEST(TransformerEncoder, ShapesAndCounts) {
  const auto picture = transformer("", {"eye", "image", {3, 64, 48}});
  EXPECT_EQ(picture->width(), 128);
  EXPECT_EQ(count(*picture), 3 * 16 * 16 * 128 + 128 + 4 * 3 * 128 + kBlocks);
  EXPECT_EQ(picture->forward(torch::randn({2, 3, 64, 48})).map.sizes(), (std::vector<int64_t>{2, 128, 4, 3}));

  const auto series = transformer("", {"imu", "tensor", {6, 21}});
  EXPECT_EQ(count(*series), 6 * 8 * 128 + 128 + 3 * 128 + kBlocks);
  EXPECT_EQ(series->forward(torch::randn({2, 6, 21})).map.sizes(), (std::vector<int64_t>{2, 128, 1, 3}));

  const auto text = transformer("", {"caption", "text", {20}});
  EXPECT_EQ(count(*text), 257 * 128 + 20 * 128 + kBlocks);
  const Feature feature = text->forward(bytes({"kitten", "cat"}, 20));
  EXPECT_EQ(feature.pooled.sizes(), (std::vector<int64_t>{2, 128}));
  EXPECT_FALSE(feature.map.defined());
}

// Blocks whose branches end in zeros do nothing: what remains is the patches as vectors times a matrix, plus positions,
// normalised.
TEST(TransformerEncoder, TokensAreThePatches) {
  const auto encoder = transformer(":dim=5:heads=1:mlp=3:depth=1:patch=4", {"eye", "image", {2, 8, 12}});
  encoder->eval();
  for (const std::string name : {"attention.proj.weight", "attention.proj.bias", "fc2.weight", "fc2.bias"})
    encoder->named_parameters()["transformer.blocks.0." + name].detach().zero_();
  set(*encoder, "transformer.position", torch::randn({6, 5}));
  const auto parameters = encoder->named_parameters();
  const Tensor x = torch::randn({3, 2, 8, 12});
  const Tensor patches = torch::im2col(x, {4, 4}, {1, 1}, {0, 0}, {4, 4}).transpose(1, 2);  // (3, 6, 2 * 4 * 4)
  const Tensor tokens = torch::matmul(patches, parameters["patches.weight"].flatten(1).t()) +
                        parameters["patches.bias"] + parameters["transformer.position"];
  const Tensor expected = torch::layer_norm(tokens, {5}).transpose(1, 2).reshape({3, 5, 2, 3});
  const Feature feature = encoder->forward(x);
  EXPECT_LT(relative_error(feature.map, expected), 1e-5);
  EXPECT_LT(relative_error(feature.pooled, expected.mean({2, 3})), 1e-5);
}

// 8 x 10 in patches of 4: the last column of patches is half zeros.
TEST(TransformerEncoder, SeesEveryPixel) {
  const auto encoder = transformer(":dim=8:heads=2:patch=4:dropout=0", {"ear", "audio", {1, 8, 10}});
  const Tensor x = torch::randn({1, 1, 8, 10}), padded = torch::constant_pad_nd(x, {0, 2});
  const Tensor last = x.clone();
  last[0][0][7][9] += 1;
  EXPECT_EQ(encoder->forward(x).map.sizes(), (std::vector<int64_t>{1, 8, 2, 3}));
  EXPECT_FALSE(torch::equal(encoder->forward(x).pooled, encoder->forward(last).pooled));
  EXPECT_TRUE(torch::allclose(encoder->forward(x).pooled, encoder->forward(padded).pooled, 1e-5, 1e-6));
}

TEST(TransformerEncoder, FramesAreSeenOneByOneAndAveraged) {
  const auto encoder = transformer(":dim=8:heads=2:patch=8", {"eye", "frames", {3, 3, 16, 24}});
  encoder->eval();
  const Tensor clips = torch::randn({2, 3, 3, 16, 24});
  const Feature feature = encoder->forward(clips);
  Tensor map = torch::zeros({2, 8, 2, 3});
  for (const int64_t t : {0, 1, 2}) map += encoder->forward(clips.select(2, t)).map / 3;
  EXPECT_LT(relative_error(feature.map, map), 1e-5);
  EXPECT_LT(relative_error(feature.pooled, map.mean({2, 3})), 1e-5);
}

TEST(TransformerEncoder, PaddingChangesNothing) {
  const auto encoder = transformer(":dim=8:heads=2", {"caption", "text", {24}});
  encoder->eval();
  set(*encoder, "transformer.position", torch::randn({24, 8}));
  const Tensor alone = encoder->forward(bytes({"a red cat"}, 9)).pooled[0];
  EXPECT_LT(relative_error(encoder->forward(bytes({"a red cat"}, 24)).pooled[0], alone), 1e-5);
  EXPECT_LT(relative_error(encoder->forward(bytes({"and a longer one", "a red cat"}, 24)).pooled[1], alone), 1e-5);
  EXPECT_GT(relative_error(encoder->forward(bytes({"a cat red"}, 24)).pooled[0], alone), 1e-3);
}

// A text whose first character needs more bytes than there are is present and empty.
TEST(TransformerEncoder, TextOfPaddingOnlyIsATextOfItsOwn) {
  for (const double dropout : {0.0, 0.1}) {
    const auto encoder = transformer(":dim=8:heads=2:dropout=" + std::to_string(dropout), {"caption", "text", {6}});
    const Tensor pooled = encoder->forward(bytes({"", "abc"}, 6)).pooled;
    pooled.pow(2).sum().backward();
    for (const auto& item : encoder->named_parameters())
      EXPECT_TRUE(item.value().grad().isfinite().all().item<bool>()) << item.key();
    EXPECT_TRUE(pooled.isfinite().all().item<bool>());
    encoder->eval();
    const Tensor together = encoder->forward(bytes({"", "abc"}, 6)).pooled;
    EXPECT_LT(relative_error(encoder->forward(bytes({"", ""}, 6)).pooled[0], together[0]), 1e-5);
    EXPECT_EQ(encoder->named_parameters()["embedding.weight"].grad()[0].abs().max().item<double>(), 0);
  }
}

TEST(TransformerEncoder, SmallInputsGetSmallPatches) {
  EXPECT_EQ(transformer("", {"eye", "image", {1, 5, 12}})->forward(torch::randn({1, 1, 5, 12})).map.sizes(),
            (std::vector<int64_t>{1, 128, 1, 3}));
  EXPECT_EQ(transformer("", {"imu", "tensor", {1, 3}})->forward(torch::randn({1, 1, 3})).map.sizes(),
            (std::vector<int64_t>{1, 128, 1, 1}));
}

TEST(TransformerEncoder, SaysWhatDoesNotFit) {
  const auto refuses = [](const std::string& options, const ModalityInfo& modality,
                          const std::vector<std::string>& words) {
    testing::expect_error(ErrorKind::usage, words, [&] { transformer(options, modality); });
  };
  refuses(":patch=17", {"eye", "image", {3, 16, 32}}, {"'eye'", "patch", "at most 16", "(3, 16, 32)", "17"});
  refuses(":patch=22", {"imu", "tensor", {6, 21}}, {"'imu'", "patch", "at most 21", "22"});
  refuses(":patch=4", {"caption", "text", {20}}, {"'caption'", "patch", "byte", "4"});
  refuses(":dim=130", {"eye", "image", {3, 16, 32}}, {"'eye'", "dim=130", "heads=4"});
  refuses("", {"a", "vector", {6}}, {"'a'", "transformer", "vector", "(6)", "mlp"});
  refuses("", {"a", "tensor", {2, 2, 2, 2, 2}}, {"'a'", "transformer", "(2, 2, 2, 2, 2)"});
}

}  // namespace
}  // namespace pdmp::models

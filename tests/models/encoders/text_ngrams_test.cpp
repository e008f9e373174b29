#include <cmath>
#include <gtest/gtest.h>

#include "pdmp/error.h"
#include "pdmp/model.h"

namespace pdmp::models {
namespace {

Tensor bytes(const std::vector<std::string>& texts, int64_t length) {
  Tensor rows = torch::zeros({static_cast<int64_t>(texts.size()), length}, torch::kInt64);
  for (size_t row = 0; row < texts.size(); ++row) {
    for (size_t i = 0; i < texts[row].size(); ++i) {
      rows[static_cast<int64_t>(row)][static_cast<int64_t>(i)] =
          static_cast<int64_t>(static_cast<uint8_t>(texts[row][i])) + 1;
    }
  }
  return rows;
}

std::shared_ptr<Encoder> encoder(const std::string& options = "") {
  return make_encoder("text_ngrams" + options, {"caption", "text", {24}});
}

TEST(TextNgrams, ShapesAndCounts) {
  const auto net = encoder();
  EXPECT_EQ(net->width(), 128);
  ASSERT_EQ(net->parameters().size(), 1u);
  EXPECT_EQ(net->parameters()[0].numel(), (8192 + 1) * 128);
  const Feature feature = net->forward(bytes({"kitten", "a red cat"}, 24));
  EXPECT_EQ(feature.pooled.sizes(), (std::vector<int64_t>{2, 128}));
  EXPECT_FALSE(feature.map.defined());
}

// " a ": three single bytes, two pairs and one triple, whatever their rows are.
TEST(TextNgrams, SumsOverTheRootOfTheCount) {
  const auto net = encoder(":width=1");
  const torch::NoGradGuard no_grad;
  net->parameters()[0].fill_(1);
  const Tensor pooled = net->forward(bytes({"a", "ab", ""}, 24)).pooled;
  EXPECT_NEAR(pooled[0].item<double>(), 2.449490, 1e-6);  // 6 / sqrt(6)
  EXPECT_NEAR(pooled[1].item<double>(), 3.162278, 1e-6);  // 4 + 3 + 2 + 1 = 10
  EXPECT_EQ(pooled[2].item<double>(), 0);
}

// The rows of " a " by plain integers: other numbers would make weights saved before useless.
TEST(TextNgrams, HashesAsItAlwaysDid) {
  const auto net = encoder(":width=1:buckets=1000");
  const torch::NoGradGuard no_grad;
  Tensor weight = net->parameters()[0];
  weight.copy_(torch::arange(1001, torch::kFloat32).unsqueeze(1));
  double sum = 0;
  const std::vector<int64_t> codes = {33, 98, 33};
  for (size_t first = 0; first < codes.size(); ++first) {
    int64_t hash = 0;
    for (size_t n = 1; first + n <= codes.size(); ++n) {
      hash = (hash * 257 + codes[first + n - 1]) % 2654435761;
      sum += static_cast<double>((((hash + static_cast<int64_t>(n)) * 2654435761) >> 13) % 1000 + 1);
    }
  }
  EXPECT_NEAR(net->forward(bytes({"a"}, 24)).pooled.item<double>(), sum / std::sqrt(6.0), 1e-3);
}

TEST(TextNgrams, PaddingAndNeighboursDoNotMatterButOrderDoes) {
  const auto net = encoder();
  const Tensor once = net->forward(bytes({"a red cat"}, 24)).pooled;
  EXPECT_TRUE(torch::allclose(once, net->forward(bytes({"a red cat", "something much longer"}, 40)).pooled[0]));
  EXPECT_FALSE(torch::allclose(once, net->forward(bytes({"a cat red"}, 24)).pooled));
}

TEST(TextNgrams, PaddingRowGetsNoGradient) {
  const auto net = encoder();
  net->forward(bytes({"ab", ""}, 6)).pooled.sum().backward();
  EXPECT_EQ(net->parameters()[0].grad()[0].abs().max().item<double>(), 0);
  EXPECT_GT(net->parameters()[0].grad().abs().max().item<double>(), 0);
}

TEST(TextNgrams, RefusesNumbers) { EXPECT_THROW(make_encoder("text_ngrams", {"a", "vector", {16}}), Error); }

}  // namespace
}  // namespace pdmp::models

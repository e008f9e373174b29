#include <gtest/gtest.h>
#include <torch/nn/functional/linear.h>

#include "metrics/dependency.h"
#include "pdmp/error.h"
#include "support/fusion.h"

namespace pdmp::testing {
namespace {

// models.md 2.6 and 4.
TEST(Concat, ReferenceOfOneNumberPerModality) {
  const std::vector<Feature> z = pooled_features({torch::tensor({{2.0F}}), torch::tensor({{1.0F}})});
  const auto with = [&](const std::string& spec) {
    auto fusion = make_fusion(spec, {1, 1});
    set_parameters(*fusion, {{"weight_0", torch::tensor({{1.0F}, {0.0F}})},
                             {"weight_1", torch::tensor({{-1.0F}, {2.0F}})},
                             {"bias", torch::tensor({0.5F, 0.0F})}});
    return fusion;
  };
  expect_logits(with("concat")->forward(z, all_present(1, 2)), {1.5, 2.0});
  const std::vector<Tensor> even = with("concat")->unimodal_logits(z, all_present(1, 2));
  expect_logits(even[0], {2.25, 0});
  expect_logits(even[1], {-0.75, 2});
  const std::vector<double> sums = metrics::dependency_sums(even);
  EXPECT_NEAR(sums[0] / sums[1], 0.818182, 5e-7);
  const std::vector<Tensor> full = with("concat:bias=full")->unimodal_logits(z, all_present(1, 2));
  expect_logits(full[0], {2.5, 0});
  expect_logits(full[1], {-0.5, 2});
  const std::vector<Tensor> none = with("concat:bias=none")->unimodal_logits(z, all_present(1, 2));
  expect_logits(none[0], {2, 0});
  expect_logits(none[1], {-1, 2});
}

// methods-modulation 0.3: unequal widths.
TEST(Concat, ReferenceOfUnequalWidths) {
  const std::vector<Feature> z = pooled_features({torch::tensor({{1.0F, 2.0F}}), torch::tensor({{3.0F}})});
  const auto with = [&](const std::string& spec) {
    auto fusion = make_fusion(spec, {2, 1});
    set_parameters(*fusion, {{"weight_0", torch::tensor({{1.0F, 0.0F}, {0.0F, 1.0F}})},
                             {"weight_1", torch::tensor({{2.0F}, {-1.0F}})},
                             {"bias", torch::tensor({0.5F, -0.5F})}});
    return fusion;
  };
  expect_logits(with("concat")->forward(z, all_present(1, 2)), {7.5, -1.5});
  const std::vector<Tensor> even = with("concat:bias=even")->unimodal_logits(z, all_present(1, 2));
  expect_logits(even[0], {1.25, 1.75});
  expect_logits(even[1], {6.25, -3.25});
  const std::vector<Tensor> full = with("concat:bias=full")->unimodal_logits(z, all_present(1, 2));
  expect_logits(full[0], {1.5, 1.5});
  expect_logits(full[1], {6.5, -3.5});
}

// models.md 2.1: parameters M d C + C, and the blocks are the columns of one matrix.
TEST(Concat, IsOneLinearLayerOverTheFeaturesSideBySide) {
  const auto fusion = make_fusion("concat", {512, 512}, 6);
  EXPECT_EQ(parameter_count(*fusion), 6150);
  const auto named = fusion->named_parameters();
  const Tensor x = torch::randn({5, 512}), y = torch::randn({5, 512});
  const Tensor whole = torch::nn::functional::linear(
      torch::cat({x, y}, 1), torch::cat({named["weight_0"], named["weight_1"]}, 1), named["bias"]);
  EXPECT_TRUE(torch::allclose(fusion->forward(pooled_features({x, y}), all_present(5, 2)), whole, 1e-5, 1e-5));
}

TEST(Concat, EvenLogitsSumToTheFusedOnes) {
  for (const std::vector<int64_t>& widths : {std::vector<int64_t>{3}, {3, 1}, {2, 5, 4}, {1, 2, 3, 4}}) {
    const auto fusion = make_fusion("concat", widths);
    expect_sum_is_fused(*fusion, random_features(4, widths), all_present(4, widths.size()));
  }
}

TEST(Concat, EachBlockIsItsModalitys) {
  EXPECT_EQ(owners(*make_fusion("concat", {2, 1})),
            (std::map<std::string, std::optional<int64_t>>{{"weight_0", 0}, {"weight_1", 1}, {"bias", std::nullopt}}));
}

TEST(Concat, RefusesAnotherBiasSplit) { EXPECT_THROW(make_fusion("concat:bias=half", {1, 1}), Error); }

}  // namespace
}  // namespace pdmp::testing

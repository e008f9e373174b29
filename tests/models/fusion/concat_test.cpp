#include <gtest/gtest.h>

#include "metrics/dependency.h"
#include "models/spec.h"
#include "pdmp/model.h"

namespace pdmp {
namespace {

std::shared_ptr<Fusion> concat(const std::string& spec, const std::vector<int64_t>& widths) {
  return configure(fusion_table(), "fusion", spec, "fusion")->make(widths, 2);
}

void set(Fusion& fusion, const std::string& name, const Tensor& value) {
  const torch::NoGradGuard no_grad;
  fusion.named_parameters()[name].copy_(value);
}

std::vector<Feature> features(const std::vector<Tensor>& pooled) {
  std::vector<Feature> result;
  for (const Tensor& z : pooled) result.push_back({{}, z});
  return result;
}

void expect_row(const Tensor& logits, double first, double second) {
  ASSERT_EQ(logits.sizes(), (std::vector<int64_t>{1, 2}));
  EXPECT_NEAR(logits[0][0].item<double>(), first, 1e-6);
  EXPECT_NEAR(logits[0][1].item<double>(), second, 1e-6);
}

const Tensor kPresent = torch::ones({1, 2}, torch::kBool);

// models.md 2.6 and 4.
TEST(Concat, ReferenceOfOneNumberPerModality) {
  const std::vector<Feature> z = features({torch::tensor({{2.0F}}), torch::tensor({{1.0F}})});
  const auto with = [&](const std::string& spec) {
    auto fusion = concat(spec, {1, 1});
    set(*fusion, "weight_0", torch::tensor({{1.0F}, {0.0F}}));
    set(*fusion, "weight_1", torch::tensor({{-1.0F}, {2.0F}}));
    set(*fusion, "bias", torch::tensor({0.5F, 0.0F}));
    return fusion;
  };
  expect_row(with("concat")->forward(z, kPresent), 1.5, 2.0);
  const std::vector<Tensor> even = with("concat")->unimodal_logits(z, kPresent);
  expect_row(even[0], 2.25, 0);
  expect_row(even[1], -0.75, 2);
  const std::vector<double> sums = dependency_sums(even);
  EXPECT_NEAR(sums[0] / sums[1], 0.818182, 5e-7);
  const std::vector<Tensor> full = with("concat:bias=full")->unimodal_logits(z, kPresent);
  expect_row(full[0], 2.5, 0);
  expect_row(full[1], -0.5, 2);
  const std::vector<Tensor> none = with("concat:bias=none")->unimodal_logits(z, kPresent);
  expect_row(none[0], 2, 0);
  expect_row(none[1], -1, 2);
}

// methods-modulation 0.3: unequal widths.
TEST(Concat, ReferenceOfUnequalWidths) {
  const std::vector<Feature> z = features({torch::tensor({{1.0F, 2.0F}}), torch::tensor({{3.0F}})});
  const auto with = [&](const std::string& spec) {
    auto fusion = concat(spec, {2, 1});
    set(*fusion, "weight_0", torch::tensor({{1.0F, 0.0F}, {0.0F, 1.0F}}));
    set(*fusion, "weight_1", torch::tensor({{2.0F}, {-1.0F}}));
    set(*fusion, "bias", torch::tensor({0.5F, -0.5F}));
    return fusion;
  };
  expect_row(with("concat")->forward(z, kPresent), 7.5, -1.5);
  const std::vector<Tensor> even = with("concat:bias=even")->unimodal_logits(z, kPresent);
  expect_row(even[0], 1.25, 1.75);
  expect_row(even[1], 6.25, -3.25);
  const std::vector<Tensor> full = with("concat:bias=full")->unimodal_logits(z, kPresent);
  expect_row(full[0], 1.5, 1.5);
  expect_row(full[1], 6.5, -3.5);
}

// models.md 2.1: parameters M d C + C, and the blocks are the columns of one matrix.
TEST(Concat, IsOneLinearLayerOverTheFeaturesSideBySide) {
  const auto fusion = configure(fusion_table(), "fusion", "concat", "fusion")->make({512, 512}, 6);
  int64_t count = 0;
  for (const Tensor& parameter : fusion->parameters()) count += parameter.numel();
  EXPECT_EQ(count, 6150);
  const auto named = fusion->named_parameters();
  const Tensor x = torch::randn({5, 512}), y = torch::randn({5, 512});
  const Tensor whole = torch::nn::functional::linear(
      torch::cat({x, y}, 1), torch::cat({named["weight_0"], named["weight_1"]}, 1), named["bias"]);
  EXPECT_TRUE(torch::allclose(fusion->forward(features({x, y}), torch::ones({5, 2}, torch::kBool)), whole, 1e-5, 1e-5));
}

TEST(Concat, EvenLogitsSumToTheFusedOnes) {
  for (const std::vector<int64_t>& widths : {std::vector<int64_t>{3}, {3, 1}, {2, 5, 4}, {1, 2, 3, 4}}) {
    auto fusion = concat("concat", widths);
    std::vector<Tensor> pooled;
    for (const int64_t width : widths) pooled.push_back(torch::randn({4, width}));
    const Tensor present = torch::ones({4, static_cast<int64_t>(widths.size())}, torch::kBool);
    Tensor sum = torch::zeros({4, 2});
    for (const Tensor& logits : fusion->unimodal_logits(features(pooled), present)) sum = sum + logits;
    EXPECT_TRUE(torch::allclose(sum, fusion->forward(features(pooled), present), 1e-5, 1e-5));
  }
}

TEST(Concat, RefusesAnotherBiasSplit) { EXPECT_THROW(concat("concat:bias=half", {1, 1}), Error); }

}  // namespace
}  // namespace pdmp

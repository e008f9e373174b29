#include <cmath>
#include <gtest/gtest.h>

#include "models/weights/init.h"
#include "support/expect_error.h"
#include "support/fusion.h"

namespace pdmp::testing {
namespace {

// s_0 = W_0 (1, 2) + b_0 = (5.5, -2), s_1 = W_1 (3) + b_1 = (6, -2.5).
class SumExample : public ::testing::Test {
 protected:
  SumExample() : fusion_(make_fusion("sum", {2, 1})) {
    set_parameters(*fusion_, {{"weight_0", torch::tensor({{1.0F, 2.0F}, {0.0F, -1.0F}})},
                              {"bias_0", torch::tensor({0.5F, 0.0F})},
                              {"weight_1", torch::tensor({{2.0F}, {-1.0F}})},
                              {"bias_1", torch::tensor({0.0F, 0.5F})}});
  }
  std::shared_ptr<Fusion> fusion_;
  std::vector<Feature> features_ = pooled_features({torch::tensor({{1.0F, 2.0F}}), torch::tensor({{3.0F}})});
  Tensor present_ = all_present(1, 2);
};

TEST_F(SumExample, LogitsAddUpWithBothBiases) {
  expect_logits(fusion_->forward(features_, present_), {11.5, -4.5});
  const std::vector<Tensor> logits = fusion_->unimodal_logits(features_, present_);
  expect_logits(logits[0], {5.5, -2});
  expect_logits(logits[1], {6, -2.5});
}

TEST_F(SumExample, AnAbsentModalityAddsNotEvenItsBias) {
  remove_modality(features_, present_, 1);
  expect_logits(fusion_->forward(features_, present_), {5.5, -2});
  expect_logits(fusion_->unimodal_logits(features_, present_)[1], {0, 0});
}

TEST_F(SumExample, EachLayerIsItsModalitys) {
  EXPECT_EQ(owners(*fusion_), (std::map<std::string, std::optional<int64_t>>{
                                  {"weight_0", 0}, {"bias_0", 0}, {"weight_1", 1}, {"bias_1", 1}}));
}

// models.md 2.2: M (d C + C).
TEST(Sum, HasALinearLayerPerModality) {
  EXPECT_EQ(parameter_count(*make_fusion("sum", {512, 512}, 6)), 6156);
  EXPECT_EQ(parameter_count(*make_fusion("sum", {512, 512, 512}, 6)), 9234);
  EXPECT_EQ(parameter_count(*make_fusion("sum:shared=true", {512, 512}, 6)), 3078);
}

// One layer twice: (5.5, -2) from (1, 2) and (1.5, 1) from (3, -1), its bias in both.
TEST(Sum, SharedLayerServesAll) {
  const auto fusion = make_fusion("sum:shared=true", {2, 2});
  set_parameters(*fusion,
                 {{"weight", torch::tensor({{1.0F, 2.0F}, {0.0F, -1.0F}})}, {"bias", torch::tensor({0.5F, 0.0F})}});
  const std::vector<Feature> z = pooled_features({torch::tensor({{1.0F, 2.0F}}), torch::tensor({{3.0F, -1.0F}})});
  expect_logits(fusion->forward(z, all_present(1, 2)), {7, -1});
  const std::vector<Tensor> logits = fusion->unimodal_logits(z, all_present(1, 2));
  expect_logits(logits[0], {5.5, -2});
  expect_logits(logits[1], {1.5, 1});
  EXPECT_EQ(owners(*fusion),
            (std::map<std::string, std::optional<int64_t>>{{"weight", std::nullopt}, {"bias", std::nullopt}}));
}

TEST(Sum, UnimodalLogitsSumToTheFusedOnes) {
  for (const std::vector<int64_t>& widths : {std::vector<int64_t>{3}, {3, 1}, {2, 5, 4}, {1, 2, 3, 4}}) {
    const auto fusion = make_fusion("sum", widths);
    expect_sum_is_fused(*fusion, random_features(4, widths), all_present(4, widths.size()));
  }
  expect_sum_is_fused(*make_fusion("sum:shared=true", {3, 3, 3}), random_features(4, {3, 3, 3}), all_present(4, 3));
}

TEST(Sum, AbsentRowsTeachTheirModalityNothing) { expect_absent_rows_teach_nothing("sum", {2, 3, 4}); }

// models.md 1.4: Xavier normal, bias 0.
TEST(Sum, GlobalInitSetsEachLayer) {
  const models::SeededGenerator generator(3);
  const auto fusion = make_fusion("sum", {400, 100}, 100);
  models::initialize(*fusion, "global");
  const auto named = fusion->named_parameters();
  EXPECT_NEAR(named["weight_0"].std().item<double>(), std::sqrt(2.0 / 500), 1e-3);
  EXPECT_NEAR(named["weight_1"].std().item<double>(), std::sqrt(2.0 / 200), 3e-3);
  EXPECT_EQ(named["bias_0"].abs().max().item<double>(), 0);
  EXPECT_EQ(named["bias_1"].abs().max().item<double>(), 0);
}

TEST(Sum, SharedLayerNeedsOneWidth) {
  expect_error(ErrorKind::usage, {"sum: shared=true", "3 and 2", "shared=false"}, [] {
    make_fusion("sum:shared=true", {3, 2});
  });
}

}  // namespace
}  // namespace pdmp::testing

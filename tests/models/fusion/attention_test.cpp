#include <gtest/gtest.h>

#include "support/fusion.h"

namespace pdmp::testing {
namespace {

// h_0 = (1, 2), h_1 = (3, 1). U h = (0.5, 0.5) and (1.5, 0.25), scores tanh - tanh = 0 and 0.660230, weights 0.340688
// and 0.659312, pooled (2.318624, 1.340688).
class AttentionExample : public ::testing::Test {
 protected:
  AttentionExample() : fusion_(make_fusion("attention", {2, 1})) {
    set_parameters(*fusion_, {{"project_0.weight", torch::eye(2)},
                              {"project_0.bias", torch::zeros({2})},
                              {"project_1.weight", torch::tensor({{1.0F}, {0.0F}})},
                              {"project_1.bias", torch::tensor({0.0F, 1.0F})},
                              {"attend.weight", torch::tensor({{0.5F, 0.0F}, {0.0F, 0.25F}})},
                              {"score.weight", torch::tensor({{1.0F, -1.0F}})},
                              {"out.weight", torch::tensor({{1.0F, 0.0F}, {1.0F, -1.0F}})},
                              {"out.bias", torch::tensor({0.5F, 0.0F})}});
  }
  std::shared_ptr<Fusion> fusion_;
  std::vector<Feature> features_ = pooled_features({torch::tensor({{1.0F, 2.0F}}), torch::tensor({{3.0F}})});
  Tensor present_ = all_present(1, 2);
};

TEST_F(AttentionExample, PoolsByScore) { expect_logits(fusion_->forward(features_, present_), {2.818624, 0.977936}); }

TEST_F(AttentionExample, OwnLogitsPoolOneModality) {
  const std::vector<Tensor> logits = fusion_->unimodal_logits(features_, present_);
  expect_logits(logits[0], {1.5, -1});
  expect_logits(logits[1], {3.5, 2});
}

TEST_F(AttentionExample, OnlyWhatIsThereIsWeighed) {
  remove_modality(features_, present_, 1);
  expect_logits(fusion_->forward(features_, present_), {1.5, -1});
  expect_logits(fusion_->unimodal_logits(features_, present_)[1], {0.5, 0});
}

TEST_F(AttentionExample, ARowWithNothingLeavesTheBias) {
  remove_modality(features_, present_, 0);
  remove_modality(features_, present_, 1);
  const Tensor fused = fusion_->forward(features_, present_);
  expect_logits(fused, {0.5, 0});
  fused.sum().backward();
  for (const auto& item : fusion_->named_parameters()) {
    const Tensor gradient = item.value().grad();
    ASSERT_TRUE(gradient.defined()) << item.key();
    EXPECT_EQ(gradient.abs().max().item<double>(), item.key() == "out.bias" ? 1 : 0) << item.key();
  }
}

TEST_F(AttentionExample, RowsOfABatchAreWeighedEachByItself) {
  const std::vector<Feature> z = pooled_features(
      {torch::tensor({{1.0F, 2.0F}, {1.0F, 2.0F}, {0.0F, 0.0F}}), torch::tensor({{3.0F}, {0.0F}, {0.0F}})});
  const Tensor present = torch::tensor({{true, true}, {true, false}, {false, false}});
  const Tensor fused = fusion_->forward(z, present);
  expect_logits(fused.slice(0, 0, 1), {2.818624, 0.977936});
  expect_logits(fused.slice(0, 1, 2), {1.5, -1});
  expect_logits(fused.slice(0, 2, 3), {0.5, 0});
}

TEST_F(AttentionExample, ProjectionsAreTheirModalitys) {
  EXPECT_EQ(owners(*fusion_), (std::map<std::string, std::optional<int64_t>>{{"project_0.weight", 0},
                                                                             {"project_0.bias", 0},
                                                                             {"project_1.weight", 1},
                                                                             {"project_1.bias", 1},
                                                                             {"attend.weight", std::nullopt},
                                                                             {"score.weight", std::nullopt},
                                                                             {"out.weight", std::nullopt},
                                                                             {"out.bias", std::nullopt}}));
}

// M projections of the widest, U, v and the head.
TEST(Attention, ParameterCount) {
  EXPECT_EQ(parameter_count(*make_fusion("attention", {512, 512}, 6)), 791046);
  EXPECT_EQ(parameter_count(*make_fusion("attention", {1, 3, 2}, 2)),
            (1 * 3 + 3) + (3 * 3 + 3) + (2 * 3 + 3) + 3 * 3 + 3 + (3 * 2 + 2));
  EXPECT_EQ(parameter_count(*make_fusion("attention:width=1", {1, 3}, 2)), (1 + 1) + (3 + 1) + 1 + 1 + (2 + 2));
}

TEST(Attention, AbsentRowsTeachTheirModalityNothing) {
  expect_absent_rows_teach_nothing("attention", {2, 3});
  expect_absent_rows_teach_nothing("attention", {2, 3, 1});
}

TEST(Attention, OneModalityHasALinearHead) { expect_linear_head("attention"); }

}  // namespace
}  // namespace pdmp::testing

#include <gtest/gtest.h>

#include "support/fusion.h"

namespace pdmp::testing {
namespace {

// The projections of models.md 2.6, h_1 = (1, 2) and h_2 = (0, 3): gated (0.5, 1.905148) and (0, 2.642391).
class GatedPair : public ::testing::Test {
 protected:
  GatedPair() : fusion_(make_fusion("gated_symmetric", {2, 2})) {
    set_parameters(*fusion_, {{"project_0.weight", torch::eye(2)},
                              {"project_0.bias", torch::zeros({2})},
                              {"project_1.weight", torch::tensor({{0.0F, 1.0F}, {1.0F, 0.0F}})},
                              {"project_1.bias", torch::tensor({1.0F, 0.0F})},
                              {"out.weight", torch::tensor({{1.0F, 2.0F, 1.0F, 0.0F}, {0.0F, -1.0F, 0.0F, 1.0F}})},
                              {"out.bias", torch::tensor({0.5F, 0.0F})}});
  }
  std::shared_ptr<Fusion> fusion_;
  std::vector<Feature> features_ = pooled_features({torch::tensor({{1.0F, 2.0F}}), torch::tensor({{3.0F, -1.0F}})});
  Tensor present_ = all_present(1, 2);
};

TEST_F(GatedPair, EachOpensTheGateOfTheOther) {
  expect_logits(fusion_->forward(features_, present_), {4.810297, 0.737243});
}

// Half open gates: (0.5, 1) with nothing beside it, and (0, 1.5).
TEST_F(GatedPair, OwnLogitsAreThoseOfTheModalityAlone) {
  const std::vector<Tensor> logits = fusion_->unimodal_logits(features_, present_);
  expect_logits(logits[0], {3, -1});
  expect_logits(logits[1], {0.5, 1.5});
  remove_modality(features_, present_, 1);
  expect_logits(fusion_->forward(features_, present_), {3, -1});
  expect_logits(fusion_->unimodal_logits(features_, present_)[1], {0.5, 0});
}

TEST_F(GatedPair, ProjectionsAreTheirModalitys) {
  EXPECT_EQ(owners(*fusion_), (std::map<std::string, std::optional<int64_t>>{{"project_0.weight", 0},
                                                                             {"project_0.bias", 0},
                                                                             {"project_1.weight", 1},
                                                                             {"project_1.bias", 1},
                                                                             {"out.weight", std::nullopt},
                                                                             {"out.bias", std::nullopt}}));
}

// h = 2, 3, -1. Gates: sigmoid of (3 - 1)/2, (2 - 1)/2, (2 + 3)/2; without the second, of -1 and 2.
TEST(GatedSymmetric, ThreeModalitiesTakeTheMeanOfTheOthersThatAreThere) {
  const auto fusion = make_fusion("gated_symmetric", {1, 1, 1});
  const Tensor one = torch::ones({1, 1}), none = torch::zeros({1});
  set_parameters(*fusion, {{"project_0.weight", one},
                           {"project_0.bias", none},
                           {"project_1.weight", one},
                           {"project_1.bias", none},
                           {"project_2.weight", one},
                           {"project_2.bias", none},
                           {"out.weight", torch::tensor({{1.0F, 1.0F, 1.0F}, {1.0F, -1.0F, 2.0F}})},
                           {"out.bias", torch::zeros({2})}});
  std::vector<Feature> z =
      pooled_features({torch::tensor({{2.0F}}), torch::tensor({{3.0F}}), torch::tensor({{-1.0F}})});
  Tensor present = all_present(1, 3);
  expect_logits(fusion->forward(z, present), {2.405353, -2.253544});
  remove_modality(z, present, 1);
  expect_logits(fusion->forward(z, present), {-0.342914, -1.223711});
}

TEST(GatedSymmetric, ParameterCount) {
  EXPECT_EQ(parameter_count(*make_fusion("gated_symmetric", {512, 512}, 6)), 531462);
  EXPECT_EQ(parameter_count(*make_fusion("gated_symmetric", {1, 3, 2}, 2)),
            (1 * 3 + 3) + (3 * 3 + 3) + (2 * 3 + 3) + (9 * 2 + 2));
  EXPECT_EQ(parameter_count(*make_fusion("gated_symmetric:width=1", {1, 3}, 2)), (1 + 1) + (3 + 1) + (2 * 2 + 2));
}

TEST(GatedSymmetric, AbsentRowsTeachTheirModalityNothing) {
  expect_absent_rows_teach_nothing("gated_symmetric", {2, 3});
  expect_absent_rows_teach_nothing("gated_symmetric", {2, 3, 1});
}

TEST(GatedSymmetric, OneModalityHasALinearHead) { expect_linear_head("gated_symmetric"); }

}  // namespace
}  // namespace pdmp::testing

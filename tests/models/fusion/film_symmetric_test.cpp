#include <gtest/gtest.h>

#include "support/fusion.h"

namespace pdmp::testing {
namespace {

// Two modalities, x = (1, 2) and y = (3). From x: gamma 1, beta 3 for y. From y: gamma (3, 2), beta (0, 3) for x.
// Modulated: (3, 7) and (6).
class FilmPair : public ::testing::Test {
 protected:
  FilmPair() : fusion_(make_fusion("film_symmetric", {2, 1})) {
    set_parameters(*fusion_, {{"generator_0.weight", torch::eye(2)},
                              {"generator_0.bias", torch::tensor({0.0F, 1.0F})},
                              {"generator_1.weight", torch::tensor({{1.0F}, {0.0F}, {0.0F}, {1.0F}})},
                              {"generator_1.bias", torch::tensor({0.0F, 2.0F, 0.0F, 0.0F})},
                              {"out.weight", torch::tensor({{1.0F, 0.0F, 1.0F}, {0.0F, 1.0F, -1.0F}})},
                              {"out.bias", torch::tensor({0.5F, 0.0F})}});
  }
  std::shared_ptr<Fusion> fusion_;
  std::vector<Feature> features_ = pooled_features({torch::tensor({{1.0F, 2.0F}}), torch::tensor({{3.0F}})});
  Tensor present_ = all_present(1, 2);
};

TEST_F(FilmPair, EachModulatesTheOther) { expect_logits(fusion_->forward(features_, present_), {9.5, 1}); }

// x alone: (1, 2) as it is and beta 3 in the place of y. y alone: beta (0, 3) in the place of x, and (3).
TEST_F(FilmPair, OwnLogitsAreThoseOfTheModalityAlone) {
  const std::vector<Tensor> logits = fusion_->unimodal_logits(features_, present_);
  expect_logits(logits[0], {4.5, -1});
  expect_logits(logits[1], {3.5, 0});
  remove_modality(features_, present_, 1);
  expect_logits(fusion_->forward(features_, present_), {4.5, -1});
  expect_logits(fusion_->unimodal_logits(features_, present_)[1], {0.5, 0});
}

TEST_F(FilmPair, GeneratorsAreTheirModalitys) {
  EXPECT_EQ(owners(*fusion_), (std::map<std::string, std::optional<int64_t>>{{"generator_0.weight", 0},
                                                                             {"generator_0.bias", 0},
                                                                             {"generator_1.weight", 1},
                                                                             {"generator_1.bias", 1},
                                                                             {"out.weight", std::nullopt},
                                                                             {"out.bias", std::nullopt}}));
}

// Three numbers, 2, 3 and -1. [gamma; beta] from 0: (2, 0) for 1, (0, 2) for 2; from 1: (0, 3) for 0, (3, 0) for 2;
// from 2: (-1, -1) for 0, (4, 1) for 1. Means of two: (-0.5, 1), (3, 0.5), (1.5, 1); modulated: 0, 9.5, -0.5.
TEST(FilmSymmetric, ThreeModalitiesTakeTheMeanOfTheOthersThatAreThere) {
  const auto fusion = make_fusion("film_symmetric", {1, 1, 1});
  set_parameters(*fusion, {{"generator_0.weight", torch::tensor({{1.0F}, {0.0F}, {0.0F}, {1.0F}})},
                           {"generator_0.bias", torch::zeros({4})},
                           {"generator_1.weight", torch::tensor({{0.0F}, {1.0F}, {1.0F}, {0.0F}})},
                           {"generator_1.bias", torch::zeros({4})},
                           {"generator_2.weight", torch::tensor({{1.0F}, {1.0F}, {0.0F}, {0.0F}})},
                           {"generator_2.bias", torch::tensor({0.0F, 0.0F, 4.0F, 1.0F})},
                           {"out.weight", torch::tensor({{1.0F, 1.0F, 1.0F}, {1.0F, -1.0F, 2.0F}})},
                           {"out.bias", torch::zeros({2})}});
  std::vector<Feature> z =
      pooled_features({torch::tensor({{2.0F}}), torch::tensor({{3.0F}}), torch::tensor({{-1.0F}})});
  Tensor present = all_present(1, 3);
  expect_logits(fusion->forward(z, present), {9, -10.5});
  remove_modality(z, present, 1);  // modulated: -3, 0.5, 2
  expect_logits(fusion->forward(z, present), {-0.5, 0.5});
}

TEST(FilmSymmetric, ParameterCount) {
  EXPECT_EQ(parameter_count(*make_fusion("film_symmetric", {512, 512}, 6)), 1056774);
  // Generators to two others each, and a head over all.
  EXPECT_EQ(parameter_count(*make_fusion("film_symmetric", {1, 2, 3}, 2)),
            (1 * 10 + 10) + (2 * 8 + 8) + (3 * 6 + 6) + (6 * 2 + 2));
}

TEST(FilmSymmetric, AbsentRowsTeachTheirModalityNothing) {
  expect_absent_rows_teach_nothing("film_symmetric", {2, 3});
  expect_absent_rows_teach_nothing("film_symmetric", {2, 3, 1});
}

TEST(FilmSymmetric, OneModalityHasALinearHead) { expect_linear_head("film_symmetric"); }

}  // namespace
}  // namespace pdmp::testing

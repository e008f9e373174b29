#include <gtest/gtest.h>

#include "support/expect_error.h"
#include "support/fusion.h"

namespace pdmp::testing {
namespace {

// models.md 2.6, seen through layers that change nothing.
TEST(FilmBilinear, ProductsAreRowMajor) {
  const auto fusion = make_fusion("film_bilinear:width=4", {2, 2}, 4);
  set_parameters(*fusion, {{"products.weight", torch::eye(4)},
                           {"products.bias", torch::zeros({4})},
                           {"out.weight", torch::eye(4)},
                           {"out.bias", torch::zeros({4})}});
  const std::vector<Feature> z = pooled_features({torch::tensor({{1.0F, 2.0F}}), torch::tensor({{3.0F, -1.0F}})});
  expect_logits(fusion->forward(z, all_present(1, 2)), {3, -1, 6, -2});
}

std::shared_ptr<Fusion> example(const std::vector<int64_t>& widths, const Tensor& products) {
  auto fusion = make_fusion("film_bilinear:width=2", widths);
  set_parameters(*fusion, {{"products.weight", products},
                           {"products.bias", torch::tensor({0.0F, 1.0F})},
                           {"out.weight", torch::tensor({{1.0F, 2.0F}, {0.0F, -1.0F}})},
                           {"out.bias", torch::tensor({0.5F, 0.0F})}});
  return fusion;
}

// h = (p_0 + p_3, p_1 - p_2 + 1) of the products p: (1, -6) of x and y, (5, 1) of x with itself, (10, 1) of y.
TEST(FilmBilinear, OwnLogitsPairAModalityWithItself) {
  const auto fusion = example({2, 2}, torch::tensor({{1.0F, 0.0F, 0.0F, 1.0F}, {0.0F, 1.0F, -1.0F, 0.0F}}));
  std::vector<Feature> z = pooled_features({torch::tensor({{1.0F, 2.0F}}), torch::tensor({{3.0F, -1.0F}})});
  Tensor present = all_present(1, 2);
  expect_logits(fusion->forward(z, present), {-10.5, 6});
  const std::vector<Tensor> logits = fusion->unimodal_logits(z, present);
  expect_logits(logits[0], {7.5, -1});
  expect_logits(logits[1], {12.5, -1});

  remove_modality(z, present, 0);  // the biases alone: h = (0, 1)
  expect_logits(fusion->forward(z, present), {2.5, -1});
  expect_logits(fusion->unimodal_logits(z, present)[0], {2.5, -1});
  expect_logits(fusion->unimodal_logits(z, present)[1], {12.5, -1});
}

// p = (3, 6), h = (9, -2); alone neither has a product.
TEST(FilmBilinear, UnequalWidthsHaveNothingToSayAlone) {
  const auto fusion = example({2, 1}, torch::tensor({{1.0F, 1.0F}, {1.0F, -1.0F}}));
  const std::vector<Feature> z = pooled_features({torch::tensor({{1.0F, 2.0F}}), torch::tensor({{3.0F}})});
  expect_logits(fusion->forward(z, all_present(1, 2)), {5.5, 2});
  for (const Tensor& logits : fusion->unimodal_logits(z, all_present(1, 2))) expect_logits(logits, {2.5, -1});
}

int64_t expected_count(int64_t first, int64_t second, int64_t width, int64_t classes) {
  return first * second * width + width + width * classes + classes;
}

// models.md 2.3 gives the count at 512; half a gigabyte is not built for it, only its formula checked.
TEST(FilmBilinear, ParameterCount) {
  EXPECT_EQ(expected_count(512, 512, 512, 6), 134221318);
  EXPECT_EQ(parameter_count(*make_fusion("film_bilinear", {7, 5}, 6)), expected_count(7, 5, 5, 6));
  EXPECT_EQ(parameter_count(*make_fusion("film_bilinear:width=3", {7, 5}, 4)), expected_count(7, 5, 3, 4));
  EXPECT_EQ(parameter_count(*make_fusion("film_bilinear", {32, 32}, 6)), expected_count(32, 32, 32, 6));
}

TEST(FilmBilinear, EverythingIsShared) {
  for (const auto& [name, owner] : owners(*make_fusion("film_bilinear", {2, 3})))
    EXPECT_EQ(owner, std::nullopt) << name;
}

TEST(FilmBilinear, OneModalityHasALinearHead) { expect_linear_head("film_bilinear"); }

TEST(FilmBilinear, RefusesThreeModalities) {
  expect_error(ErrorKind::usage, {"film_bilinear: expected at most two", "found 3", "`modalities`", "film_symmetric"},
               [] {
                 make_fusion("film_bilinear", {2, 2, 2});
               });
}

}  // namespace
}  // namespace pdmp::testing

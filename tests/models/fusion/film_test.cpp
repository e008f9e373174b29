#include <gtest/gtest.h>

#include "support/expect_error.h"
#include "support/fusion.h"

namespace pdmp::testing {
namespace {

// models.md 2.6: gamma = (1, 2), beta = (3, 1), gamma * y + beta = (6, -1).
class FilmExample : public ::testing::Test {
 protected:
  static std::shared_ptr<Fusion> film(const std::string& spec) {
    auto fusion = make_fusion(spec, {2, 2});
    set_parameters(*fusion,
                   {{"generator.weight", torch::tensor({{1.0F, 0.0F}, {0.0F, 1.0F}, {0.0F, 1.0F}, {1.0F, 0.0F}})},
                    {"generator.bias", torch::tensor({0.0F, 0.0F, 1.0F, 0.0F})},
                    {"out.weight", torch::tensor({{1.0F, 2.0F}, {0.0F, -1.0F}})},
                    {"out.bias", torch::tensor({0.5F, 0.0F})}});
    return fusion;
  }
  std::vector<Feature> features_ = pooled_features({torch::tensor({{1.0F, 2.0F}}), torch::tensor({{3.0F, -1.0F}})});
  Tensor present_ = all_present(1, 2);
};

TEST_F(FilmExample, FirstScalesAndShiftsTheSecond) {
  expect_logits(film("film")->forward(features_, present_), {4.5, 1});
}

// models.md 4.
TEST_F(FilmExample, SplitLogits) {
  const std::vector<Tensor> logits = film("film")->unimodal_logits(features_, present_);
  expect_logits(logits[0], {5.25, -1});
  expect_logits(logits[1], {-0.75, 2});
}

TEST_F(FilmExample, SelfLogits) {
  const auto fusion = film("film:unimodal=self");
  expect_logits(fusion->forward(features_, present_), {4.5, 1});
  const std::vector<Tensor> logits = fusion->unimodal_logits(features_, present_);
  expect_logits(logits[0], {14.5, -5});
  expect_logits(logits[1], {17.5, -4});
}

TEST_F(FilmExample, WithoutTheFirstNothingIsModulated) {
  remove_modality(features_, present_, 0);
  expect_logits(film("film")->forward(features_, present_), {1.5, 1});  // Wo y + b
  const std::vector<Tensor> logits = film("film")->unimodal_logits(features_, present_);
  expect_logits(logits[0], {0.25, 0});
  expect_logits(logits[1], {1.25, 1});
  expect_logits(film("film:unimodal=self")->unimodal_logits(features_, present_)[0], {0.5, 0});
}

TEST_F(FilmExample, WithoutTheSecondTheShiftRemains) {
  remove_modality(features_, present_, 1);
  expect_logits(film("film")->forward(features_, present_), {5.5, -1});  // Wo beta + b
}

TEST_F(FilmExample, GeneratorIsTheFirstModalitys) {
  EXPECT_EQ(
      owners(*film("film")),
      (std::map<std::string, std::optional<int64_t>>{
          {"generator.weight", 0}, {"generator.bias", 0}, {"out.weight", std::nullopt}, {"out.bias", std::nullopt}}));
}

// models.md 2.3.
TEST(Film, ParameterCount) { EXPECT_EQ(parameter_count(*make_fusion("film", {512, 512}, 6)), 528390); }

TEST(Film, SplitLogitsSumToTheFusedOnes) {
  expect_sum_is_fused(*make_fusion("film", {3, 5}), random_features(4, {3, 5}), all_present(4, 2));
}

TEST(Film, AbsentRowsTeachTheirModalityNothing) { expect_absent_rows_teach_nothing("film", {2, 3}); }

TEST(Film, OneModalityHasALinearHead) {
  expect_linear_head("film");
  expect_linear_head("film:unimodal=self");
}

TEST(Film, RefusalsExplain) {
  expect_error(ErrorKind::usage, {"film: expected at most two", "found 3", "`modalities`", "film_symmetric"}, [] {
    make_fusion("film", {2, 2, 2});
  });
  expect_error(ErrorKind::usage, {"film: unimodal=self", "3 and 2", "unimodal=split"}, [] {
    make_fusion("film:unimodal=self", {3, 2});
  });
  expect_error(ErrorKind::usage, {"film:unimodal", "'half'", "split", "self"}, [] {
    make_fusion("film:unimodal=half", {2, 2});
  });
}

}  // namespace
}  // namespace pdmp::testing

#include <gtest/gtest.h>

#include "support/expect_error.h"
#include "support/fusion.h"

namespace pdmp::testing {
namespace {

// models.md 2.6: h_1 = (1, 2), h_2 = (0, 3).
class GatedExample : public ::testing::Test {
 protected:
  static std::shared_ptr<Fusion> gated(const std::string& spec) {
    auto fusion = make_fusion(spec, {2, 2});
    set_parameters(*fusion, {{"project_0.weight", torch::eye(2)},
                             {"project_0.bias", torch::zeros({2})},
                             {"project_1.weight", torch::tensor({{0.0F, 1.0F}, {1.0F, 0.0F}})},
                             {"project_1.bias", torch::tensor({1.0F, 0.0F})},
                             {"out.weight", torch::tensor({{1.0F, 2.0F}, {0.0F, -1.0F}})},
                             {"out.bias", torch::tensor({0.5F, 0.0F})}});
    return fusion;
  }
  std::vector<Feature> features_ = pooled_features({torch::tensor({{1.0F, 2.0F}}), torch::tensor({{3.0F, -1.0F}})});
  Tensor present_ = all_present(1, 2);
};

TEST_F(GatedExample, FirstOpensTheGateOfTheSecond) {
  expect_logits(gated("gated")->forward(features_, present_), {5.784782, -2.642391});
}

// sigmoid(h_2) * h_1 = (0.5, 1.905148)
TEST_F(GatedExample, RolesCanBeSwapped) {
  expect_logits(gated("gated:gate=second")->forward(features_, present_), {4.810297, -1.905148});
}

// models.md 4; the same for both roles.
TEST_F(GatedExample, OwnLogitsOpenTheirOwnGate) {
  for (const std::string spec : {"gated", "gated:gate=second"}) {
    const std::vector<Tensor> logits = gated(spec)->unimodal_logits(features_, present_);
    expect_logits(logits[0], {4.754247, -1.761594});
    expect_logits(logits[1], {6.215444, -2.857722});
  }
}

TEST_F(GatedExample, GateOfAnAbsentModalityStandsHalfOpen) {
  remove_modality(features_, present_, 0);
  expect_logits(gated("gated")->forward(features_, present_), {3.5, -1.5});  // W (0, 1.5) + b
  expect_logits(gated("gated:gate=second")->forward(features_, present_), {0.5, 0});
  expect_logits(gated("gated")->unimodal_logits(features_, present_)[0], {0.5, 0});
}

TEST_F(GatedExample, ProjectionsAreTheirModalitys) {
  EXPECT_EQ(owners(*gated("gated")), (std::map<std::string, std::optional<int64_t>>{{"project_0.weight", 0},
                                                                                    {"project_0.bias", 0},
                                                                                    {"project_1.weight", 1},
                                                                                    {"project_1.bias", 1},
                                                                                    {"out.weight", std::nullopt},
                                                                                    {"out.bias", std::nullopt}}));
}

// models.md 2.4; the hidden width is the second feature's where nobody says.
TEST(Gated, ParameterCount) {
  EXPECT_EQ(parameter_count(*make_fusion("gated", {512, 512}, 6)), 528390);
  EXPECT_EQ(parameter_count(*make_fusion("gated", {5, 3}, 2)), (5 * 3 + 3) + (3 * 3 + 3) + (3 * 2 + 2));
  EXPECT_EQ(parameter_count(*make_fusion("gated:width=4", {5, 3}, 2)), (5 * 4 + 4) + (3 * 4 + 4) + (4 * 2 + 2));
}

TEST(Gated, AbsentRowsTeachTheirModalityNothing) {
  expect_absent_rows_teach_nothing("gated", {2, 3});
  expect_absent_rows_teach_nothing("gated:gate=second", {2, 3});
}

TEST(Gated, OneModalityHasALinearHead) { expect_linear_head("gated"); }

TEST(Gated, RefusesThreeModalities) {
  expect_error(ErrorKind::usage, {"gated: expected at most two", "found 3", "`modalities`", "gated_symmetric"}, [] {
    make_fusion("gated", {2, 2, 2});
  });
}

}  // namespace
}  // namespace pdmp::testing

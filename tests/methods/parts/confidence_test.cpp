// Fixture F1 of methods-modulation 0.8.
#include "methods/parts/confidence.h"

#include <cmath>
#include <gmock/gmock.h>

#include "methods/branch_fixture.h"

namespace pdmp::methods {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using namespace testing;  // pdmp::testing

TEST(Confidence, ReferenceValues) {
  const Tensor present = torch::ones({2, 3}, torch::kBool);
  EXPECT_THAT(mean_confidence(branch_logits(3), present, branch_labels()),
              ElementsAre(DoubleNear(1.611856 / 2, 1e-6), DoubleNear(.5, 1e-12), DoubleNear(1.221516 / 2, 1e-6)));
  EXPECT_THAT(mean_cross_entropy(branch_logits(3), present, branch_labels()),
              ElementsAre(DoubleNear(.220095, 1e-6), DoubleNear(.813262, 1e-6), DoubleNear(.680925, 1e-6)));
}

TEST(Confidence, CountsTheRowsThatHaveTheModality) {
  Tensor present = torch::ones({2, 3}, torch::kBool);
  present[0][0] = false;  // a: the second row only
  present.select(1, 1).fill_(false);
  const std::vector<double> confidence = mean_confidence(branch_logits(3), present, branch_labels());
  EXPECT_NEAR(confidence[0], .731059, 1e-6);
  EXPECT_TRUE(std::isnan(confidence[1]));
  EXPECT_NEAR(confidence[2], 1.221516 / 2, 1e-6);
  EXPECT_TRUE(std::isnan(mean_cross_entropy(branch_logits(3), present, branch_labels())[1]));
}

TEST(Confidence, FloorsTheProbability) {
  const std::vector<Tensor> sure = {torch::tensor({{1000.0, 0.0}}, torch::kDouble)};
  const Tensor present = torch::ones({1, 1}, torch::kBool), wrong = torch::ones({1}, torch::kInt64);
  EXPECT_NEAR(mean_cross_entropy(sure, present, wrong)[0], 18.420681, 1e-6);  // -log 1e-8
}

TEST(Confidence, KeepsNoGraphAndWidensHalfPrecision) {
  Tensor logits = torch::tensor({{2.0f, 0.0f}}, torch::kFloat32).requires_grad_();
  const Tensor present = torch::ones({1, 1}, torch::kBool), label = torch::zeros({1}, torch::kInt64);
  EXPECT_NEAR(mean_confidence({logits.to(torch::kBFloat16)}, present, label)[0], .880797, 1e-6);
}

}  // namespace
}  // namespace pdmp::methods

#include "data/loader/modality_dropout.h"

#include <cmath>
#include <gtest/gtest.h>

#include "pdmp/torch.h"

namespace pdmp::data {
namespace {

TEST(ModalityDropout, ZeroLeavesEverything) {
  RandomStream random(1);
  const Tensor present = torch::tensor({1, 0, 1, 1, 0, 0}).reshape({3, 2}).to(torch::kBool);
  EXPECT_TRUE(drop_modalities(present, 0, random).equal(present));
}

TEST(ModalityDropout, TakesAwayThatShareAndNeverTheLast) {
  RandomStream random(1);
  constexpr int64_t kRows = 20000;
  constexpr double kProbability = 0.3;
  const Tensor present = torch::ones({kRows, 3}, torch::kBool), before = present.clone();
  const Tensor left = drop_modalities(present, kProbability, random);
  EXPECT_TRUE(present.equal(before));
  EXPECT_TRUE(left.any(1).all().item<bool>());
  // A sample that would lose all three keeps one of them at random.
  const double expected = kProbability - std::pow(kProbability, 3) / 3;
  const Tensor shares = left.logical_not().to(torch::kDouble).mean(0);
  for (int64_t m = 0; m < 3; ++m) EXPECT_NEAR(shares[m].item<double>(), expected, 0.01) << m;
}

TEST(ModalityDropout, NobodyGetsWhatHeLacked) {
  RandomStream random(1);
  Tensor present = torch::zeros({1000, 3}, torch::kBool);
  present.select(1, 1).fill_(true);                // one modality: it stays
  present.slice(0, 500).select(1, 2).fill_(true);  // two
  present.slice(0, 990).fill_(false);              // none: none is made up
  const Tensor left = drop_modalities(present, 0.9, random);
  EXPECT_FALSE(left.logical_and(present.logical_not()).any().item<bool>());
  EXPECT_TRUE(left.slice(0, 0, 500).equal(present.slice(0, 0, 500)));
  EXPECT_TRUE(left.slice(0, 500, 990).sum(1).ge(1).all().item<bool>());
  EXPECT_TRUE(left.slice(0, 500, 990).sum(1).eq(1).any().item<bool>());
  EXPECT_FALSE(left.slice(0, 990).any().item<bool>());
}

TEST(ModalityDropout, IsAFunctionOfTheStream) {
  const Tensor present = torch::ones({64, 2}, torch::kBool);
  RandomStream a = random_stream(3, "x"), b = random_stream(3, "x"), c = random_stream(3, "y");
  const Tensor first = drop_modalities(present, 0.5, a);
  EXPECT_TRUE(first.equal(drop_modalities(present, 0.5, b)));
  EXPECT_FALSE(first.equal(drop_modalities(present, 0.5, c)));
}

}  // namespace
}  // namespace pdmp::data

#include "data/features/resample.h"

#include <cmath>
#include <gtest/gtest.h>
#include <utility>

#include "pdmp/torch.h"
#include "support/expect_error.h"

namespace pdmp::data {
namespace {

// 0.6 sin(2 pi 440 n / 16000) + 0.3 cos(2 pi 3000 n / 16000).
Tensor two_tones(int64_t count) {
  const Tensor n = torch::arange(count, torch::kFloat64) * (2 * M_PI / 16000);
  return (0.6 * torch::sin(440 * n) + 0.3 * torch::cos(3000 * n)).to(torch::kFloat32);
}

void expect_values(const Tensor& found, const std::vector<std::pair<int64_t, double>>& expected) {
  for (const auto& [index, value] : expected) EXPECT_NEAR(found[index].item<double>(), value, 1e-6) << index;
}

// Reference: resampy 0.4.2.
TEST(Resample, GivesReferenceValuesUpwards) {
  const Tensor y = resample(two_tones(16000), 16000, 22050);
  ASSERT_EQ(y.size(0), 22050);
  expect_values(y, {{0, 0.28976464},
                    {1, 0.29267058},
                    {2, 0.09668797},
                    {3, -0.03446928},
                    {100, -0.25362951},
                    {1000, 0.11396493},
                    {11025, 0.29999995},
                    {22000, 0.10614337},
                    {22048, -0.15274723},
                    {22049, 0.04286528}});
  EXPECT_NEAR(y.to(torch::kFloat64).square().sum().item<double>(), 4961.2355, 1e-3);
}

TEST(Resample, GivesReferenceValuesDownwards) {
  const Tensor y = resample(two_tones(16000).slice(0, 0, 8000), 44100, 16000);
  ASSERT_EQ(y.size(0), 2903);  // 2,902 samples, and a zero that fixes the length
  expect_values(
      y, {{0, 0.07886976}, {1, 0.22165419}, {100, -0.28803119}, {1000, -0.57418394}, {2901, -0.37162015}, {2902, 0}});
}

TEST(Resample, LengthIsRoundedUp) {
  for (const auto& [before, after] : {std::pair{35000, 48235}, {38000, 52369}, {48000, 66150}, {41234, 56826}}) {
    EXPECT_EQ(resample(torch::zeros({before}), 16000, 22050).size(0), after);
  }
  EXPECT_EQ(resample(torch::ones({1}), 48000, 16000).size(0), 1);
}

TEST(Resample, LeavesEqualRatesAlone) {
  const Tensor x = two_tones(100);
  EXPECT_TRUE(torch::equal(resample(x, 16000, 16000), x));
}

// A tone below both Nyquist frequencies stays the tone it is; one above the lower one disappears.
TEST(Resample, KeepsTonesAndRemovesAliases) {
  const auto tone = [](double hertz, int64_t rate) {
    return torch::sin(torch::arange(rate, torch::kFloat64) * (2 * M_PI * hertz / static_cast<double>(rate)))
        .to(torch::kFloat32);
  };
  const Tensor kept = resample(tone(1000, 44100), 44100, 16000);
  EXPECT_LT((kept - tone(1000, 16000)).slice(0, 500, 15500).abs().max().item<double>(), 1e-4);
  EXPECT_LT(resample(tone(12000, 44100), 44100, 16000).slice(0, 500, 15500).abs().max().item<double>(), 1e-4);
}

TEST(Resample, RefusesImpossibleRates) {
  testing::expect_error(ErrorKind::data, {"0 Hz"}, [] { resample(torch::zeros({4}), 0, 16000); });
  testing::expect_error(ErrorKind::data, {"factor of 8192"}, [] { resample(torch::zeros({4}), 100000, 10); });
}

}  // namespace
}  // namespace pdmp::data

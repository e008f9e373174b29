#include "data/features/spectrogram.h"

#include <cmath>
#include <gtest/gtest.h>

#include "pdmp/torch.h"
#include "support/expect_error.h"

namespace pdmp::data {
namespace {

// sin(2 pi 440 n / 22050) + 0.5 cos(0.01 n), in double, then float32.
Tensor reference_signal(int64_t count) {
  const Tensor n = torch::arange(count, torch::kFloat64);
  return (torch::sin(n * (2 * M_PI * 440 / 22050)) + 0.5 * torch::cos(0.01 * n)).to(torch::kFloat32);
}

void expect_values(const Tensor& found, const std::vector<std::pair<int64_t, double>>& expected) {
  for (const auto& [index, value] : expected) EXPECT_NEAR(found[index].item<double>(), value, 1e-12) << index;
}

TEST(Signal, IsTheReference) {
  const Tensor s = reference_signal(66150);
  const double expected[] = {0.5, 0.625025511, 0.748037875, 0.867104590, 0.980354607, 1.086007118};
  for (int64_t n = 0; n < 6; ++n) EXPECT_NEAR(s[n].item<double>(), expected[n], 1e-7);
  EXPECT_NEAR(s[66149].item<double>(), -0.216899157, 1e-7);
  EXPECT_EQ((s.abs() > 1).sum().item<int64_t>(), 16590);
}

TEST(HannWindow, GivesReferenceValues) {
  const Tensor w = hann_window(512);
  expect_values(w, {{0, 0},
                    {1, 0.000037649080428},
                    {2, 0.000150590651898},
                    {64, 0.146446609406726},
                    {128, 0.5},
                    {255, 0.999962350919572},
                    {256, 1}});
  EXPECT_NEAR(w.sum().item<double>(), 256, 1e-10);
  EXPECT_NEAR(w.square().sum().item<double>(), 192, 1e-10);
  expect_values(hann_window(256), {{1, 0.000150590651898}, {64, 0.5}});
  expect_values(symmetric_hann_window(5), {{0, 0}, {1, 0.5}, {2, 1}, {4, 0}});
}

TEST(Magnitude, IsTheAbsoluteValueWhicheverWayTheSpectrumLies) {
  torch::manual_seed(1);
  const Tensor frames = torch::randn({7, 33}, torch::kComplexFloat) * 1000;
  for (const Tensor& spectrum : {frames, frames.t()}) {
    const Tensor found = magnitude(spectrum);
    ASSERT_EQ(found.sizes(), spectrum.sizes());
    EXPECT_TRUE(torch::allclose(found, torch::abs(spectrum), 1e-6, 0));
  }
  EXPECT_EQ(magnitude(torch::zeros({1, 2}, torch::kComplexFloat)).sum().item<float>(), 0);
}

TEST(TukeyWindow, GivesReferenceValues) {
  const Tensor w = tukey_window(512, 0.25);
  expect_values(w, {{0, 0},
                    {1, 0.000602271897414},
                    {10, 0.059039367825823},
                    {32, 0.5},
                    {63, 0.999397728102586},
                    {64, 1},
                    {448, 1},
                    {449, 0.999397728102586},
                    {500, 0.084265193848727},
                    {511, 0.000602271897414}});
  EXPECT_EQ(w.slice(0, 64, 449).min().item<double>(), 1);
  EXPECT_NEAR(w.sum().item<double>(), 448, 1e-10);
  EXPECT_NEAR(w.square().sum().item<double>(), 432, 1e-10);
}

struct Bin {
  int64_t f, t;
  double real, imaginary;
};

// 1e-4 of the value where it is above 0.1.
void expect_bins(const Tensor& spectrum, const std::vector<Bin>& bins) {
  for (const Bin& bin : bins) {
    const auto close = [&](double found, double expected) {
      EXPECT_NEAR(found, expected, std::max(1e-4 * std::abs(expected), 1e-5)) << bin.f << ' ' << bin.t;
    };
    close(torch::real(spectrum)[bin.f][bin.t].item<double>(), bin.real);
    close(torch::imag(spectrum)[bin.f][bin.t].item<double>(), bin.imaginary);
  }
}

const std::vector<Bin> kInside = {{0, 1, -75.677513, 0},
                                  {10, 1, 33.878819, -119.46635},
                                  {10, 94, 93.215164, -82.051010},
                                  {11, 94, -63.606091, 55.953152},
                                  {12, 50, 6.2703638, -2.0506027}};

TEST(Stft, GivesReferenceValuesWithZeroPadding) {
  const Tensor spectrum = stft(reference_signal(66150), 512, 353, StftPad::zero);
  ASSERT_EQ(spectrum.sizes(), (std::vector<int64_t>{257, 188}));
  EXPECT_EQ(spectrum.scalar_type(), torch::kComplexFloat);
  expect_bins(spectrum, kInside);
  expect_bins(spectrum, {{0, 0, 49.160839, 0},
                         {1, 0, -40.944771, 21.185167},
                         {10, 0, 14.991612, -66.185287},
                         {100, 0, 0.15455699, -0.35503003},
                         {256, 0, 0.21861300, 0},
                         {256, 187, -0.034130726, 0},
                         {200, 187, -0.017496496, -0.032131691}});
}

TEST(Stft, GivesReferenceValuesWithReflection) {
  const Tensor spectrum = stft(reference_signal(66150), 512, 353, StftPad::reflect);
  ASSERT_EQ(spectrum.sizes(), (std::vector<int64_t>{257, 188}));
  expect_bins(spectrum, kInside);
  expect_bins(spectrum, {{0, 0, 97.821678, 0},
                         {1, 0, -81.389542, 0},
                         {10, 0, 29.483225, 0},
                         {100, 0, -0.19088604, 0},
                         {256, 0, -0.062773995, 0},
                         {256, 187, 0.026249580, 0},
                         {200, 187, 0.024550566, 0.016584475}});
}

TEST(Stft, RefusesSignalsShorterThanAFrame) {
  testing::expect_error(ErrorKind::data, {"512", "511"}, [] { stft(torch::zeros({511}), 512, 353, StftPad::none); });
  testing::expect_error(ErrorKind::data, {"257", "256"}, [] { stft(torch::zeros({256}), 512, 353, StftPad::reflect); });
}

TEST(PowerDensity, GivesReferenceValues) {
  const Tensor density = power_density(reference_signal(48000).clamp(-1, 1), 16000, 512, 159);
  ASSERT_EQ(density.sizes(), (std::vector<int64_t>{257, 299}));
  const struct {
    int64_t f, t;
    double value;
  } expected[] = {{0, 0, 8.074336711e-05},     {1, 0, 1.763802330e-03},    {10, 0, 1.033200455e-02},
                  {14, 0, 5.147623696e-05},    {14, 150, 5.517328604e-05}, {50, 150, 1.628146837e-07},
                  {128, 100, 1.972714008e-08}, {256, 298, 7.262106850e-11}};
  for (const auto& bin : expected)
    EXPECT_NEAR(density[bin.f][bin.t].item<double>() / bin.value, 1, 1e-6) << bin.f << ' ' << bin.t;
}

// Parseval: with a rectangular look the one-sided density sums to the power; here with the window's own norm.
TEST(PowerDensity, SumsToThePowerOfWindowedFrames) {
  const Tensor x = reference_signal(512).to(torch::kFloat64), w = tukey_window(512, 0.25);
  const double power = ((x - x.mean()) * w).square().sum().item<double>() / 432;
  const double total = power_density(x, 16000, 512, 159).sum().item<double>() * 16000 / 512;
  EXPECT_NEAR(total, power, 1e-12);
}

TEST(MelFilters, AreTrianglesBetweenHtkCorners) {
  const Tensor filters = mel_filters(64, 512, 16000, 20, 7600, MelTriangles::linear_in_hz);
  ASSERT_EQ(filters.sizes(), (std::vector<int64_t>{64, 257}));
  // First corners 20, 47.59612916, 76.24996158 Hz; bins at 0, 31.25, 62.5, 93.75 Hz.
  EXPECT_EQ(filters[0][0].item<double>(), 0);
  EXPECT_NEAR(filters[0][1].item<double>(), (31.25 - 20) / (47.59612916 - 20), 1e-8);
  EXPECT_NEAR(filters[0][2].item<double>(), (76.24996158 - 62.5) / (76.24996158 - 47.59612916), 1e-8);
  EXPECT_EQ(filters[0][3].item<double>(), 0);
  EXPECT_GT(filters.sum(1).min().item<double>(), 0.05);  // no band is empty
  EXPECT_EQ(filters[63][256].item<double>(), 0);
}

TEST(Standardise, HasZeroMeanAndUnitDeviation) {
  const Tensor z = standardise(torch::tensor({1.0, 2.0, 3.0, 6.0}, torch::kFloat64));
  EXPECT_NEAR(z.mean().item<double>(), 0, 1e-12);
  EXPECT_NEAR(z.square().mean().item<double>(), 1, 1e-8);
  EXPECT_NEAR(z[3].item<double>(), 3 / std::sqrt(3.5), 1e-8);
  EXPECT_EQ(standardise(torch::full({4}, 7.0)).abs().max().item<double>(), 0);
}

}  // namespace
}  // namespace pdmp::data

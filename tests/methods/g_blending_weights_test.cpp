// Numbers from methods-modulation 3.
#include <cmath>
#include <gtest/gtest.h>
#include <limits>

#include "methods/g_blending.h"

namespace pdmp::methods {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

void expect_near(const std::vector<double>& found, const std::vector<double>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-4 * std::abs(expected[i])) << i;
}

std::vector<HeadLosses> three_heads(double scale = 1) {
  return {{1.0 * scale, 1.2 * scale, .5 * scale, .9 * scale},
          {1.1 * scale, 1.2 * scale, .3 * scale, 1.0 * scale},
          {1.0 * scale, 1.1 * scale, .4 * scale, .7 * scale}};
}

TEST(Blend, ThreeHeads) {
  const Blend found = blend(three_heads(), {});
  expect_near(found.gain, {.3, .2, .4});
  expect_near(found.overfitting, {.2, .6, .2});
  expect_near(found.worth, {7.5, .555556, 10});
  expect_near(found.weights, {.415385, .030769, .553846});
  expect_near(blend(three_heads(), {.sum = 3}).weights, {3 * .415385, 3 * .030769, 3 * .553846});
}

TEST(Blend, OrderDoesNotMatter) {
  const std::vector<HeadLosses> heads = three_heads();
  expect_near(blend({heads[2], heads[0], heads[1]}, {}).weights, {.553846, .415385, .030769});
}

TEST(Blend, ScaleOfTheLossesDoesNotMatter) {
  const Blend found = blend(three_heads(5), {});
  expect_near(found.worth, {1.5, .111111, 2});
  expect_near(found.weights, {.415385, .030769, .553846});
}

TEST(Blend, NoOverfittingIsFinite) {
  const Blend found = blend({{1, 1, .5, .5}, {1, 1.2, .5, .9}}, {});
  expect_near(found.worth, {5000, 7.5});
  EXPECT_LT(found.weights[0], 1);
}

TEST(Blend, WithoutGainsAllAreAlike) {
  expect_near(blend({{1, 1, .5, 1.5}, {1, 1, .9, 1.1}}, {.sum = 2}).weights, {1, 1});
  // One that became worse gets the floor, not a reward for how much worse it is.
  expect_near(blend({{1, 1, .5, 1.5}, three_heads()[0]}, {}).worth, {1e-4, 7.5});
}

TEST(Blend, CapGivesTheRestToTheOthers) {
  const std::vector<HeadLosses> heads = {{1, 1, .5, .5}, three_heads()[0], three_heads()[2]};
  const std::vector<double> weights = blend(heads, {.sum = 3, .cap = .9}).weights;
  expect_near(weights, {2.7, .3 * 7.5 / 17.5, .3 * 10 / 17.5});
  expect_near(blend({{1, 1, .5, .5}, {kNan, kNan, kNan, kNan}}, {.cap = .9}).weights, {.9, .1});
}

TEST(Blend, HeadsThatCouldNotBeTriedWeighNothing) {
  const std::vector<double> weights = blend({{kNan, kNan, kNan, kNan}, three_heads()[0]}, {}).weights;
  EXPECT_EQ(weights[0], 0);
  EXPECT_EQ(weights[1], 1);
  expect_near(blend({{kNan, kNan, kNan, kNan}, {1, 1, kNan, kNan}}, {}).weights, {.5, .5});
}

}  // namespace
}  // namespace pdmp::methods

// Numbers from methods-collaborative 2.6, tests 1 and 2.
#include <gtest/gtest.h>
#include <limits>

#include "methods/mla.h"

namespace pdmp::methods {
namespace {

Tensor vector(std::vector<double> values) { return at::tensor(values, at::kDouble); }

void expect_matrix(const Tensor& found, const std::vector<double>& expected) {
  EXPECT_TRUE(at::allclose(found, vector(expected).reshape({2, 2}), 0, 1e-6)) << found;
}

TEST(ProjectOut, IsTheInverseOfWhatWasSeen) {
  const Tensor r = vector({1, 2}), other = vector({1, 0});
  const Tensor first = project_out(at::eye(2, at::kDouble), r, 0.1, MlaGm::owm);
  expect_matrix(first, {.803922, -.392157, -.392157, .215686});
  EXPECT_TRUE(at::allclose(at::linalg_eigvalsh(first), vector({.019608, 1}), 0, 1e-6));
  EXPECT_TRUE(at::allclose(first.mv(r), vector({.019608, .039216}), 0, 1e-6));
  const Tensor second = project_out(first, other, 0.1, MlaGm::owm);
  expect_matrix(second, {.088937, -.043384, -.043384, .045553});
  const Tensor seen = at::eye(2, at::kDouble) + 10 * (at::outer(r, r) + at::outer(other, other));
  EXPECT_TRUE(at::allclose(second, at::inverse(seen), 1e-9, 1e-12));
}

TEST(ProjectOut, LiteralFormIsNoProjection) {
  const Tensor found = project_out(at::eye(2, at::kDouble), vector({1, 2}), 0.1, MlaGm::literal);
  expect_matrix(found, {.090909, -.952381, -.952381, .024390});
  EXPECT_TRUE(at::allclose(at::linalg_eigvalsh(found), vector({-.895312, 1.010611}), 0, 1e-6));
}

TEST(ProjectOut, StaysSymmetricBitForBit) {
  Tensor projection = at::eye(24);
  for (int step = 0; step < 300; ++step) {
    const Tensor r = at::sin(at::arange(24) * (step + 1) * .7) * 3;
    projection = project_out(projection, r, 0.05, MlaGm::owm);
  }
  EXPECT_TRUE(projection.isfinite().all().item<bool>());
  EXPECT_TRUE(at::equal(projection, projection.t()));
}

TEST(ProjectOut, FeaturesThatSayNothingChangeNothing) {
  const Tensor before = project_out(at::eye(2, at::kDouble), vector({1, 2}), 0.1, MlaGm::owm);
  EXPECT_TRUE(at::equal(project_out(before, vector({0, 0}), 0.1, MlaGm::owm), before));
  const double inf = std::numeric_limits<double>::infinity();
  EXPECT_TRUE(at::equal(project_out(before, vector({inf, 1}), 0.1, MlaGm::owm), before));
  EXPECT_TRUE(at::equal(project_out(before, vector({inf, 1}), 0.1, MlaGm::literal), before));
}

TEST(ProjectOut, OffChangesNothing) {
  const Tensor before = project_out(at::eye(2, at::kDouble), vector({1, 2}), 0.1, MlaGm::owm);
  EXPECT_TRUE(at::equal(project_out(before, vector({2, 1}), 0.1, MlaGm::off), before));
}

}  // namespace
}  // namespace pdmp::methods

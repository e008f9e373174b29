// Numbers from methods-collaborative 1.6.
#include <cmath>
#include <gmock/gmock.h>

#include "methods/mmpareto.h"

namespace pdmp::methods {
namespace {

using Values = std::vector<double>;

Tensor vec(const Values& values) { return at::tensor(values, at::kDouble); }

void expect_values(const Tensor& tensor, const Values& expected) {
  ASSERT_EQ(tensor.numel(), static_cast<int64_t>(expected.size()));
  for (size_t i = 0; i < expected.size(); ++i)
    EXPECT_NEAR(tensor[static_cast<int64_t>(i)].item<double>(), expected[i], 2e-6) << i;
}

TEST(MergedGradient, Conflict) {
  const MergedGradient merged = merge_gradients({vec({1, 0})}, {vec({-1, 1})}, 1.5, MmParetoRescale::per_tensor);
  EXPECT_NEAR(merged.cosine, -.707107, 1e-6);
  EXPECT_NEAR(merged.weight, .6, 1e-12);
  EXPECT_TRUE(merged.conflict);
  EXPECT_NEAR(merged.stretch.item<double>(), 1.118034, 1e-6);
  expect_values(merged.tensors[0], {.670820, 1.341641});
}

TEST(MergedGradient, NoConflictIsTheSum) {
  const MergedGradient merged = merge_gradients({vec({1, 0})}, {vec({1, 1})}, 1.5, MmParetoRescale::per_tensor);
  EXPECT_EQ(merged.weight, .5);
  EXPECT_FALSE(merged.conflict);
  expect_values(merged.tensors[0], {3, 1.5});
  const Tensor f = vec({.1, .7}), o = vec({.3, -.01});
  EXPECT_TRUE(at::equal(merge_gradients({f}, {o}, 1, MmParetoRescale::per_encoder).tensors[0], f + o));
}

TEST(MergedGradient, PerTensorAndPerEncoder) {
  const std::vector<Tensor> fused = {vec({1, 0}), vec({.5})}, own = {vec({-3, 1}), vec({.5})};
  const MergedGradient tensors = merge_gradients(fused, own, 1.5, MmParetoRescale::per_tensor);
  EXPECT_NEAR(tensors.cosine, -.768273, 1e-6);
  EXPECT_NEAR(tensors.weight, .764706, 1e-6);
  expect_values(tensors.tensors[0], {.813489, 3.253957});
  expect_values(tensors.tensors[1], {1.5});
  const MergedGradient encoder = merge_gradients(fused, own, 1.5, MmParetoRescale::per_encoder);
  expect_values(encoder.tensors[0], {.388922, 1.555689});
  expect_values(encoder.tensors[1], {3.305839});
}

TEST(MergedGradient, AZeroGradientLeavesTheOther) {
  for (const Tensor& nothing : {vec({0, 0}), Tensor()}) {
    const MergedGradient merged = merge_gradients({nothing}, {vec({1, 1})}, 1.5, MmParetoRescale::per_tensor);
    EXPECT_EQ(merged.cosine, 0);
    EXPECT_EQ(merged.weight, .999);
    EXPECT_NEAR(merged.stretch.item<double>(), 500, 1e-6);
    expect_values(merged.tensors[0], {1.5, 1.5});
    expect_values(merge_gradients({vec({1, 1})}, {nothing}, 1.5, MmParetoRescale::per_tensor).tensors[0], {1.5, 1.5});
  }
  expect_values(merge_gradients({vec({0, 0})}, {vec({0, 0})}, 1.5, MmParetoRescale::per_encoder).tensors[0], {0, 0});
  EXPECT_FALSE(merge_gradients({Tensor()}, {Tensor()}, 1.5, MmParetoRescale::per_encoder).tensors[0].defined());
}

TEST(MergedGradient, ATensorThatCancelsStaysFinite) {
  // Weight 2/3, so that the second tensor's 2/3 * 1 + 1/3 * -2 is zero, or what rounding leaves of it.
  for (const MmParetoRescale rescale : {MmParetoRescale::per_tensor, MmParetoRescale::per_encoder}) {
    const MergedGradient merged = merge_gradients({vec({1}), vec({1})}, {vec({1}), vec({-2})}, 1.5, rescale);
    EXPECT_NEAR(merged.weight, 2.0 / 3, 1e-12);
    for (const Tensor& tensor : merged.tensors) EXPECT_TRUE(tensor.isfinite().all().item<bool>());
  }
}

TEST(MergedGradient, IsGoodForBothLossesAlike) {
  const Tensor f = at::sin(at::arange(50, at::kDouble) * 1.7), noise = at::sin(at::arange(50, at::kDouble) * 2.9);
  const Tensor o = noise - .5 * f;
  ASSERT_LT((f * o).sum().item<double>(), 0);
  const Tensor h = merge_gradients({f}, {o}, 1, MmParetoRescale::per_encoder).tensors[0];
  const double with_f = (h * f).sum().item<double>(), with_o = (h * o).sum().item<double>();
  EXPECT_GT(with_f, 0);
  EXPECT_NEAR(with_f / with_o, 1, 1e-9);
  EXPECT_NEAR(h.norm().item<double>(), (f + o).norm().item<double>(), 1e-9);
}

TEST(MergedGradient, GradientsThatAreNotFiniteAreAddedAsTheyAre) {
  const MergedGradient merged = merge_gradients({vec({INFINITY})}, {vec({-1})}, 1, MmParetoRescale::per_tensor);
  EXPECT_FALSE(merged.conflict);
  EXPECT_EQ(merged.weight, .5);
}

}  // namespace
}  // namespace pdmp::methods

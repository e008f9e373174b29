#include "optim/class_weights.h"

#include <gtest/gtest.h>

#include "pdmp/error.h"
#include "support/expect_error.h"

namespace pdmp::optim {
namespace {

// Three of class x, one of y, none of z.
TensorDataset train_data() {
  return {{{"a", "vector", {1}}}, {"x", "y", "z"}, {at::zeros({4, 1})}, at::tensor({0, 1, 0, 0}, at::kLong)};
}

Tensor weights(const std::string& text) { return class_weights(text, train_data()); }

TEST(ClassWeights, NoneBalancedOrOnePerClass) {
  EXPECT_FALSE(weights("none").defined());
  EXPECT_TRUE(weights("balanced").allclose(at::tensor({4.0 / 9, 4.0 / 3, 0.0}, at::kDouble)));  // n / (C n_c)
  EXPECT_TRUE(weights("1,2.5,0").equal(at::tensor({1.0, 2.5, 0.0}, at::kDouble)));
}

TEST(ClassWeights, RefusesWhatDoesNotFitTheClasses) {
  for (const char* text : {"1,2", "1,2,3,4", "1,2,-3", "1,,3", "1,2,nan", "1, 2, 3", "0,0,0", "balance", ""}) {
    testing::expect_error(ErrorKind::usage, {"`class-weights`", "3 classes", std::string("found '") + text + "'"},
                          [&] { weights(text); });
  }
}

}  // namespace
}  // namespace pdmp::optim

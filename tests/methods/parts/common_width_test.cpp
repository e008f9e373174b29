#include "methods/parts/common_width.h"

#include <gtest/gtest.h>

#include "methods/toy_model.h"

namespace pdmp::methods {
namespace {

using namespace testing;  // pdmp::testing

std::shared_ptr<Model> model_of(const std::string& a, const std::string& v) {
  ModelOptions options;
  options.encoders = {{"a", "mlp:hidden=" + a}, {"v", "mlp:hidden=" + v}};
  const std::vector<ModalityInfo> infos = {{"a", "vector", {2}}, {"v", "vector", {2}}};
  return std::make_shared<Model>(infos, 2, options, 0);
}

TEST(CommonWidth, NarrowFeaturesAreWidened) {
  CommonWidth widths(*model_of("3", "5"));
  EXPECT_EQ(widths.width(), 5);
  const auto parameters = widths.named_parameters();
  ASSERT_EQ(parameters.size(), 2u);
  EXPECT_EQ(parameters["a.weight"].sizes(), at::IntArrayRef({5, 3}));
  EXPECT_EQ(widths.forward(0, at::ones({4, 3})).sizes(), at::IntArrayRef({4, 5}));
  const Tensor wide = at::ones({4, 5});
  EXPECT_TRUE(widths.forward(1, wide).is_same(wide));
}

TEST(CommonWidth, EqualWidthsNeedNothing) { EXPECT_TRUE(CommonWidth(*model_of("3", "3")).parameters().empty()); }

TEST(WherePresent, AbsentRowsAreZero) {
  const Tensor present = at::tensor({1, 0, 0, 1}).to(at::kBool).reshape({2, 2});
  EXPECT_TRUE(at::equal(where_present(at::ones({2, 3}), present, 1),
                        at::tensor({0., 0., 0., 1., 1., 1.}, at::kFloat).reshape({2, 3})));
}

}  // namespace
}  // namespace pdmp::methods

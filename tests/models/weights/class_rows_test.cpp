#include "models/weights/class_rows.h"

#include <gtest/gtest.h>

#include "support/expect_error.h"

namespace pdmp::models {
namespace {

using Names = std::vector<std::string>;

TEST(ClassRows, SharedClassesAreFoundByName) {
  const SharedClasses shared({"dog", "bat", "cat"}, {"cat", "dog", "emu"});
  EXPECT_EQ(shared.positions_now, (std::vector<int64_t>{0, 2}));
  EXPECT_EQ(shared.positions_before, (std::vector<int64_t>{1, 0}));
  EXPECT_EQ(shared.added, Names{"bat"});
  EXPECT_EQ(shared.dropped, Names{"emu"});
}

// A linear layer on two features.
std::shared_ptr<torch::nn::Module> head(int64_t classes) {
  auto module = std::make_shared<torch::nn::Module>();
  module->register_parameter("weight", torch::full({classes, 2}, -1.0f));
  module->register_buffer("mean", torch::zeros({2}));
  return module;
}

TEST(ClassRows, RowsFollowTheirClassAndNewOnesStay) {
  const SharedClasses shared({"dog", "bat", "cat"}, {"cat", "dog"});
  const auto target = head(3), source = head(2), larger = head(4);
  source->named_parameters()["weight"].detach().copy_(torch::tensor({{1.0, 2.0}, {3.0, 4.0}}));
  source->named_buffers()["mean"].copy_(torch::tensor({5.0, 6.0}));
  ASSERT_TRUE(copy_state_but_for_classes(*target, *source, *larger, shared, "start"));
  EXPECT_TRUE(
      torch::equal(target->named_parameters()["weight"], torch::tensor({{3.0, 4.0}, {-1.0, -1.0}, {1.0, 2.0}})));
  EXPECT_TRUE(torch::equal(target->named_buffers()["mean"], torch::tensor({5.0, 6.0})));
}

// As many classes as before, but others and in another order: shapes alone would say that all of it fits.
TEST(ClassRows, TheSameNumberOfOtherClassesIsNoCopyOfEverything) {
  const SharedClasses shared({"emu", "cat"}, {"cat", "dog"});
  const auto target = head(2), source = head(2), larger = head(3);
  source->named_parameters()["weight"].detach().copy_(torch::tensor({{1.0, 2.0}, {3.0, 4.0}}));
  ASSERT_TRUE(copy_state_but_for_classes(*target, *source, *larger, shared, "start"));
  EXPECT_TRUE(torch::equal(target->named_parameters()["weight"], torch::tensor({{-1.0, -1.0}, {1.0, 2.0}})));
}

TEST(ClassRows, OtherSizesAreNamedAndOtherNamesAreNoFit) {
  const SharedClasses same({"cat", "dog"}, {"cat", "dog"});
  const auto target = head(2), larger = head(3), source = std::make_shared<torch::nn::Module>();
  source->register_parameter("weight", torch::zeros({2, 3}));
  EXPECT_FALSE(copy_state_but_for_classes(*target, *source, *larger, same, "start"));
  source->register_buffer("mean", torch::zeros({2}));
  testing::expect_error(ErrorKind::data, {"start: 'weight'", "(2, 2)", "(2, 3)"},
                        [&] { copy_state_but_for_classes(*target, *source, *larger, same, "start"); });
  EXPECT_TRUE(torch::equal(target->named_parameters()["weight"], torch::full({2, 2}, -1.0f)));
}

}  // namespace
}  // namespace pdmp::models

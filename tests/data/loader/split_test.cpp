#include "data/loader/split.h"

#include <gtest/gtest.h>
#include <map>
#include <set>

#include "pdmp/error.h"
#include "pdmp/torch.h"

namespace pdmp::data {
namespace {

std::shared_ptr<const Dataset> labelled(const std::vector<int64_t>& labels, int64_t classes) {
  const auto n = static_cast<int64_t>(labels.size());
  return std::make_shared<TensorDataset>(
      std::vector<ModalityInfo>{{"a", "vector", {1}}}, std::vector<std::string>(static_cast<size_t>(classes), "c"),
      std::vector<Tensor>{torch::arange(n).reshape({n, 1}).to(torch::kFloat32)}, torch::tensor(labels));
}

TEST(Split, ATenthOfEachClassIsHeldBackAndNothingIsLost) {
  std::vector<int64_t> labels(100, 0);
  std::fill(labels.begin() + 60, labels.end(), 1);
  const auto all = labelled(labels, 2);
  const HeldBack parts = hold_back_tenth(all, 3);
  EXPECT_EQ(parts.held_out->size(), 10);
  EXPECT_EQ(parts.train->size(), 90);
  std::set<float> seen;
  std::map<int64_t, int64_t> held;
  for (const auto& part : {parts.held_out, parts.train}) {
    for (int64_t i = 0; i < part->size(); ++i) seen.insert(part->get(i, nullptr).inputs[0].item<float>());
  }
  for (int64_t i = 0; i < 10; ++i) ++held[parts.held_out->label(i)];
  EXPECT_EQ(seen.size(), 100);
  EXPECT_EQ(held, (std::map<int64_t, int64_t>{{0, 6}, {1, 4}}));
  EXPECT_EQ(hold_back_tenth(all, 3).held_out->get(0, nullptr).inputs[0].item<float>(),
            parts.held_out->get(0, nullptr).inputs[0].item<float>());
}

TEST(Split, NothingCanBeHeldBackOfClassesOfOne) { EXPECT_THROW(hold_back_tenth(labelled({0, 1, 2}, 3), 0), Error); }

}  // namespace
}  // namespace pdmp::data

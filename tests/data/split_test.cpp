#include "data/split.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <set>

#include "pdmp/error.h"

namespace pdmp {
namespace {

std::vector<bool> choose(const std::vector<int64_t>& labels, const std::vector<std::string>& groups, double fraction,
                         uint64_t seed = 0) {
  RandomStream random = random_stream(seed, "test");
  return stratified_subset(labels, groups, fraction, random);
}

std::map<int64_t, int64_t> counts(const std::vector<int64_t>& labels, const std::vector<bool>& chosen) {
  std::map<int64_t, int64_t> result;
  for (size_t i = 0; i < labels.size(); ++i) result[labels[i]] += chosen[i] ? 1 : 0;
  return result;
}

TEST(Split, EveryClassGivesItsShare) {
  std::vector<int64_t> labels;
  for (const auto& [label, count] : std::map<int64_t, int64_t>{{0, 100}, {1, 40}, {2, 10}, {3, 3}, {4, 1}}) {
    labels.insert(labels.end(), static_cast<size_t>(count), label);
  }
  const auto chosen = choose(labels, std::vector<std::string>(labels.size()), 0.2);
  EXPECT_EQ(counts(labels, chosen), (std::map<int64_t, int64_t>{{0, 20}, {1, 8}, {2, 2}, {3, 1}, {4, 0}}));
}

TEST(Split, AClassNeverLosesItsLastSample) {
  const std::vector<int64_t> labels = {0, 1, 1};
  for (uint64_t seed = 0; seed < 20; ++seed) {
    EXPECT_EQ(counts(labels, choose(labels, {"", "", ""}, 0.9, seed)), (std::map<int64_t, int64_t>{{0, 0}, {1, 1}}));
  }
}

TEST(Split, GroupsStayTogether) {
  std::vector<int64_t> labels;
  std::vector<std::string> groups;
  for (int64_t speaker = 0; speaker < 20; ++speaker) {  // every speaker says every class twice
    for (int64_t i = 0; i < 12; ++i) {
      labels.push_back(i % 6);
      groups.push_back("speaker" + std::to_string(speaker));
    }
  }
  const auto chosen = choose(labels, groups, 0.25);
  std::map<std::string, std::set<bool>> sides;
  for (size_t i = 0; i < labels.size(); ++i) sides[groups[i]].insert(chosen[i]);
  for (const auto& [group, side] : sides) EXPECT_EQ(side.size(), 1u) << group;
  for (const auto& [label, count] : counts(labels, chosen)) EXPECT_EQ(count, 10) << label;
}

TEST(Split, SameSeedSameChoice) {
  const std::vector<int64_t> labels(50, 0);
  const std::vector<std::string> groups(50);
  EXPECT_EQ(choose(labels, groups, 0.3, 1), choose(labels, groups, 0.3, 1));
  EXPECT_NE(choose(labels, groups, 0.3, 1), choose(labels, groups, 0.3, 2));
}

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
}  // namespace pdmp

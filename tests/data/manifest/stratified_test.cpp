#include "data/manifest/stratified.h"

#include <gtest/gtest.h>
#include <map>
#include <set>

namespace pdmp::data {
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

TEST(StratifiedSubset, EveryClassGivesItsShare) {
  std::vector<int64_t> labels;
  for (const auto& [label, count] : std::map<int64_t, int64_t>{{0, 100}, {1, 40}, {2, 10}, {3, 3}, {4, 1}}) {
    labels.insert(labels.end(), static_cast<size_t>(count), label);
  }
  const auto chosen = choose(labels, std::vector<std::string>(labels.size()), 0.2);
  EXPECT_EQ(counts(labels, chosen), (std::map<int64_t, int64_t>{{0, 20}, {1, 8}, {2, 2}, {3, 1}, {4, 0}}));
}

TEST(StratifiedSubset, AClassNeverLosesItsLastSample) {
  const std::vector<int64_t> labels = {0, 1, 1};
  for (uint64_t seed = 0; seed < 20; ++seed) {
    EXPECT_EQ(counts(labels, choose(labels, {"", "", ""}, 0.9, seed)), (std::map<int64_t, int64_t>{{0, 0}, {1, 1}}));
  }
}

TEST(StratifiedSubset, GroupsStayTogether) {
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

TEST(StratifiedSubset, SameSeedSameChoice) {
  const std::vector<int64_t> labels(50, 0);
  const std::vector<std::string> groups(50);
  EXPECT_EQ(choose(labels, groups, 0.3, 1), choose(labels, groups, 0.3, 1));
  EXPECT_NE(choose(labels, groups, 0.3, 1), choose(labels, groups, 0.3, 2));
}

}  // namespace
}  // namespace pdmp::data

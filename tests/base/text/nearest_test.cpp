#include "base/text/nearest.h"

#include <gtest/gtest.h>

#include "pdmp/options.h"

namespace pdmp {
namespace {

const std::vector<std::string> kNames = {"epochs", "batch-size", "lr", "pdmp.gamma", "pdmp.mechanism", "seed"};

TEST(Nearest, FindsSlipsOfTheFinger) {
  EXPECT_EQ(nearest("epohcs", kNames), "epochs");  // two letters swapped
  EXPECT_EQ(nearest("epoch", kNames), "epochs");   // one missing
  EXPECT_EQ(nearest("seeed", kNames), "seed");     // one too many
  EXPECT_EQ(nearest("batch_size", kNames), "batch-size");
  EXPECT_EQ(nearest("LR", kNames), "lr");
  EXPECT_EQ(nearest("pdmp.mechansim", kNames), "pdmp.mechanism");
}

TEST(Nearest, FindsTheLastPartOfADottedName) {
  EXPECT_EQ(nearest("gamma", kNames), "pdmp.gamma");
  EXPECT_EQ(nearest("gama", kNames), "pdmp.gamma");
}

TEST(Nearest, FindsNothingFarAway) {
  EXPECT_EQ(nearest("temperature", kNames), std::nullopt);
  EXPECT_EQ(nearest("x", {"y", "z"}), std::nullopt);  // all letters wrong
  EXPECT_EQ(nearest("", kNames), std::nullopt);
  EXPECT_EQ(nearest("seed", {}), std::nullopt);
}

TEST(Nearest, PrefersTheCloserName) { EXPECT_EQ(nearest("concta", {"contact", "concat"}), "concat"); }

TEST(SortedByDistance, TheClosestFirst) {
  EXPECT_EQ(sorted_by_distance("epohc", kNames, 2), (std::vector<std::string>{"epochs", "lr"}));
  EXPECT_EQ(sorted_by_distance("x", {"b", "a"}, 5), (std::vector<std::string>{"b", "a"}));
}

TEST(Suggestion, SaysTheNearestOrWhatThereIs) {
  EXPECT_EQ(suggestion("epohcs", kNames), "; did you mean 'epochs'?");
  EXPECT_EQ(suggestion("temperature", {"joint", "pdmp"}), "; there are joint, pdmp");
  EXPECT_EQ(suggestion("temperature", {"joint"}), "; there is joint");
  EXPECT_EQ(suggestion("temperature", {}), "; there are none");
}

}  // namespace
}  // namespace pdmp

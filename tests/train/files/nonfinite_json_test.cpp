#include "train/files/nonfinite_json.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

namespace pdmp::training {
namespace {

TEST(NonfiniteJson, InfinityAndNanSurviveText) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const nlohmann::json value = {{"a", {1.5, kInfinity, -kInfinity}}, {"b", {{"c", std::nan("")}}}, {"d", nullptr}};
  const nlohmann::json back = with_nonfinite(nlohmann::json::parse(without_nonfinite(value).dump()));
  EXPECT_EQ(back["a"], value["a"]);
  EXPECT_TRUE(std::isnan(back["b"]["c"].get<double>()));
  EXPECT_TRUE(back["d"].is_null());
}

TEST(NonfiniteJson, FiniteValuesStayAsTheyAre) {
  const nlohmann::json value = {{"a", 1}, {"b", {"nan", 0.1}}, {"c", nlohmann::json::object()}};
  EXPECT_EQ(without_nonfinite(value), value);
  EXPECT_EQ(with_nonfinite(value), value);
}

}  // namespace
}  // namespace pdmp::training

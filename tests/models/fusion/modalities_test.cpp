#include "models/fusion/modalities.h"

#include <gtest/gtest.h>

#include "support/expect_error.h"
#include "support/fusion.h"

namespace pdmp::testing {
namespace {

TEST(FusionModalities, LinearHeadHasOneBlockAndABias) {
  const auto head = models::linear_head({512}, 6);
  EXPECT_EQ(parameter_count(*head), 512 * 6 + 6);
  EXPECT_EQ(owners(*head), (std::map<std::string, std::optional<int64_t>>{{"weight_0", 0}, {"bias", std::nullopt}}));
}

TEST(FusionModalities, MoreThanAPairIsRefusedWithAWayOut) {
  models::expect_pair("duet", {4}, "they sing", "choir");
  models::expect_pair("duet", {4, 3}, "they sing", "choir");
  expect_error(ErrorKind::usage,
               {"duet: expected at most two modalities, because they sing, found 3", "`modalities`", "use choir"}, [] {
                 models::expect_pair("duet", {4, 3, 2}, "they sing", "choir");
               });
}

TEST(FusionModalities, UnequalWidthsAreRefusedWithAWayOut) {
  models::expect_equal_widths("sum: shared=true", {4}, "shared=false");
  models::expect_equal_widths("sum: shared=true", {4, 4, 4}, "shared=false");
  expect_error(ErrorKind::usage, {"sum: shared=true", "4 and 4 and 3", "use shared=false"}, [] {
    models::expect_equal_widths("sum: shared=true", {4, 4, 3}, "shared=false");
  });
}

TEST(FusionModalities, NumberInANameIsItsOwner) {
  EXPECT_EQ(models::numbered_owner("project_0.weight", "project_"), 0);
  EXPECT_EQ(models::numbered_owner("bias_12", "bias_"), 12);
  EXPECT_EQ(models::numbered_owner("out.weight", "project_"), std::nullopt);
}

}  // namespace
}  // namespace pdmp::testing

#include <gmock/gmock.h>

#include "pdmp/optimizer.h"

namespace pdmp::optim {
namespace {

TEST(DefaultGroups, OnePerModalityAndTheRest) {
  ModelOptions options;
  options.encoders = {{"a", "mlp:hidden=3+2"}, {"v", "mlp:hidden=4"}};
  Model model({{"a", "vector", {2}}, {"v", "vector", {5}}}, 3, options, 0);
  const std::vector<ParameterGroup> groups = default_groups(model);
  ASSERT_EQ(groups.size(), 3u);
  EXPECT_EQ(groups[0].name, "a");
  EXPECT_EQ(groups[1].name, "v");
  EXPECT_EQ(groups[2].name, "shared");
  EXPECT_EQ(groups[0].parameters.size(), 5u);  // two layers, and the modality's block of the head
  EXPECT_EQ(groups[1].parameters.size(), 3u);
  EXPECT_EQ(groups[2].parameters.size(), 1u);  // the head's bias
  EXPECT_EQ(groups[0].modality, 0);
  EXPECT_EQ(groups[2].modality, std::nullopt);
  size_t total = 0;
  for (const ParameterGroup& group : groups) {
    total += group.parameters.size();
    EXPECT_EQ(group.lr_scale, 1);
    EXPECT_EQ(group.decay_scale, 1);
  }
  EXPECT_EQ(total, model.parameters().size());
}

}  // namespace
}  // namespace pdmp::optim

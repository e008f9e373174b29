#include "metrics/dependency.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pdmp/torch.h"

namespace pdmp::metrics {
namespace {

using ::testing::ElementsAre;

// Fixture F1 of methods-modulation 0.8.
TEST(Dependency, SumsOfTheReferenceLogits) {
  const std::vector<Tensor> logits = {torch::tensor({{2.0, 0.0}, {0.0, 1.0}}), torch::tensor({{1.0, 0.0}, {1.0, 0.0}}),
                                      torch::tensor({{0.0, 1.0}, {0.0, -3.0}})};
  EXPECT_THAT(dependency_sums(logits), ElementsAre(1.5, 1.0, 2.0));
}

TEST(Dependency, EmptyBatchIsZero) { EXPECT_THAT(dependency_sums({torch::empty({0, 4})}), ElementsAre(0.0)); }

}  // namespace
}  // namespace pdmp::metrics

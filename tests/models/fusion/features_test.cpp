#include "models/fusion/features.h"

#include <gtest/gtest.h>

#include "support/fusion.h"

namespace pdmp::testing {
namespace {

TEST(FusionFeatures, PresenceIsAColumnOfTheFeaturesType) {
  const std::vector<Feature> features = pooled_features({torch::zeros({3, 2}), torch::zeros({3, 1}, torch::kFloat64)});
  const Tensor present = torch::tensor({{true, false}, {true, true}, {false, true}});
  EXPECT_TRUE(torch::equal(models::presence(features, present, 0), torch::tensor({{1.0F}, {1.0F}, {0.0F}})));
  EXPECT_TRUE(
      torch::equal(models::presence(features, present, 1), torch::tensor({{0.0}, {1.0}, {1.0}}, torch::kFloat64)));
}

TEST(FusionFeatures, MeanLeavesOutWhatIsAbsent) {
  const Tensor first = torch::tensor({{1.0F, 2.0F}, {1.0F, 2.0F}, {1.0F, 2.0F}});
  const Tensor second = torch::tensor({{3.0F, 8.0F}, {3.0F, 8.0F}, {3.0F, 8.0F}});
  const Tensor mean = models::mean_of_present(
      {first, second}, {torch::tensor({{1.0F}, {0.0F}, {0.0F}}), torch::tensor({{1.0F}, {1.0F}, {0.0F}})});
  EXPECT_TRUE(torch::equal(mean, torch::tensor({{2.0F, 5.0F}, {3.0F, 8.0F}, {0.0F, 0.0F}})));
}

// Answers with what it was given: [sums of the maps; sums of the pooled features; present].
class Echo : public Fusion {
 public:
  Tensor forward(const std::vector<Feature>& features, const Tensor& present) override {
    std::vector<Tensor> columns;
    for (const Feature& feature : features) columns.push_back(feature.map.sum({1, 2, 3}));
    for (const Feature& feature : features) columns.push_back(feature.pooled.sum(1));
    return torch::cat({torch::stack(columns, 1), present.to(torch::kFloat32)}, 1);
  }
  std::vector<Tensor> unimodal_logits(const std::vector<Feature>&, const Tensor&) override { return {}; }
  std::optional<int64_t> owner(const std::string&) const override { return std::nullopt; }
};

TEST(FusionFeatures, MaskedLogitsSeeOneModality) {
  Echo echo;
  const std::vector<Feature> features = {{torch::full({2, 1, 2, 2}, 1.0F), torch::full({2, 1}, 2.0F)},
                                         {torch::full({2, 2, 1, 1}, 3.0F), torch::full({2, 2}, 4.0F)}};
  const Tensor present = torch::tensor({{true, true}, {false, true}});
  const std::vector<Tensor> logits = models::masked_logits(echo, features, present);
  ASSERT_EQ(logits.size(), 2U);
  EXPECT_TRUE(torch::equal(logits[0], torch::tensor({{4.0F, 0.0F, 2.0F, 0.0F, 1.0F, 0.0F},  //
                                                     {4.0F, 0.0F, 2.0F, 0.0F, 0.0F, 0.0F}})));
  EXPECT_TRUE(torch::equal(logits[1], torch::tensor({{0.0F, 6.0F, 0.0F, 8.0F, 0.0F, 1.0F},  //
                                                     {0.0F, 6.0F, 0.0F, 8.0F, 0.0F, 1.0F}})));
}

}  // namespace
}  // namespace pdmp::testing

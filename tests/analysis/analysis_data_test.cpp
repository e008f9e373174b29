#include "analysis/analysis_data.h"

#include <gtest/gtest.h>
#include <map>
#include <set>

#include "pdmp/error.h"
#include "pdmp/torch.h"

namespace pdmp::analysis {
namespace {

// Class c has counts[c] samples; a sample's input is its position.
std::shared_ptr<const Dataset> with_classes(const std::vector<int64_t>& counts) {
  std::vector<int64_t> labels;
  std::vector<std::string> classes;
  for (size_t c = 0; c < counts.size(); ++c) {
    classes.push_back("c" + std::to_string(c));
    labels.insert(labels.end(), static_cast<size_t>(counts[c]), static_cast<int64_t>(c));
  }
  const auto n = static_cast<int64_t>(labels.size());
  return std::make_shared<TensorDataset>(std::vector<ModalityInfo>{{"x", "vector", {1}}}, classes,
                                         std::vector<Tensor>{torch::arange(n, torch::kFloat32).view({n, 1})},
                                         torch::tensor(labels));
}

std::map<int64_t, int64_t> per_class(const Dataset& data) {
  std::map<int64_t, int64_t> counts;
  for (int64_t i = 0; i < data.size(); ++i) ++counts[data.label(i)];
  return counts;
}

std::set<float> samples_of(const Dataset& data) {
  std::set<float> samples;
  for (int64_t i = 0; i < data.size(); ++i) samples.insert(data.get(i, nullptr).inputs[0].item<float>());
  return samples;
}

TEST(AnalysisData, TakesTheValidationSplitWhereThereIsOne) {
  const auto train = with_classes({10, 20}), val = with_classes({3, 3}), test = with_classes({5, 5});
  const AnalysisData data = analysis_data({.train = train, .val = val, .test = test}, 1, 0);
  EXPECT_EQ(data.evaluated_on, "val");
  EXPECT_EQ(data.splits.val, val);
  EXPECT_EQ(data.splits.train->size(), 30);
  EXPECT_EQ(data.splits.test, nullptr);
}

TEST(AnalysisData, HoldsOutATenthOfTrainNeverTest) {
  const auto train = with_classes({40, 20}), test = with_classes({5, 5});
  const AnalysisData data = analysis_data({.train = train, .val = nullptr, .test = test}, 1, 3);
  EXPECT_EQ(data.evaluated_on, "10 % of train");
  EXPECT_EQ(per_class(*data.splits.val), (std::map<int64_t, int64_t>{{0, 4}, {1, 2}}));
  EXPECT_EQ(per_class(*data.splits.train), (std::map<int64_t, int64_t>{{0, 36}, {1, 18}}));
  std::set<float> all = samples_of(*data.splits.train);
  for (const float sample : samples_of(*data.splits.val)) EXPECT_TRUE(all.insert(sample).second);
  EXPECT_EQ(all.size(), 60u);
}

TEST(AnalysisData, SubsetIsStratifiedAndKeepsTheHeldOutPart) {
  const auto train = with_classes({40, 20});
  const AnalysisData whole = analysis_data({.train = train, .val = nullptr, .test = nullptr}, 1, 3);
  const AnalysisData part = analysis_data({.train = train, .val = nullptr, .test = nullptr}, 0.5, 3);
  EXPECT_EQ(per_class(*part.splits.train), (std::map<int64_t, int64_t>{{0, 18}, {1, 9}}));
  EXPECT_EQ(samples_of(*part.splits.val), samples_of(*whole.splits.val));
  for (const float sample : samples_of(*part.splits.train))
    EXPECT_TRUE(samples_of(*whole.splits.train).contains(sample));
}

TEST(AnalysisData, SmallSubsetsKeepEveryClass) {
  const auto train = with_classes({1, 3, 100});
  const AnalysisData data = analysis_data({.train = train, .val = train, .test = nullptr}, 0.02, 0);
  EXPECT_EQ(per_class(*data.splits.train), (std::map<int64_t, int64_t>{{0, 1}, {1, 1}, {2, 2}}));
}

TEST(AnalysisData, DependsOnTheSeedOnly) {
  const auto train = with_classes({100, 100});
  const TrainingData splits{.train = train, .val = nullptr, .test = nullptr};
  EXPECT_EQ(samples_of(*analysis_data(splits, 0.5, 1).splits.train),
            samples_of(*analysis_data(splits, 0.5, 1).splits.train));
  EXPECT_NE(samples_of(*analysis_data(splits, 0.5, 1).splits.train),
            samples_of(*analysis_data(splits, 0.5, 2).splits.train));
}

TEST(AnalysisData, RefusesWhatLeavesNothingToScoreOn) {
  EXPECT_THROW(analysis_data({.train = with_classes({1, 1, 1}), .val = nullptr, .test = nullptr}, 1, 0), Error);
}

}  // namespace
}  // namespace pdmp::analysis

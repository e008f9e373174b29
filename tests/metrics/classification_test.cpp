#include "metrics/classification.h"

#include <gtest/gtest.h>

#include "pdmp/error.h"
#include "pdmp/torch.h"

namespace pdmp::metrics {
namespace {

// datasets.md section 10
const Tensor& truth() {
  static const Tensor values = torch::tensor({0, 0, 0, 1, 1, 2, 2, 2, 2, 3}, torch::kInt64);
  return values;
}
const Tensor& prediction() {
  static const Tensor values = torch::tensor({0, 1, 0, 1, 1, 2, 0, 2, 4, 2}, torch::kInt64);
  return values;
}

TEST(Classification, ConfusionHasTruthInRows) {
  const Tensor expected = torch::tensor(
      {{2, 1, 0, 0, 0}, {0, 2, 0, 0, 0}, {1, 0, 2, 0, 1}, {0, 0, 1, 0, 0}, {0, 0, 0, 0, 0}}, torch::kInt64);
  EXPECT_TRUE(torch::equal(confusion_matrix(truth(), prediction(), 5), expected));
}

TEST(Classification, AccuracyAndF1OfTheReferenceVector) {
  const Tensor confusion = confusion_matrix(truth(), prediction(), 6);
  EXPECT_DOUBLE_EQ(accuracy(confusion), 0.6);
  const std::vector<double> expected = {0.6666667, 0.8, 0.5714286, 0, 0, 0};
  const std::vector<double> f1 = class_f1(confusion);
  ASSERT_EQ(f1.size(), expected.size());
  for (size_t c = 0; c < expected.size(); ++c) EXPECT_NEAR(f1[c], expected[c], 5e-8) << "class " << c;
  EXPECT_NEAR(macro_f1(confusion), 0.4076190, 5e-8);
  EXPECT_NEAR(macro_f1_all_classes(confusion), 0.3396825, 5e-8);
}

// Numbers of scikit-learn's precision_recall_fscore_support(labels=range(6), zero_division=0).
TEST(Classification, ScoresOfEachClassAreThoseOfScikitLearn) {
  const std::vector<ClassScores> scores = class_scores(ClassCounts(truth(), prediction(), 6));
  const std::vector<ClassScores> expected = {{0.66666667, 0.66666667, 0.66666667, 3},
                                             {0.66666667, 1, 0.8, 2},
                                             {0.66666667, 0.5, 0.57142857, 4},
                                             {0, 0, 0, 1},
                                             {0, 0, 0, 0},
                                             {0, 0, 0, 0}};
  ASSERT_EQ(scores.size(), expected.size());
  for (size_t c = 0; c < expected.size(); ++c) {
    EXPECT_NEAR(scores[c].precision, expected[c].precision, 5e-9) << "class " << c;
    EXPECT_NEAR(scores[c].recall, expected[c].recall, 5e-9) << "class " << c;
    EXPECT_NEAR(scores[c].f1, expected[c].f1, 5e-9) << "class " << c;
    EXPECT_EQ(scores[c].n, expected[c].n) << "class " << c;
  }
}

// A released classifier of Kinetics-Sounds has 34 outputs for 33 classes.
TEST(Classification, TrapMacroF1LeavesOutAnOutputThatIsNeverATarget) {
  const Tensor all = torch::arange(33);
  const Tensor confusion = confusion_matrix(all, all, 34);
  EXPECT_DOUBLE_EQ(macro_f1(confusion), 1);
  EXPECT_DOUBLE_EQ(macro_f1_all_classes(confusion), 33.0 / 34);
}

TEST(Classification, NothingGivesZero) {
  const Tensor none = torch::empty({0}, torch::kInt64);
  const Tensor confusion = confusion_matrix(none, none, 3);
  EXPECT_TRUE(torch::equal(confusion, torch::zeros({3, 3}, torch::kInt64)));
  EXPECT_EQ(accuracy(confusion), 0);
  EXPECT_EQ(macro_f1(confusion), 0);
  EXPECT_EQ(macro_f1_all_classes(confusion), 0);
}

TEST(Classification, RefusesClassesOutOfRangeAndUnequalLengths) {
  EXPECT_THROW(confusion_matrix(truth(), prediction(), 4), Error);
  EXPECT_THROW(confusion_matrix(truth() - 1, prediction(), 5), Error);
  EXPECT_THROW(confusion_matrix(truth(), prediction().slice(0, 1), 5), Error);
}

// 10 live, 2 of them refused; 40 attacks, 4 of them let in: (4 / 40 + 2 / 10) / 2.
TEST(Classification, AcerIsTheMeanOfBothErrors) {
  const Tensor confusion = torch::tensor({{8, 2}, {4, 36}}, torch::kInt64);
  EXPECT_DOUBLE_EQ(apcer(confusion, 0), 0.1);
  EXPECT_DOUBLE_EQ(bpcer(confusion, 0), 0.2);
  EXPECT_DOUBLE_EQ(acer(confusion, 0), 0.15);
  const Tensor kinds = torch::tensor({{30, 1, 3}, {0, 8, 2}, {2, 3, 1}}, torch::kInt64);  // live is class 1
  EXPECT_DOUBLE_EQ(acer(kinds, 1), 0.15);
  EXPECT_DOUBLE_EQ(acer(torch::tensor({{0, 0}, {1, 3}}, torch::kInt64), 0), 0.125);  // no live sample
  EXPECT_EQ(acer(torch::zeros({2, 2}, torch::kInt64), 0), 0);
}

TEST(ClassCounts, AreThoseOfTheMatrix) {
  const Tensor confusion = confusion_matrix(truth(), prediction(), 6);
  const ClassCounts of_matrix = confusion, of_samples(truth(), prediction(), 6);
  EXPECT_TRUE(of_samples.hits.equal(of_matrix.hits));
  EXPECT_TRUE(of_samples.labels.equal(of_matrix.labels));
  EXPECT_TRUE(of_samples.predictions.equal(of_matrix.predictions));
  EXPECT_TRUE(of_samples.hits.equal(confusion.diagonal()));
  ClassCounts in_parts(6);
  in_parts.add(truth().slice(0, 0, 3), prediction().slice(0, 0, 3));
  in_parts.add(truth().slice(0, 3), prediction().slice(0, 3));
  EXPECT_TRUE(in_parts.hits.equal(of_matrix.hits));
  EXPECT_TRUE(in_parts.labels.equal(of_matrix.labels));
  EXPECT_TRUE(in_parts.predictions.equal(of_matrix.predictions));
}

}  // namespace
}  // namespace pdmp::metrics

// Scores of single-label classification.
#pragma once

#include <cstdint>
#include <vector>

#include "pdmp/metric.h"
#include "pdmp/tensor.h"

namespace pdmp::metrics {

// (C, C) int64; row = truth, column = prediction. labels, predictions (N) int64 in [0, classes).
Tensor confusion_matrix(const Tensor& labels, const Tensor& predictions, int64_t classes);

double accuracy(const ClassCounts& counts);               // correct / total; 0 of nothing is 0
std::vector<double> class_f1(const ClassCounts& counts);  // 2TP / (2TP + FP + FN), 0/0 = 0

// One class against all others, as scikit-learn's precision_recall_fscore_support with zero_division=0.
struct ClassScores {
  double precision = 0, recall = 0, f1 = 0;  // TP / (TP + FP), TP / (TP + FN), their harmonic mean; 0/0 = 0
  int64_t n = 0;                             // samples of the class: TP + FN
};
std::vector<ClassScores> class_scores(const ClassCounts& counts);

// Mean F1 over the classes that occur in truth or prediction, as scikit-learn's average="macro" without labels.
double macro_f1(const ClassCounts& counts);
double macro_f1_all_classes(const ClassCounts& counts);  // absent classes count as 0

// Attack detection, where every class but `live` is an attack; a share of nothing is 0.
double apcer(const ClassCounts& counts, int64_t live);  // share of the attacks that are called live
double bpcer(const ClassCounts& counts, int64_t live);  // share of the live samples that are called attacks
double acer(const ClassCounts& counts, int64_t live);   // mean of the two

}  // namespace pdmp::metrics

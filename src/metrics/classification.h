// Scores of single-label classification, from a confusion matrix (datasets.md section 10).
#pragma once

#include <vector>

#include "pdmp/torch.h"

namespace pdmp {

// (C, C) int64; row = truth, column = prediction. labels, predictions (N) int64 in [0, classes).
Tensor confusion_matrix(const Tensor& labels, const Tensor& predictions, int64_t classes);

double accuracy(const Tensor& confusion);               // correct / total; 0 of nothing is 0
std::vector<double> class_f1(const Tensor& confusion);  // 2TP / (2TP + FP + FN), 0/0 = 0
// Mean F1 over the classes that occur in truth or prediction, as scikit-learn's average="macro" without labels.
double macro_f1(const Tensor& confusion);
double macro_f1_all_classes(const Tensor& confusion);  // absent classes count as 0

// Attack detection, where every class but `live` is an attack; a share of nothing is 0.
double apcer(const Tensor& confusion, int64_t live);  // share of the attacks that are called live
double bpcer(const Tensor& confusion, int64_t live);  // share of the live samples that are called attacks
double acer(const Tensor& confusion, int64_t live);   // mean of the two

// Expected calibration error: samples in `bins` equally wide bins of their highest probability, (lower, upper]; mean
// over the samples of |accuracy - mean probability| of their bin. probabilities (N, C), labels (N). 0 of nothing is 0.
double calibration_error(const Tensor& probabilities, const Tensor& labels, int64_t bins = 15);

}  // namespace pdmp

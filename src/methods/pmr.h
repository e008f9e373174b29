// What the classes look like to an encoder: the mean of each one's features (PMR, CVPR 2023, section 3).
#pragma once

#include <cstdint>
#include <vector>

#include "pdmp/methods/pmr.h"
#include "pdmp/optimizer.h"

namespace pdmp::methods {

struct Prototypes {
  Tensor means;           // (C, d); zeros for a class nobody has seen
  Tensor known;           // (C) bool
  bool complete = false;  // all are known
};

// Means of features that come batch by batch; no graph is kept. Single precision, double where features are.
class ClassMeans {
 public:
  // As if nobody had been seen yet; `like` gives type and device.
  ClassMeans(int64_t classes, int64_t width, const Tensor& like);
  void add(const Tensor& features, const Tensor& labels);  // (n, d), (n); n may be 0
  Prototypes result() const;

 private:
  Tensor sums_, counts_;  // (C, d), (C)
  at::ScalarType type_;
};

// (1 - keep) fresh + keep old; a class that one of them does not know is taken from the other.
Prototypes mix(const Prototypes& fresh, const Prototypes& old, double keep);

// (n, C): minus the distance of feature and mean, -inf for an unknown class. Its gradient is 0 where the distance is.
Tensor prototype_logits(const Tensor& features, const Prototypes& prototypes);

// Of logits (n, C) as above, by labels of classes that are known. While a class is not, it can have neither a weight
// nor its share of the label smoothing: plain cross-entropy.
Tensor prototype_loss(const Criterion& criterion, const Tensor& logits, const Tensor& labels, bool complete);

// Mean entropy of softmax(logits), 0 log 0 = 0.
Tensor mean_entropy(const Tensor& logits);

// How far each modality is behind the surest one, b: 1 where its confidence is below b's, or by how much,
// clip(b / confidence - 1, 0, 1). 0 for NaN: nobody has it.
std::vector<double> lags(const std::vector<double>& confidence, PmrMode mode);

}  // namespace pdmp::methods

// UDML (unbiased dynamic multimodal fusion): each encoder ends in a Gaussian distribution, whose spread predicts the
// noise in the modality for each sample. Features are weighted by the inverse predicted variance, divided by how much
// the fused logits depend on the modality.
#pragma once

#include <cstdint>

#include "pdmp/method_options.h"

namespace pdmp {

// Options of udml. Flags --udml.<name>, with '-' for '_'.
struct UdmlOptions {
  static constexpr const char* kMethod = "udml";

  bool pe = true;             // encoders end in a distribution. False: noise is predicted from the feature, there is
                              // no divergence, and weights are not divided by the dependency
  double gamma = 4;           // weight of the unimodal losses, at least 0
  double beta = 1e-5;         // weight of the KL divergence of the distribution from noise of the level of the sample,
                              // at least 0
  double var_weight = 0.1;    // weight of the squared error of the predicted noise level, at least 0
  int64_t clean_epochs = 50;  // first epochs, in which no noise is added to the training data; at least 0
  int64_t equal_epochs = 10;  // epochs after these in which predicted noise is learned but not used, at least 0
  bool weight_gradient = false;  // whether gradients of classification losses reach the noise predictors by the weights

  void describe(OptionList& list);
  std::unique_ptr<Method> make() const;
};

}  // namespace pdmp

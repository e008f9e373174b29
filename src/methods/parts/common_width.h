// Pooled features of all modalities in one width, so that one head can take them all.
#pragma once

#include <map>
#include <string>
#include <torch/nn/modules/linear.h>

#include "pdmp/method.h"

namespace pdmp::methods {

// The width is that of the widest encoder. A modality with a narrower one gets a linear layer up to it, registered
// under the modality's name; the others' features are taken as they are. As LibTorch starts the layers: draws from the
// default generator.
class CommonWidth : public torch::nn::Module {
 public:
  explicit CommonWidth(Model& model);

  int64_t width() const { return width_; }
  Tensor forward(int64_t m, const Tensor& pooled);  // (B, d_m) -> (B, width)

 private:
  int64_t width_ = 0;
  std::map<int64_t, torch::nn::Linear> adapters_;
};

// `values` (B, n) in the rows that have modality m, zeros in the others: a layer's bias says nothing of what is absent.
Tensor where_present(const Tensor& values, const Tensor& present, int64_t m);

// Logs acc/<m> and dep/W_<m> of modality m's logits (B, C), which the Trainer takes from the model's own head.
void log_own_branch(StepContext& context, int64_t m, const Tensor& logits);

}  // namespace pdmp::methods

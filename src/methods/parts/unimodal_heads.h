// A linear classifier per modality beside the fusion: u_m = W_m z_m + b_m. Its loss reaches the encoder.
#pragma once

#include <memory>
#include <torch/nn/modules/linear.h>
#include <vector>

#include "pdmp/method.h"

namespace pdmp::methods {

class UnimodalHeads : public torch::nn::Module {
 public:
  // Registered under the names of the modalities, as LibTorch starts them; on the model's device and of its type. Draws
  // from the default generator.
  explicit UnimodalHeads(Model& model);

  std::vector<Tensor> logits(const std::vector<Feature>& features);  // M x (B, C)
  std::vector<Tensor> parameters_of(int64_t m) const { return layers_[static_cast<size_t>(m)]->parameters(); }
  // What the optimizer is given: one group, shared, whatever a method does to its gradients.
  ParameterGroup group() const { return {"heads", std::nullopt, parameters(), 1, 1}; }

 private:
  std::vector<torch::nn::Linear> layers_;
};

// (B, C): mean of the logits over the modalities that a row has; zero where it has none. A row's logits of a modality
// it lacks count for nothing.
Tensor mean_where_present(const std::vector<Tensor>& logits, const Tensor& present);

// The criterion over the rows of the batch that have modality m; undefined where none has. logits (B, C).
Tensor loss_where_present(const Criterion& criterion, const Tensor& logits, const Batch& batch, int64_t m);

// That loss of every modality, M, by its own logits. The parts of `result` grow by "fused", what it holds so far, and
// by "unimodal_<m>" for each that is defined.
std::vector<Tensor> log_own_losses(StepContext& context, const std::vector<Tensor>& logits, Loss& result);

}  // namespace pdmp::methods

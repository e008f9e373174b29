// MMTM: every modality's channels are gated by what the means of all modalities' channels say (models.md 6.1).
#pragma once

#include <cstdint>
#include <optional>
#include <torch/nn/modules/linear.h>
#include <vector>

#include "pdmp/torch.h"

namespace pdmp::models {

// E = relu(squeeze([mean of map_1; ...; mean of map_M])), squeeze: sum of C_m -> K = floor(2 sum of C_m / ratio);
// out_m = map_m * gain * sigmoid(excite_m(E)). Parameters: squeeze, and excite_0 ... excite_{M-1}.
class MultimodalTransferImpl : public torch::nn::Module {
 public:
  // `widths`: C_m of each modality.
  MultimodalTransferImpl(const std::vector<int64_t>& widths, int64_t ratio, double gain);
  // M x (B, C_m, ...): any further axes, of different number and size in each. The same out.
  std::vector<Tensor> forward(const std::vector<Tensor>& maps);

  // (B, C_m), gain included, without gradient: what the last forward computed for m, also where a fixed gate was used
  // instead. Undefined before the first. Passes for unimodal logits count as well.
  const Tensor& gate(size_t m) const { return gates_.at(m); }
  // From now on multiplies map m by `gate`, (C_m) or (B, C_m), instead of the computed one; nothing: computed again.
  // Not saved with the weights.
  void fix_gate(size_t m, std::optional<Tensor> gate) { fixed_.at(m) = std::move(gate); }

 private:
  double gain_;
  torch::nn::Linear squeeze_{nullptr};
  std::vector<torch::nn::Linear> excites_;
  std::vector<Tensor> gates_;
  std::vector<std::optional<Tensor>> fixed_;
};
TORCH_MODULE(MultimodalTransfer);

}  // namespace pdmp::models

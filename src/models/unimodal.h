// Unimodal logits that any fusion can be asked for, besides those of its own (models.md 4; methods-modulation 0.3, 4).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <torch/nn/modules/linear.h>
#include <vector>

#include "pdmp/model.h"

namespace pdmp::models {

// One way to get the logits s_m, M x (B, C), of a batch.
struct UnimodalForm {
  const char* name;
  // Null: not from the fusion; Probes give them.
  std::vector<Tensor> (*logits)(Fusion& fusion, const std::vector<Feature>& features, const Tensor& present);
  int64_t most_modalities;  // more would take too many passes
};

std::vector<std::string> unimodal_names();
// Error{usage} on an unknown name, and where the form does not take so many modalities.
const UnimodalForm& find_unimodal_form(const std::string& name, int64_t modalities);

// Shapley values of a game F of `players`, F({}) shared out evenly:
//   s_m = sum over S without m of |S|! (M - |S| - 1)! / M! [F(S + m) - F(S)] + F({}) / M,
// which sum to F(all). F({}) cancels for every M and is not asked for: 2^M - 1 calls. `value`: F(S), where bit m of its
// argument says whether m is in S; tensors of one shape.
std::vector<Tensor> shapley_values(size_t players, const std::function<Tensor(size_t subset)>& value);
inline bool contains(size_t subset, size_t player) { return (subset >> player & 1) != 0; }

// Those of the game m -> F(S), the fused logits of the modalities in S with the others zero and absent.
std::vector<Tensor> shapley_logits(Fusion& fusion, const std::vector<Feature>& features, const Tensor& present);
// The same with F(all) = `whole` (B, C) known, from a pass in another mode perhaps: 2^M - 2 passes.
std::vector<Tensor> shapley_logits(Fusion& fusion, const std::vector<Feature>& features, const Tensor& present,
                                   const Tensor& whole);

// A linear layer on each modality's pooled feature, which it does not change: features are detached.
class Probes : public torch::nn::Module {
 public:
  // Registered under the names of the modalities; `widths`: d_m.
  Probes(const std::vector<ModalityInfo>& modalities, const std::vector<int64_t>& widths, int64_t classes);
  std::vector<Tensor> logits(const std::vector<Feature>& features);  // M x (B, C)
  // Sum over modalities of the mean cross-entropy over the rows that have the modality; undefined where none is there.
  Tensor loss(const std::vector<Feature>& features, const Tensor& present, const Tensor& labels);

 private:
  std::vector<torch::nn::Linear> layers_;
};

}  // namespace pdmp::models

// Fixture F1 of methods-modulation 0.8: logits of modalities a, v and t alone, two samples, two classes.
#pragma once

#include <vector>

#include "pdmp/torch.h"

namespace pdmp::testing {

inline std::vector<Tensor> branch_logits(size_t modalities) {
  std::vector<Tensor> all = {torch::tensor({{2.0, 0.0}, {0.0, 1.0}}, torch::kDouble),
                             torch::tensor({{1.0, 0.0}, {1.0, 0.0}}, torch::kDouble),
                             torch::tensor({{0.0, 1.0}, {0.0, 3.0}}, torch::kDouble)};
  all.resize(modalities);
  return all;
}

inline Tensor branch_labels() { return torch::tensor({0, 1}, torch::kInt64); }

}  // namespace pdmp::testing

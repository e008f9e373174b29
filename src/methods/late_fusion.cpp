#include "methods/late_fusion.h"

#include <limits>

namespace pdmp {

Tensor entropy_weights(const std::vector<Tensor>& logits, const Tensor& present) {
  std::vector<Tensor> certainties;
  for (const Tensor& own : logits) {
    const Tensor log_p = own.log_softmax(1);
    certainties.push_back((log_p.exp() * log_p).sum(1));
  }
  const Tensor certainty = torch::stack(certainties, 1).masked_fill(~present, -std::numeric_limits<double>::infinity());
  // Rows without modalities would be the softmax of nothing.
  return torch::where(present, certainty.softmax(1), torch::zeros_like(certainty));
}

Tensor share_weights(const std::vector<double>& shares, const Tensor& present, at::ScalarType type) {
  const Tensor all = torch::tensor(shares, torch::kFloat64).to(present.device(), type);
  const Tensor here = torch::where(present, all, torch::zeros_like(all));
  const Tensor sums = here.sum(1, /*keepdim=*/true);
  return here / torch::where(sums > 0, sums, torch::ones_like(sums));
}

Tensor weighted_sum(const std::vector<Tensor>& logits, const Tensor& weights) {
  Tensor sum;
  for (size_t m = 0; m < logits.size(); ++m) {
    const Tensor own = logits[m] * weights.select(1, static_cast<int64_t>(m)).unsqueeze(1);
    sum = m == 0 ? own : sum + own;
  }
  return sum;
}

}  // namespace pdmp

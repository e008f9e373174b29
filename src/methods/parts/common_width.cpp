#include "methods/parts/common_width.h"

#include <algorithm>
#include <torch/nn/modules/linear.h>

namespace pdmp::methods {

CommonWidth::CommonWidth(Model& model) {
  for (int64_t m = 0; m < model.modalities(); ++m) width_ = std::max(width_, model.encoder(m).width());
  for (int64_t m = 0; m < model.modalities(); ++m) {
    const int64_t own = model.encoder(m).width();
    if (own == width_) continue;
    const std::string& name = model.infos()[static_cast<size_t>(m)].name;
    adapters_.emplace(m, register_module(name, torch::nn::Linear(own, width_)));
  }
}

Tensor CommonWidth::forward(int64_t m, const Tensor& pooled) {
  const auto adapter = adapters_.find(m);
  if (adapter == adapters_.end()) return pooled;
  // Features are of another type where encoders run under a lower precision.
  return adapter->second->forward(pooled.to(adapter->second->weight.scalar_type()));
}

Tensor where_present(const Tensor& values, const Tensor& present, int64_t m) {
  return torch::where(present.select(1, m).unsqueeze(1), values, torch::zeros_like(values));
}

void log_own_branch(StepContext& context, int64_t m, const Tensor& logits) {
  const torch::NoGradGuard no_gradients;
  const std::string& name = context.model().infos()[static_cast<size_t>(m)].name;
  const Tensor right = logits.argmax(1).eq(context.batch().labels).to(torch::kFloat64);
  context.log()["acc/" + name] = right.mean().item<double>();
  context.log()["dep/W_" + name] = logits.abs().sum(1, /*keepdim=*/false, torch::kFloat64).mean().item<double>();
}

}  // namespace pdmp::methods

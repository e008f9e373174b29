#include "methods/parts/unimodal_heads.h"

#include <torch/nn/modules/linear.h>

namespace pdmp::methods {

UnimodalHeads::UnimodalHeads(Model& model) {
  for (int64_t m = 0; m < model.modalities(); ++m) {
    const torch::nn::Linear layer(model.encoder(m).width(), model.classes());
    layers_.push_back(register_module(model.infos()[static_cast<size_t>(m)].name, layer));
  }
  const Tensor& like = model.ownership().back().value;
  to(like.device(), like.scalar_type());
}

std::vector<Tensor> UnimodalHeads::logits(const std::vector<Feature>& features) {
  std::vector<Tensor> logits;
  for (size_t m = 0; m < layers_.size(); ++m) {
    // Features are of another type where encoders run under a lower precision.
    logits.push_back(layers_[m]->forward(features[m].pooled.to(layers_[m]->weight.scalar_type())));
  }
  return logits;
}

Tensor mean_where_present(const std::vector<Tensor>& logits, const Tensor& present) {
  Tensor sum;
  for (size_t m = 0; m < logits.size(); ++m) {
    const Tensor has = present.select(1, static_cast<int64_t>(m)).unsqueeze(1);
    const Tensor own = torch::where(has, logits[m], torch::zeros_like(logits[m]));
    sum = sum.defined() ? sum + own : own;
  }
  return sum / present.sum(1, /*keepdim=*/true).clamp_min(1).to(sum.scalar_type());
}

Tensor loss_where_present(const Criterion& criterion, const Tensor& logits, const Batch& batch, int64_t m) {
  const Tensor rows = batch.present.select(1, m).nonzero().flatten();
  if (rows.size(0) == 0) return {};
  if (rows.size(0) == batch.size()) return criterion(logits, batch.labels);
  return criterion(logits.index_select(0, rows), batch.labels.index_select(0, rows));
}

std::vector<Tensor> log_own_losses(StepContext& context, const std::vector<Tensor>& logits, Loss& result) {
  result.parts.emplace_back("fused", result.total.detach());
  std::vector<Tensor> losses;
  for (size_t m = 0; m < logits.size(); ++m) {
    losses.push_back(loss_where_present(context.criterion(), logits[m], context.batch(), static_cast<int64_t>(m)));
    if (!losses[m].defined()) continue;
    result.parts.emplace_back("unimodal_" + context.model().infos()[m].name, losses[m].detach());
  }
  return losses;
}

}  // namespace pdmp::methods

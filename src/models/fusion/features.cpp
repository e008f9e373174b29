#include "models/fusion/features.h"

namespace pdmp::models {
namespace {

Feature zeros_like(const Feature& feature) {
  return {feature.map.defined() ? torch::zeros_like(feature.map) : Tensor(), torch::zeros_like(feature.pooled)};
}

}  // namespace

Tensor presence(const std::vector<Feature>& features, const Tensor& present, int64_t m) {
  return present.select(1, m).unsqueeze(1).to(features[static_cast<size_t>(m)].pooled.scalar_type());
}

Tensor mean_of_present(const std::vector<Tensor>& values, const std::vector<Tensor>& there) {
  Tensor sum = values[0] * there[0], count = there[0];
  for (size_t i = 1; i < values.size(); ++i) {
    sum = sum + values[i] * there[i];
    count = count + there[i];
  }
  return sum / count.clamp_min(1);
}

std::vector<Tensor> masked_logits(Fusion& fusion, const std::vector<Feature>& features, const Tensor& present) {
  std::vector<Feature> nothing;
  for (const Feature& feature : features) nothing.push_back(zeros_like(feature));
  std::vector<Tensor> logits;
  for (size_t m = 0; m < features.size(); ++m) {
    std::vector<Feature> alone = nothing;
    alone[m] = features[m];
    Tensor here = torch::zeros_like(present);
    here.select(1, static_cast<int64_t>(m)).copy_(present.select(1, static_cast<int64_t>(m)));
    logits.push_back(fusion.forward(alone, here));
  }
  return logits;
}

}  // namespace pdmp::models

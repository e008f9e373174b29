#include "methods/parts/own_logits.h"

#include "methods/parts/linear_head.h"
#include "models/fusion/features.h"
#include "models/layers/evaluation_mode.h"

namespace pdmp::methods {

std::vector<Tensor> own_logits(Model& model, const std::vector<Feature>& features, const Tensor& present) {
  if (!linear_blocks(model).empty()) return models::masked_logits(model.fusion(), features, present);
  const models::EvaluationMode evaluation(model.fusion());
  return model.fusion().unimodal_logits(features, present);
}

}  // namespace pdmp::methods

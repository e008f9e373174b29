#include "train/step/trained_parts.h"

namespace pdmp::training {
namespace {

void append(std::vector<Tensor>& tensors, const std::vector<Tensor>& more) {
  tensors.insert(tensors.end(), more.begin(), more.end());
}

}  // namespace

std::vector<Tensor> TrainedParts::tensors() const {
  std::vector<Tensor> tensors = model->parameters();
  append(tensors, model->buffers());
  if (own) append(tensors, own->parameters());
  if (own) append(tensors, own->buffers());
  if (average) append(tensors, average->values());
  return tensors;
}

std::vector<Tensor> TrainedParts::parameters() const {
  std::vector<Tensor> parameters;
  for (const ParameterGroup& group : optimizer->groups()) append(parameters, group.parameters);
  return parameters;
}

}  // namespace pdmp::training

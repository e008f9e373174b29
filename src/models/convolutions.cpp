// Filters are found by the kind of their layer. Their number of dimensions would not do: a table of positions may have
// as many.
#include "models/convolutions.h"

#include <torch/nn/modules/conv.h>

namespace pdmp::models {
namespace {

template <class Layer>
void add_weight(const torch::nn::Module& module, std::vector<Tensor>& weights) {
  if (const auto* layer = dynamic_cast<const Layer*>(&module)) weights.push_back(layer->weight);
}

}  // namespace

std::vector<Tensor> convolution_filters(const torch::nn::Module& module) {
  std::vector<Tensor> filters;
  for (const auto& part : module.modules(/*include_self=*/false)) {
    add_weight<torch::nn::Conv1dImpl>(*part, filters);
    add_weight<torch::nn::Conv2dImpl>(*part, filters);
    add_weight<torch::nn::Conv3dImpl>(*part, filters);
  }
  return filters;
}

}  // namespace pdmp::models

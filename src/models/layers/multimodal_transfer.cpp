#include "models/layers/multimodal_transfer.h"

#include <algorithm>
#include <fmt/format.h>
#include <numeric>
#include <torch/nn/modules/linear.h>

namespace pdmp::models {
namespace {

// (B, C, ...) -> (B, C)
Tensor channel_means(const Tensor& map) {
  if (map.dim() == 2) return map;
  std::vector<int64_t> axes(static_cast<size_t>(map.dim() - 2));
  std::iota(axes.begin(), axes.end(), 2);
  return map.mean(axes);
}

// `gate` (C) or (B, C), one number per channel of `map` (B, C, ...).
Tensor gated(const Tensor& map, const Tensor& gate) {
  std::vector<int64_t> sizes(static_cast<size_t>(map.dim()), 1);
  sizes[0] = gate.dim() == 2 ? gate.size(0) : 1;
  sizes[1] = gate.size(-1);
  return map * gate.reshape(sizes);
}

}  // namespace

MultimodalTransferImpl::MultimodalTransferImpl(const std::vector<int64_t>& widths, int64_t ratio, double gain)
    : gain_(gain), gates_(widths.size()), fixed_(widths.size()) {
  const int64_t total = std::accumulate(widths.begin(), widths.end(), int64_t{0});
  const int64_t squeezed = std::max<int64_t>(1, 2 * total / ratio);
  squeeze_ = register_module("squeeze", torch::nn::Linear(total, squeezed));
  for (size_t m = 0; m < widths.size(); ++m) {
    excites_.push_back(register_module(fmt::format("excite_{}", m), torch::nn::Linear(squeezed, widths[m])));
  }
}

std::vector<Tensor> MultimodalTransferImpl::forward(const std::vector<Tensor>& maps) {
  std::vector<Tensor> means, result;
  for (const Tensor& map : maps) means.push_back(channel_means(map));
  const Tensor excitation = torch::relu(squeeze_->forward(torch::cat(means, 1)));
  for (size_t m = 0; m < maps.size(); ++m) {
    const Tensor gate = torch::sigmoid(excites_[m]->forward(excitation)) * gain_;
    gates_[m] = gate.detach();
    result.push_back(gated(maps[m], fixed_[m].value_or(gate)));
  }
  return result;
}

}  // namespace pdmp::models

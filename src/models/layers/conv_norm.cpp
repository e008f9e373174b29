#include "models/layers/conv_norm.h"

#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>

#include "models/layers/convolution.h"
#include "models/layers/norm_statistics.h"
#include "models/layers/winograd.h"

namespace pdmp::models {
namespace {

Tensor convolution(torch::nn::Conv2d& conv, const Tensor& x) {
  if (!goes_by_winograd(*conv, x)) return conv->forward(x);
  const Tensor y = winograd(x, conv->weight);
  return conv->bias.defined() ? y + conv->bias.to(y.scalar_type()).view({-1, 1, 1}) : y;
}

bool folds(const torch::nn::BatchNorm2dImpl& norm) {
  return !norm.is_training() && !at::GradMode::is_enabled() && norm.options.affine() &&
         norm.options.track_running_stats();
}

// Folded for each batch anew, which costs less than 2 % of a batch of 32 and leaves nothing to go stale.
struct Folded {
  Folded(const torch::nn::Conv2dImpl& conv, const torch::nn::BatchNorm2dImpl& norm) {
    const Tensor scale = norm.weight * (norm.running_var + norm.options.eps()).rsqrt();
    weight = (conv.weight * scale.view({-1, 1, 1, 1})).contiguous(conv.weight.suggest_memory_format());
    bias = norm.bias - norm.running_mean * scale;
    if (conv.bias.defined()) bias += conv.bias * scale;
  }
  Tensor weight, bias;
};

Tensor folded(const torch::nn::Conv2dImpl& conv, const torch::nn::BatchNorm2dImpl& norm, const Tensor& x,
              const AfterNorm& after) {
  const Folded filters(conv, norm);
  if (goes_by_winograd(conv, x) && (!after.added.defined() || is_map_in_rows(after.added, x.scalar_type()))) {
    return winograd_without_gradients(x, filters.weight,
                                      {.bias = filters.bias, .added = after.added, .relu = after.relu});
  }
  const auto& options = conv.options;
  Tensor y = at::conv2d(x, filters.weight, filters.bias, *options.stride(),
                        *std::get<torch::ExpandingArray<2>>(options.padding()), *options.dilation(), options.groups());
  if (after.added.defined()) y += after.added;
  return after.relu ? y.relu_() : y;
}

}  // namespace

Tensor conv_norm(torch::nn::Conv2d& conv, torch::nn::BatchNorm2d& norm, const Tensor& x, const AfterNorm& after) {
  return folds(*norm) ? folded(*conv, *norm, x, after) : batch_norm(norm, convolution(conv, x), after);
}

}  // namespace pdmp::models

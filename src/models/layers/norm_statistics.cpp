#include "models/layers/norm_statistics.h"

#include <torch/nn/modules/batchnorm.h>

namespace pdmp::models {

bool is_map_in_rows(const Tensor& map, at::ScalarType type) {
  return map.dim() == 4 && map.scalar_type() == type && map.is_contiguous(at::MemoryFormat::ChannelsLast);
}

bool fits_kernels(const torch::nn::BatchNorm2dImpl& norm, const Tensor& x) {
  const at::ScalarType type = x.scalar_type();
  if (!norm.options.affine() || !norm.options.track_running_stats()) return false;
  if (!x.device().is_cpu() || (type != at::kFloat && type != at::kDouble && type != at::kBFloat16)) return false;
  const at::ScalarType computed = type == at::kDouble ? at::kDouble : at::kFloat;
  if (norm.weight.scalar_type() != computed || norm.running_mean.scalar_type() != computed) return false;
  return is_map_in_rows(x, type) && x.size(1) == norm.weight.numel() && x.numel() > x.size(1);
}

Running running_of(torch::nn::BatchNorm2dImpl& norm) {
  norm.num_batches_tracked += 1;
  const std::optional<double> momentum = norm.options.momentum();  // none: the mean over all batches
  return {norm.running_mean, norm.running_var, momentum ? *momentum : 1 / norm.num_batches_tracked.item<double>(),
          norm.options.eps()};
}

}  // namespace pdmp::models

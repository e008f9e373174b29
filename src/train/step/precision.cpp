#include "train/step/precision.h"

#include <ATen/autocast_mode.h>
#include <torch/cuda.h>

#include "pdmp/error.h"

namespace pdmp::training {

bool cpu_has_bf16() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512bf16") != 0;
#else
  return false;
#endif
}

Precision resolve_precision(const std::string& option, const torch::Device& device) {
  if (option != "bf16") return Precision::fp32;
  if (device.is_cpu() && !cpu_has_bf16()) {
    throw Error(ErrorKind::usage,
                "`precision` bf16: expected a CPU with AVX512-BF16, this one has none and would be ten times slower; "
                "use `precision` fp32");
  }
  return Precision::bf16;
}

torch::Device resolve_device(const std::string& option) {
  if (option == "cuda" && !torch::cuda::is_available()) {
    throw Error(ErrorKind::usage, "`device` cuda: this LibTorch finds no CUDA device; use `device` cpu");
  }
  return torch::Device(option);
}

void to_float32(Outputs& outputs) {
  const auto widen = [](Tensor& tensor) {
    if (tensor.defined() && tensor.scalar_type() != torch::kFloat64) tensor = tensor.to(torch::kFloat32);
  };
  widen(outputs.fused);
  for (Tensor& own : outputs.unimodal) widen(own);
  for (Feature& feature : outputs.features) {
    widen(feature.map);
    widen(feature.pooled);
  }
}

PrecisionScope::PrecisionScope(Precision precision, const torch::Device& device)
    : active_(precision == Precision::bf16), device_(device.type()) {
  if (!active_) return;
  was_enabled_ = at::autocast::is_autocast_enabled(device_);
  at::autocast::set_autocast_enabled(device_, true);
  at::autocast::set_autocast_dtype(device_, at::kBFloat16);
  at::autocast::increment_nesting();
}

PrecisionScope::~PrecisionScope() {
  if (!active_) return;
  // Cached bf16 copies of the weights are stale after the next update.
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(device_, was_enabled_);
}

}  // namespace pdmp::training

// Arithmetic and device of a run.
#pragma once

#include <string>

#include "pdmp/model.h"
#include "pdmp/torch.h"

namespace pdmp::training {

enum class Precision { fp32, bf16 };  // resolved: "auto" does not reach the training loop

// auto is fp32, for callers that made no trial. bf16 on a CPU without AVX512-BF16 is Error{usage}: it would be an order
// of magnitude slower.
Precision resolve_precision(const std::string& option, const torch::Device& device);

torch::Device resolve_device(const std::string& option);  // Error{usage} where there is no such device

bool cpu_has_bf16();

// Lower precision is for networks: what losses, methods and logs read of them is single precision, or double where the
// network is.
void to_float32(Outputs& outputs);

// Autocast for the life of the object; nothing for fp32.
class PrecisionScope {
 public:
  PrecisionScope(Precision precision, const torch::Device& device);
  ~PrecisionScope();
  PrecisionScope(const PrecisionScope&) = delete;
  PrecisionScope& operator=(const PrecisionScope&) = delete;

 private:
  bool active_;
  torch::DeviceType device_;
  bool was_enabled_ = false;
};

}  // namespace pdmp::training

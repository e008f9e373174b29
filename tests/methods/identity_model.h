// Models whose features are their inputs.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pdmp/model.h"

namespace pdmp::testing {

inline Tensor matrix(double a, double b, double c, double d) {
  return at::tensor({a, b, c, d}, at::kDouble).reshape({2, 2});
}

// Modalities "a", "v", "t" of width 2 whose encoders give z = x, as long as x >= 0.
inline std::shared_ptr<Model> identity_model(int64_t modalities, const std::string& fusion = "concat") {
  std::vector<ModalityInfo> infos;
  ModelOptions options;
  options.fusion = fusion;
  for (const char* name : {"a", "v", "t"}) {
    if (static_cast<int64_t>(infos.size()) == modalities) break;
    infos.push_back({name, "vector", {2}});
    options.encoders[name] = "mlp:hidden=2";
  }
  auto model = std::make_shared<Model>(infos, 2, options, 0);
  model->to(at::kDouble);
  const torch::NoGradGuard no_grad;
  for (const OwnedParameter& parameter : model->ownership()) {
    if (parameter.in_encoder && parameter.owner)
      parameter.value.copy_(parameter.value.dim() == 2 ? matrix(1, 0, 0, 1) : at::zeros(2));
  }
  return model;
}

}  // namespace pdmp::testing

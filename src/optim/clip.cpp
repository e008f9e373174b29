#include <cmath>

#include "pdmp/optimizer.h"

namespace pdmp {

double clip_gradients(const std::vector<Tensor>& parameters, double max_norm) {
  const torch::NoGradGuard no_grad;
  std::vector<Tensor> gradients;
  for (const Tensor& parameter : parameters) {
    if (parameter.grad().defined()) gradients.push_back(parameter.grad());
  }
  if (gradients.empty()) return 0;
  const double norm = at::stack(at::_foreach_norm(gradients, 2)).norm().item<double>();
  if (std::isfinite(norm) && norm > max_norm) at::_foreach_mul_(gradients, max_norm / norm);
  return norm;
}

}  // namespace pdmp

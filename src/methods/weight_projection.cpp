#include "methods/weight_projection.h"

#include <cmath>

namespace pdmp {

Tensor project_out(const Tensor& projection, const Tensor& r, double alpha, ProjectionForm form) {
  const torch::NoGradGuard no_gradients;
  const Tensor k = projection.mv(r);
  const double rk = r.dot(k).item<double>();
  if (!std::isfinite(rk)) return projection;
  if (form == ProjectionForm::literal) return projection - torch::outer(k, k) / (alpha + torch::outer(k, r));
  return rk < 0 ? projection : projection - torch::outer(k, k) / (alpha + rk);
}

}  // namespace pdmp

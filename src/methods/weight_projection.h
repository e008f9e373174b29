// MLA's protection of a head that modalities take turns with (orthogonal weight modification).
#pragma once

#include "pdmp/torch.h"

namespace pdmp {

enum class ProjectionForm {
  owm,     // k k^T / (alpha + r^T k): P = (I + sum r r^T / alpha)^-1 at constant alpha
  literal  // k k^T / (alpha + k r^T), element by element, as in the release: P is no projection any more
};

// P (d, d) after the mean feature r (d) was seen, k = P r. In the form owm P takes r (nearly) to zero and stays exactly
// symmetric. An r^T k that is not finite, or negative by rounding, leaves P as it is.
Tensor project_out(const Tensor& projection, const Tensor& r, double alpha, ProjectionForm form);

}  // namespace pdmp

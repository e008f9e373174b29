#include "models/layers/present_rows.h"

#include <vector>

namespace pdmp::models {

Tensor zeros_like_row(const Tensor& row, int64_t rows) {
  std::vector<int64_t> sizes = row.sizes().vec();
  sizes[0] = rows;
  return torch::zeros(sizes, row.options().requires_grad(false));
}

Tensor scatter_rows(const Tensor& values, const Tensor& index, int64_t rows) {
  return values.defined() ? zeros_like_row(values, rows).index_copy(0, index, values) : Tensor();
}

}  // namespace pdmp::models

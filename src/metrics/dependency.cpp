#include "metrics/dependency.h"

#include <algorithm>

#include "pdmp/tensor.h"

namespace pdmp::metrics {

std::vector<double> dependency_sums(const std::vector<Tensor>& unimodal) {
  std::vector<double> sums;
  for (const Tensor& logits : unimodal) {
    const auto rows = static_cast<double>(std::max<int64_t>(logits.size(0), 1));
    sums.push_back(logits.detach().abs().sum(at::kDouble).item<double>() / rows);
  }
  return sums;
}

}  // namespace pdmp::metrics

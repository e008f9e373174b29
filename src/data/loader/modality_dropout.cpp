#include "data/loader/modality_dropout.h"

#include <vector>

#include "pdmp/tensor.h"

namespace pdmp::data {

Tensor drop_modalities(const Tensor& present, double probability, RandomStream& random) {
  Tensor left = present.clone(at::MemoryFormat::Contiguous);
  auto rows = left.accessor<bool, 2>();
  for (int64_t i = 0; i < rows.size(0); ++i) {
    std::vector<int64_t> had;
    bool any = false;
    for (int64_t m = 0; m < rows.size(1); ++m) {
      const bool dropped = random.bernoulli(probability);
      if (rows[i][m]) had.push_back(m);
      rows[i][m] = rows[i][m] && !dropped;
      any = any || rows[i][m];
    }
    if (any || had.empty()) continue;
    const int64_t kept = had.size() == 1 ? 0 : random.integer(0, static_cast<int64_t>(had.size()) - 1);
    rows[i][had[static_cast<size_t>(kept)]] = true;
  }
  return left;
}

}  // namespace pdmp::data

// Models of up to four modalities "a", "b", ... that are vectors of width 3, in double; three classes.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "support/method_at_work.h"

namespace pdmp::testing {

inline std::shared_ptr<Model> vector_model(const std::string& fusion, int64_t modalities) {
  ModelOptions options;
  options.fusion = fusion;
  std::vector<ModalityInfo> infos;
  for (int64_t m = 0; m < modalities; ++m)
    infos.push_back({.name = std::string(1, static_cast<char>('a' + m)), .type = "vector", .shape = {3}});
  auto model = std::make_shared<Model>(infos, 3, options, 3);
  model->to(at::kDouble);
  return model;
}

inline Batch vector_batch(int64_t modalities, int64_t step = 0) {
  std::vector<Tensor> inputs;
  for (int64_t m = 0; m < modalities; ++m)
    inputs.push_back(at::sin(at::arange(18, at::kDouble).square() * .37 + m + step).reshape({6, 3}));
  return full_batch(inputs, at::tensor({0, 1, 2, 2, 1, 0}, at::kLong));
}

}  // namespace pdmp::testing

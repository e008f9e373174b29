// Random batches of any modalities, for tests of models.
#pragma once

#include <cstdint>
#include <vector>

#include "pdmp/dataset.h"
#include "pdmp/torch.h"

namespace pdmp::testing {

// (rows, shape...): standard normal numbers; text: bytes + 1 with some padding at the end.
inline Tensor example_input(const ModalityInfo& info, int64_t rows, const torch::Generator& generator) {
  std::vector<int64_t> sizes = info.shape;
  sizes.insert(sizes.begin(), rows);
  if (info.type != "text") return torch::randn(sizes, generator, torch::kFloat32);
  Tensor bytes = torch::randint(1, 257, sizes, generator, torch::kInt64);
  if (info.shape[0] > 4) bytes.slice(1, info.shape[0] - 3) = 0;
  return bytes;
}

// Everything present; labels at random.
inline Batch example_batch(const std::vector<ModalityInfo>& infos, int64_t rows, int64_t classes, uint64_t seed) {
  const torch::Generator generator = at::detail::createCPUGenerator(seed);
  Batch batch;
  for (const ModalityInfo& info : infos) batch.inputs.push_back(example_input(info, rows, generator));
  batch.present = torch::ones({rows, static_cast<int64_t>(infos.size())}, torch::kBool);
  batch.labels = torch::randint(classes, {rows}, generator, torch::kInt64);
  batch.index = torch::arange(rows);
  return batch;
}

// The same batch in double precision, for models that were moved there.
inline Batch in_double(Batch batch) {
  for (Tensor& input : batch.inputs) {
    if (input.is_floating_point()) input = input.to(torch::kFloat64);
  }
  return batch;
}

// |a - b| / |b| of the whole tensors.
inline double relative_error(const Tensor& a, const Tensor& b) {
  const Tensor reference = b.detach().to(torch::kFloat64);
  return ((a.detach().to(torch::kFloat64) - reference).norm() / reference.norm().clamp_min(1e-300)).item<double>();
}

}  // namespace pdmp::testing

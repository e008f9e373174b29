// Moves a batch to the device of a run.
#pragma once

#include <utility>

#include "pdmp/dataset.h"

namespace pdmp {

inline Batch to_device(Batch batch, const torch::Device& device) {
  if (device.is_cpu()) return batch;
  for (Tensor& input : batch.inputs) input = input.to(device);
  batch.present = batch.present.to(device);
  batch.labels = batch.labels.to(device);
  return batch;
}

}  // namespace pdmp

// Moves a batch to the device of a run. From pinned memory the caller need not wait for it.
#pragma once

#include <utility>

#include "pdmp/dataset.h"
#include "pdmp/torch.h"

namespace pdmp::training {

inline Batch to_device(Batch batch, const torch::Device& device) {
  if (device.is_cpu()) return batch;
  for (Tensor& input : batch.inputs) input = input.to(device, /*non_blocking=*/true);
  batch.present = batch.present.to(device, /*non_blocking=*/true);
  batch.labels = batch.labels.to(device, /*non_blocking=*/true);
  return batch;
}

}  // namespace pdmp::training

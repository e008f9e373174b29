// What a model costs on this machine, measured on a throwaway one with made-up samples. No random stream is touched.
#pragma once

#include <cstdint>

#include "pdmp/model.h"
#include "train/step/precision.h"

namespace pdmp::training {

struct PrecisionTimes {
  double fp32 = 0, bf16 = 0;  // seconds of the same forward and backward pass
};

// bf16 only where it saves a tenth of the time: below that it is noise, and fp32 has the better numbers.
Precision faster(const PrecisionTimes& times);

// The faster precision for `model` on this CPU, by passes of up to `batch_size` samples that take about a second in
// all. fp32 without a trial where the CPU computes no bf16, or where a sample is so little work that most of a step is
// something else.
Precision try_precisions(Model& model, int64_t batch_size);

// Memory that a forward and backward pass needs for each sample, at its peak.
int64_t bytes_per_sample(Model& model);

}  // namespace pdmp::training

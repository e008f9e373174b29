// Training that diverged: what is not finite any more, in words. Weights that are not finite give LibTorch's kernels
// indices out of range, and checkpoints nobody can use.
#pragma once

#include <string>

#include "pdmp/error.h"
#include "pdmp/method.h"
#include "train/files/run_directory.h"

namespace pdmp::training {

// What a model says of a sample is not finite. Thrown by `evaluate`, which knows of no step.
class NotFinite : public Error {
 public:
  NotFinite(double loss, const std::string& sample);
  double loss() const { return loss_; }

 private:
  double loss_;
};

// Name of the first parameter or buffer with a value that is not finite; "" where there is none. One pass over the
// weights at the speed of memory.
std::string nonfinite_weight(const Weights& weights);

// What of a step is not finite, first cause first: an input, a weight, a gradient, the model's answer to the batch.
// "the input of modality 'a' (sample 12)", ""; for a step that failed or whose loss is not finite.
std::string nonfinite_cause(const Weights& weights, Model& model, const Batch& batch);

// Error{data} in one sentence. `step` counts from 1; `run` may be null.
[[noreturn]] void fail_diverged(const std::string& found, int64_t epoch, int64_t step, double lr,
                                const RunDirectory* run);

}  // namespace pdmp::training

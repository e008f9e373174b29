#include "train/best_weights.h"

#include <cmath>
#include <fmt/format.h>

#include "pdmp/error.h"

namespace pdmp::training {

void BestWeights::consider(const Evaluation& scores, int64_t epoch, bool keep) {
  const char* metric = best_.metric().name;
  if (std::isnan(scores.score(metric))) {
    throw Error(ErrorKind::usage,
                fmt::format("`select-metric` {}: undefined on the {} held-out samples; expected a metric that these "
                            "samples have (pdmp list metrics)",
                            metric, scores.n));
  }
  if (!best_.consider(scores, epoch) || !keep) return;
  if (run_ != nullptr) {
    run_->save_best(parts_.weights(), epoch);
    return;
  }
  copies_.clear();
  for (const Tensor& tensor : parts_.tensors()) copies_.push_back(tensor.detach().clone());
}

void BestWeights::recover(const CheckpointState& state) {
  if (any()) run_->recover_best(parts_.weights(), best_.epoch(), state);
}

void BestWeights::restore() {
  if (run_ != nullptr) {
    run_->load_best(parts_.weights(), best_.epoch());
    return;
  }
  const torch::NoGradGuard no_gradients;
  const std::vector<Tensor> tensors = parts_.tensors();
  for (size_t i = 0; i < tensors.size(); ++i) Tensor(tensors[i]).copy_(copies_[i]);
}

}  // namespace pdmp::training

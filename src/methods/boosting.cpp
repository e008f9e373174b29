#include "methods/boosting.h"

#include <algorithm>

namespace pdmp {

BoostingPhase boosting_phase(int64_t epoch, int64_t modalities, int64_t t1, int64_t t2) {
  BoostingPhase phase;
  phase.stage = epoch / (t1 + t2);
  phase.learner = phase.stage % modalities;
  phase.learners = std::min(phase.stage + 1, modalities);
  phase.together = epoch % (t1 + t2) >= t1;
  return phase;
}

Tensor residual_loss(const Tensor& logits, const Tensor& labels, const Tensor& others, double w1, double w2) {
  const Tensor own = -logits.log_softmax(1).gather(1, labels.unsqueeze(1)).squeeze(1);
  return ((w1 - w2 * others) * own).mean() / static_cast<double>(logits.size(1));
}

}  // namespace pdmp

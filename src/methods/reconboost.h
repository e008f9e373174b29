// ReconBoost's alternation and what a learner is trained on in it.
#pragma once

#include <cstdint>

#include "pdmp/torch.h"

namespace pdmp::methods {

// A stage trains one learner for t1 epochs (phase 1), then all that were trained so far together for t2 (phase 2).
struct BoostingPhase {
  int64_t stage = 0;
  int64_t learner = 0;   // modality of the stage: they follow each other in a circle
  int64_t learners = 1;  // modalities 0 .. learners - 1 make up the ensemble, the stage's own included
  bool together = false;
  int64_t index() const { return 2 * stage + (together ? 1 : 0); }
};
BoostingPhase boosting_phase(int64_t epoch, int64_t modalities, int64_t t1, int64_t t2);

// Mean over the rows of (w1 - w2 q) / C * -log softmax(s)_y. logits s (B, C), labels y (B), others q (B): probability
// of the true class by the other learners together, 1 where there are none.
Tensor residual_loss(const Tensor& logits, const Tensor& labels, const Tensor& others, double w1, double w2);

}  // namespace pdmp::methods

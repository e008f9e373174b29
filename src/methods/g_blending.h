// How much each of several losses is worth (Gradient-Blending, CVPR 2020): what it taught against what it overfitted.
#pragma once

#include <vector>

namespace pdmp::methods {

// Losses of one head on train and on held-out data, before and after it was trained alone for a while.
struct HeadLosses {
  double train_before = 0, held_out_before = 0, train_after = 0, held_out_after = 0;
};

struct BlendRule {
  double sum = 1;                   // of the weights
  double gain_floor = 1e-4;         // least gain, of a head that has not become better
  double overfitting_floor = 1e-4;  // least square of the overfitting
  double cap = 1;                   // largest part of `sum` that one head gets, at least a half
};

// Per head.
struct Blend {
  std::vector<double> gain;         // G: fall of the held-out loss
  std::vector<double> overfitting;  // dO: growth of the distance between held-out and training loss
  std::vector<double> worth;        // u = max(G, gain_floor) / max(dO^2, overfitting_floor)
  std::vector<double> weights;      // u over the sum of all u
};

// All alike where no head has become better. A head whose losses are not finite (nobody has the modality, its training
// diverged) is worth nothing. What the cap takes away goes to the others in proportion.
Blend blend(const std::vector<HeadLosses>& heads, const BlendRule& rule);

}  // namespace pdmp::methods

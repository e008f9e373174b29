// How fast two parts of a network learn, and whose part to hold for a while (greedy, ICML 2022).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "pdmp/torch.h"

namespace pdmp::methods {

// |gradient|^2 / |weight|^2 over all of the parameters that have a gradient; scalar, 0 where none has.
Tensor relative_step(const std::vector<Tensor>& parameters);

// Sums of relative steps of a branch: its own network, and what other modalities reach it through.
struct LearningSpeed {
  double main = 0, bypass = 0;
};

// log10(bypass / main); NaN where the branch itself learnt nothing yet (it never came, or is dead): it is not compared
// then.
double conditional_speed(const LearningSpeed& speed);

// Largest less smallest of the numbers, NaN left out; 0 where there are none.
double gap_of(const std::vector<double>& speeds);

// Which branch to hold: that of the largest speed, for `window` steps, whenever the gap is above `epsilon`.
class Rebalancing {
 public:
  Rebalancing(double epsilon, int64_t window) : epsilon_(epsilon), window_(window) {}

  std::optional<size_t> target() const { return target_; }  // of the next step
  int64_t counter() const { return counter_; }              // steps in which it was held
  void resume(std::optional<size_t> target, int64_t counter);
  // After a step. `speeds` count, where `may_start`, after a step in which nothing was held.
  void finish_step(const std::vector<double>& speeds, bool may_start);

 private:
  double epsilon_;
  int64_t window_;
  std::optional<size_t> target_;
  int64_t counter_ = 0;
};

}  // namespace pdmp::methods

// Greedy (Characterizing and Overcoming the Greedy Nature of Learning in Multi-modal Deep Neural Networks, ICML 2022),
// for branches that gate each other's channels (fusion mmtm): the speed of a branch is that at which its gates learn,
// relative to its own network. The gates of the fastest branch are held at their running mean for a few steps.
#pragma once

#include <cstdint>

#include "pdmp/method_options.h"

namespace pdmp {

// Which branch's gates are held.
enum class GreedyChoice {
  speed,   // those of the fastest branch
  random,  // in each step those of a random branch, or none: the control experiment of the paper
};
template <>
inline constexpr auto kChoiceNames<GreedyChoice> = choice_names("speed", "random");

// Options of greedy. Flags --greedy.<name>.
struct GreedyOptions {
  static constexpr const char* kMethod = "greedy";

  double epsilon = 0.01;  // difference in speed above which gates are held, at least 0; speeds are log10
  int64_t window = 5;     // steps for which gates are held, at least 1
  int64_t start = 2;      // first epoch in which gates may be held, counted from 1; at least 1
  GreedyChoice choice = GreedyChoice::speed;  // which branch's gates are held

  void describe(OptionList& list);
  std::unique_ptr<Method> make() const;
};

}  // namespace pdmp

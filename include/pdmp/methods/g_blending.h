// Gradient-Blending (What Makes Training Multi-Modal Classification Networks Hard?, CVPR 2020): each modality has a
// linear head with its own loss, in addition to the fused loss. Trial trainings of each head alone give the weights of
// the losses: the larger the gain on held-out data and the smaller the overfitting, the larger the weight.
#pragma once

#include <cstdint>
#include <optional>

#include "pdmp/method_options.h"

namespace pdmp {

// When the weights of the losses are estimated.
enum class GBlendingMode {
  online,   // before every super-epoch
  offline,  // once, before the first step
  uniform,  // never: all weights are equal
};
template <>
inline constexpr auto kChoiceNames<GBlendingMode> = choice_names("online", "offline", "uniform");

// Options of g_blending. A weight is proportional to gain / overfitting^2. Flags --g_blending.<name>, with '-' for '_'.
struct GBlendingOptions {
  static constexpr const char* kMethod = "g_blending";

  GBlendingMode mode = GBlendingMode::online;  // when weights are estimated
  int64_t super_epoch = 10;  // epochs from one estimate to the next, and of each trial; at least 1. Offline trials
                             // have the epochs of the training
  std::optional<double> sum = {};   // of all weights, above 0; flag --g_blending.w-sum. Nothing: the number of losses
  double gain_floor = 1e-4;         // lower limit of the gain, above 0
  double overfitting_floor = 1e-4;  // lower limit of the squared overfitting, above 0
  double cap = 1;                   // largest share of the sum for one loss, in [0.5, 1]; 1: no limit

  void describe(OptionList& list);
  std::unique_ptr<Method> make() const;
};

}  // namespace pdmp

// CGGM (Classifier-guided gradient modulation, NeurIPS 2024): a small classifier on the detached feature of each
// modality measures how much the modality improved since the last step. The encoder that improved least gets the
// largest gradient. A second loss pulls the fused output layer toward the direction of the classifiers' output layers.
#pragma once

#include <cstdint>
#include <optional>

#include "pdmp/method_options.h"

namespace pdmp {

// What the direction term compares.
enum class CggmDirection {
  weight_cos,  // weights of the output layers, as in the release
  grad_cos,    // gradients of these weights, as in the paper; for linear heads only
  off,         // nothing: there is no direction term
};
template <>
inline constexpr auto kChoiceNames<CggmDirection> = choice_names("weight_cos", "grad_cos", "off");

// Options of cggm. The gradients of an encoder are multiplied by rho b, with b the share of the improvement in accuracy
// that the other modalities made. Flags --cggm.<name>, with '-' for '_'.
struct CggmOptions {
  static constexpr const char* kMethod = "cggm";

  double rho = 1.3;                                     // factor on b, above 0
  double lambda = 0.2;                                  // weight of the direction term, at least 0
  CggmDirection direction = CggmDirection::weight_cos;  // what the direction term compares
  bool magnitude = true;            // scale gradients of encoders; without it, and with direction off: joint training
  bool clamp = true;                // keep b in [0, 2]; without it, as in the release, b may be large or negative
  double smoothing = 0;             // decay of a moving average of the classifiers' accuracies, in [0, 1); 0: none
  std::optional<double> clip = {};  // largest gradient norm after modulation, at least 0; 0: no clipping. Nothing: 0.8
                                    // with an adaptive optimizer or without `clamp`, else 0
  int64_t layers = 2;               // of a classifier, 1 or 2
  double classifier_lr = 5e-4;      // learning rate of the classifiers, above 0

  void describe(OptionList& list);
  std::unique_ptr<Method> make() const;
};

}  // namespace pdmp

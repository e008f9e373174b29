// Plain joint training, the baseline: the loss of the fused logits trains all parameters.
#pragma once

#include "pdmp/method_options.h"

namespace pdmp {

// Options of joint: none.
struct JointOptions {
  static constexpr const char* kMethod = "joint";

  void describe(OptionList&) {}
  std::unique_ptr<Method> make() const;
};

}  // namespace pdmp

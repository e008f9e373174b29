#include "pdmp/methods/joint.h"

#include "methods/methods.h"

namespace pdmp {

// Every default of Method is joint training.
std::unique_ptr<Method> JointOptions::make() const { return std::make_unique<Method>(); }

namespace methods {

MethodInfo joint_method() {
  return {
      .name = "joint",
      .summary = "Plain joint training: every encoder learns at the same rate.",
      .source = "baseline",
      .make_options = make_options<JointOptions>,
      .description =
          "One loss, that of the fused logits, trains everything. This is what every other method is compared with "
          "and what most of them become when their options are neutral.",
      .formula = "L = CE(f)",
      .cost = "A step is a step: F + B. Nothing per epoch.",
      .step_factor = 1,
      .release = "",
  };
}

}  // namespace methods
}  // namespace pdmp

#include "methods/methods.h"

namespace pdmp::methods {
namespace {

class Joint : public Method {};

class JointOptions : public MethodOptions {
 public:
  std::unique_ptr<Method> make() const override { return std::make_unique<Joint>(); }
};

}  // namespace

MethodInfo joint_method() {
  return {
      .name = "joint",
      .summary = "Plain joint training: every encoder learns at the same rate.",
      .source = "baseline",
      .make_options = []() -> std::unique_ptr<MethodOptions> { return std::make_unique<JointOptions>(); },
      .description =
          "One loss, that of the fused logits, trains everything. This is what every other method is compared with "
          "and what most of them become when their options are neutral.",
      .formula = "L = CE(f)",
      .cost = "A step is a step: F + B. Nothing per epoch.",
      .step_factor = 1,
      .release = "",
  };
}

}  // namespace pdmp::methods

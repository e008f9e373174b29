#include "optim/optimizers.h"

namespace pdmp::optim {
namespace {

// Adam with decoupled weight decay: p = p (1 - lr decay) - lr m' / (sqrt(v') + eps), m' and v' bias-corrected.
class AdamW : public Optimizer {
 public:
  AdamW(const OptimizerOptions& options, std::vector<ParameterGroup> groups) : Optimizer(options, std::move(groups)) {}

 protected:
  // First moment, second moment, and the number of updates of this parameter (float32 is what the kernel reads).
  std::vector<Tensor> fresh_state(const Tensor& parameter) const override {
    return {at::zeros_like(parameter), at::zeros_like(parameter), at::zeros({}, parameter.options().dtype(at::kFloat))};
  }

  void update(const std::vector<Slot*>& slots, double lr, double decay) override {
    const std::vector<Tensor> steps = states(slots, 2);
    at::_foreach_add_(steps, 1);
    at::_fused_adamw_(parameters(slots), gradients(slots), states(slots, 0), states(slots, 1), /*max_exp_avg_sqs=*/{},
                      steps, lr, options().beta1, options().beta2, decay, options().eps, /*amsgrad=*/false,
                      /*maximize=*/false);
  }
};

}  // namespace

std::unique_ptr<Optimizer> make_adamw(const OptimizerOptions& options, std::vector<ParameterGroup> groups) {
  return std::make_unique<AdamW>(options, std::move(groups));
}

}  // namespace pdmp::optim

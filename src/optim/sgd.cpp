#include "optim/optimizers.h"
#include "pdmp/error.h"

namespace pdmp::optim {
namespace {

// d = g + decay p, v = momentum v + d, p = p - lr v (Nesterov: p - lr (d + momentum v)); momentum 0 keeps no v.
class Sgd : public Optimizer {
 public:
  Sgd(const OptimizerOptions& options, std::vector<ParameterGroup> groups) : Optimizer(options, std::move(groups)) {}

 protected:
  // Without dampening a buffer of zeros makes the first update v = d, so the kernel's own "first step" (a property of a
  // whole call, not of a parameter) is never needed: parameters may get their first gradient at any time.
  std::vector<Tensor> fresh_state(const Tensor& parameter) const override {
    if (options().momentum == 0) return {};
    return {at::zeros_like(parameter)};
  }

  void update(const std::vector<Slot*>& slots, double lr, double decay) override {
    const bool remembers = options().momentum != 0;
    at::_fused_sgd_(parameters(slots), gradients(slots), remembers ? states(slots, 0) : std::vector<Tensor>(), decay,
                    options().momentum, lr, /*dampening=*/0, options().nesterov, /*maximize=*/false,
                    /*is_first_step=*/false);
  }
};

}  // namespace

std::unique_ptr<Optimizer> make_sgd(const OptimizerOptions& options, std::vector<ParameterGroup> groups) {
  if (options.nesterov && options.momentum == 0) {
    throw Error(ErrorKind::usage, "`nesterov` needs a `momentum` above 0, found 0; leave one of the two out");
  }
  return std::make_unique<Sgd>(options, std::move(groups));
}

}  // namespace pdmp::optim

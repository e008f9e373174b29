#include "optim/optimizers.h"

namespace pdmp {

void OptimizerOptions::describe(OptionList& list) {
  constexpr double kBelowOne = 0.999999;  // 1 would divide by zero in the bias correction
  list.add("optimizer", &optimizer, "How parameters are updated.").one_of(optim::optimizer_names());
  list.add("lr", &lr, "Learning rate.").above(0);
  list.add("momentum", &momentum, "Momentum of sgd; 0 = none.").at_least(0).at_most(kBelowOne).advanced();
  list.add("weight-decay", &weight_decay, "Weight decay, on every parameter that has a gradient.").at_least(0);
  list.add("nesterov", &nesterov, "Nesterov's form of momentum (sgd).").advanced();
  list.add("beta1", &beta1, "Decay of the first moment (adamw).").at_least(0).at_most(kBelowOne).advanced();
  list.add("beta2", &beta2, "Decay of the second moment (adamw).").at_least(0).at_most(kBelowOne).advanced();
  list.add("eps", &eps, "Added to the root of the second moment (adamw).").above(0).advanced();
  list.add("schedule", &schedule, "How the learning rate changes from epoch to epoch.").one_of(optim::schedule_names());
  list.add("schedule-epochs", &schedule_epochs, "step: 0-based epochs from which the rate is lower.").advanced();
  list.add("schedule-factor", &schedule_factor, "step: factor at each of these epochs.").above(0).advanced();
  list.add("schedule-floor", &schedule_floor, "cosine: factor at the end of the last epoch.")
      .at_least(0)
      .at_most(1)
      .advanced();
  list.add("warmup-epochs", &warmup_epochs, "Epochs in which the rate rises linearly to its full value.")
      .at_least(0)
      .advanced();
  list.add("clip-norm", &clip_norm, "Largest L2 norm of all gradients together; 0 = no clipping.")
      .at_least(0)
      .advanced();
  list.add("clip-position", &clip_position,
           "Clip before or after the method changes gradients; auto = as the method does.")
      .one_of({"auto", "before", "after"})
      .advanced();
  list.add("modulation", &modulation,
           "How methods scale what a modality learns in a step: its gradients (grad) or its learning rate (lr); auto: "
           "rates for adaptive optimizers, which cancel a scale of gradients.")
      .one_of({"auto", "grad", "lr"})
      .advanced();
  list.add("label-smoothing", &label_smoothing, "Share of the target spread over all classes.")
      .at_least(0)
      .at_most(1)
      .advanced();
  list.add("class-weights", &class_weights,
           "What samples count in the loss: none, balanced (every class alike, however many its samples), or a number "
           "per class in the order of the data set: 1,2,3,4.");
  list.add("loss", &loss,
           "Loss of the logits: cross_entropy, or focal:gamma=2, in which well classified samples count less.");
}

}  // namespace pdmp

// Parameter groups, and optimizers that update them by LibTorch's fused kernels.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "pdmp/archive.h"
#include "pdmp/model.h"
#include "pdmp/options.h"
#include "pdmp/torch.h"

namespace pdmp {

// Options of optimizer, learning rate schedule, clipping and loss. Flags of the same names, with '-' for '_'.
struct OptimizerOptions {
  std::string optimizer = "sgd";                  // sgd | adamw
  double lr = 1e-3;                               // learning rate, above 0
  double momentum = 0.9;                          // sgd: in [0, 0.999999]; 0 is none
  double weight_decay = 1e-4;                     // at least 0; sgd adds it to the gradient, adamw decouples it
  bool nesterov = false;                          // sgd: Nesterov's momentum; requires momentum above 0
  double beta1 = 0.9, beta2 = 0.999, eps = 1e-8;  // adamw: decays in [0, 0.999999]; addend to the root, above 0
  std::string schedule = "constant";              // constant | step | cosine
  std::vector<double> schedule_epochs = {70};     // step: 0-based epochs from which the rate is lower
  double schedule_factor = 0.1;                   // step: factor at each of these epochs, above 0
  double schedule_floor = 0;                      // cosine: factor at the end of the last epoch, in [0, 1]
  // First epochs, in which the rate rises linearly from lr / warmup_epochs to lr, with any schedule; at least 0. cosine
  // falls after them.
  int64_t warmup_epochs = 0;
  double clip_norm = 0;                // largest L2 norm of all gradients together, at least 0; 0: no clipping
  std::string clip_position = "auto";  // before | after the method changes gradients; auto: the method's default
  std::string modulation = "auto";     // what StepContext::scale multiplies: grad | lr; auto: lr for adamw
  double label_smoothing = 0;          // share of the target spread over all classes, in [0, 1]; cross_entropy
  // Weights of the classes in the loss. none; balanced: n / (C * n_c) with n_c samples of class c in train, 0 for a
  // class without samples; or one number per class, at least 0 and not all 0: "1,2,3,4".
  std::string class_weights = "none";
  std::string loss = "cross_entropy";  // NAME[:option=value]...: cross_entropy | focal:gamma=2
  void describe(OptionList& list);
  bool adaptive() const { return optimizer == "adamw"; }  // whether a constant factor on gradients has no effect
};

// Parameters updated alike: learning rate lr * schedule * lr_scale, weight decay weight_decay * decay_scale.
struct ParameterGroup {
  std::string name;                 // "audio", "visual", "shared"
  std::optional<int64_t> modality;  // that owns the parameters; nothing: shared
  std::vector<Tensor> parameters;   // the parameters themselves; each is in one group only
  double lr_scale = 1;              // factor on the learning rate
  double decay_scale = 1;           // factor on the weight decay
};

// One group per modality, its encoder and its part of the head, then one of the rest: the groups of `joint`.
std::vector<ParameterGroup> default_groups(const Model& model);

// An optimizer of parameter groups. Not thread-safe.
class Optimizer {
 public:
  virtual ~Optimizer() = default;
  // Makes gradients undefined, not zero: a parameter without gradient does not decay and keeps its momentum.
  void zero_grad();
  // One update. `schedule` multiplies every learning rate. Parameters without gradient are skipped.
  void step(double schedule);
  // The scales of the groups may be changed between steps, their parameters may not.
  std::vector<ParameterGroup>& groups() { return groups_; }
  // In the next step only, multiplies the learning rate of this parameter by c and divides its weight decay by c, so
  // that the decay stays the same. Factors of several calls are multiplied. c is at least 0; with 0 the parameter stays
  // as it is and its state is updated.
  void scale_next_step(const Tensor& parameter, double c);
  double next_step_scale(const Tensor& parameter) const;  // product of these factors; 1 where there is none
  // Resets momentum and other state to that before the first step.
  void forget();

  // Adds copies of momentum and other state, as tensors `optimizer.<parameter>.<state>`, numbered in the order of the
  // groups' parameters, and the values `optimizer` (its name) and `states` (tensors of each parameter).
  void save(Archive& archive) const;
  void load(const Archive& archive);  // Error{data} where it does not fit; the optimizer then stays as it was

 protected:
  // A parameter with its state.
  struct Slot {
    Tensor parameter;           // the parameter itself
    std::vector<Tensor> state;  // as fresh_state(); empty until the first update
  };
  // Error{usage} where a parameter is in two groups or is a view with gaps in memory.
  Optimizer(const OptimizerOptions& options, std::vector<ParameterGroup> groups);
  const OptimizerOptions& options() const { return options_; }  // given at construction

  // State of a parameter before its first update. Tensors of the parameter's shape get its memory layout.
  virtual std::vector<Tensor> fresh_state(const Tensor& parameter) const = 0;
  // Updates parameters of one group. All have a gradient and state, and the three have one memory layout, which the
  // fused kernels require.
  virtual void update(const std::vector<Slot*>& slots, double lr, double decay) = 0;

  // Parameters, gradients, or state tensors number `index` of the slots, in their order: views with the elements in
  // the order of memory, for the fused kernels.
  static std::vector<Tensor> parameters(const std::vector<Slot*>& slots);
  static std::vector<Tensor> gradients(const std::vector<Slot*>& slots);             // as above
  static std::vector<Tensor> states(const std::vector<Slot*>& slots, size_t index);  // as above

 private:
  void make_ready(Slot& slot);

  OptimizerOptions options_;
  std::vector<ParameterGroup> groups_;
  std::vector<std::vector<Slot>> slots_;  // as groups_
  std::unordered_map<const void*, double> next_step_scales_;
};

// The optimizer of the options. Error{usage} where they contradict each other, or as the constructor of Optimizer.
std::unique_ptr<Optimizer> make_optimizer(const OptimizerOptions& options, std::vector<ParameterGroup> groups);

// Factor on the learning rate in the 0-based `epoch` of `epochs`.
double schedule_factor(const OptimizerOptions& options, int64_t epoch, int64_t epochs);

// Multiplies all gradients by max_norm / norm where their L2 norm, over all together, is above max_norm. Returns the
// norm before. A norm that is not finite leaves the gradients as they are; undefined gradients are ignored.
double clip_gradients(const std::vector<Tensor>& parameters, double max_norm);

namespace optim {
class LossFunction;  // src/optim/loss.h
}  // namespace optim

// The loss of the options. With class weights w the mean of the samples' losses l is sum w_y l / sum w_y, and 0 where
// no sample has a weight. Label smoothing e (cross_entropy only) adds e / C to the target of every class.
class Criterion {
 public:
  // Error{usage} where class weights and classes of `train` do not fit, or loss and label smoothing do not go together.
  Criterion(const OptimizerOptions& options, const Dataset& train);
  // Mean loss of logits (B, C) and labels (B) int64 in [0, C): a scalar with a graph.
  Tensor operator()(const Tensor& logits, const Tensor& labels) const;

 private:
  std::shared_ptr<const optim::LossFunction> loss_;
  double label_smoothing_;
  Tensor class_weights_;
};

}  // namespace pdmp

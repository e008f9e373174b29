// Parameter groups and the optimizers that update them with LibTorch's fused kernels.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "pdmp/model.h"
#include "pdmp/options.h"
#include "pdmp/torch.h"

namespace pdmp {

struct OptimizerOptions {
  std::string optimizer = "sgd";  // sgd | adamw
  double lr = 1e-3;
  double momentum = 0.9;
  double weight_decay = 1e-4;
  bool nesterov = false;
  double beta1 = 0.9, beta2 = 0.999, eps = 1e-8;
  std::string schedule = "constant";           // constant | step | cosine
  std::vector<double> schedule_epochs = {70};  // step: 0-based epochs from which the rate is lower
  double schedule_factor = 0.1;                // step: factor at each of them
  double schedule_floor = 0;                   // cosine: factor it falls to at the end of the last epoch
  int64_t warmup_epochs = 0;                   // linear from lr / warmup_epochs, any schedule; cosine falls after it
  double clip_norm = 0;                        // L2 over all parameters; 0 = off
  std::string clip_position = "auto";          // auto (the method's default) | before | after modulation
  std::string modulation = "auto";             // auto | grad | lr: what StepContext::scale multiplies
  double label_smoothing = 0;
  // none | balanced (n / (C * n_c) in train; 0 for a class without samples) | one number per class: "1,2,3,4"
  std::string class_weights = "none";
  std::string loss = "cross_entropy";  // NAME[:option=value]...: cross_entropy | focal:gamma=2
  void describe(OptionList& list);
  bool adaptive() const { return optimizer == "adamw"; }
};

// Parameters updated alike: learning rate lr * schedule * lr_scale, weight decay weight_decay * decay_scale.
struct ParameterGroup {
  std::string name;                 // "audio", "visual", "shared"
  std::optional<int64_t> modality;  // nothing: shared
  std::vector<Tensor> parameters;
  double lr_scale = 1;
  double decay_scale = 1;
};

// One group per modality (its encoder and its part of the head) and one for the rest: what `joint` trains with.
std::vector<ParameterGroup> default_groups(const Model& model);

// Tensors and scalars of some state, by name; what a checkpoint stores.
struct Archive {
  std::vector<std::pair<std::string, Tensor>> tensors;
  nlohmann::json values = nlohmann::json::object();
  const Tensor* find(const std::string& name) const;  // null where there is none
};

class Optimizer {
 public:
  virtual ~Optimizer() = default;
  // Gradients become undefined, not zero: a parameter without gradient is not decayed and keeps its momentum.
  void zero_grad();
  // One update; `schedule` multiplies every learning rate. Parameters without gradient are skipped.
  void step(double schedule);
  // The scales may be changed between steps; the parameters are those given at the start.
  std::vector<ParameterGroup>& groups() { return groups_; }
  // In the next step this parameter has c times its learning rate and 1 / c of its weight decay, so that decay stays
  // what it is. Calls multiply. c > 0; 0 leaves the parameter as it is in that step (its state is updated).
  void scale_next_step(const Tensor& parameter, double c);
  double next_step_scale(const Tensor& parameter) const;  // 1 where nobody scaled it
  // Momentum and the like are as before the first step.
  void forget();

  // Momentum and the like, in the order of the groups' parameters: tensors `optimizer.<parameter>.<state>`, copies.
  void save(Archive& archive) const;
  void load(const Archive& archive);  // Error{data} where it does not fit the parameters

 protected:
  struct Slot {
    Tensor parameter;
    std::vector<Tensor> state;  // empty until the first update
  };
  // Error{usage} where a parameter is in two groups or its memory has gaps.
  Optimizer(const OptimizerOptions& options, std::vector<ParameterGroup> groups);
  const OptimizerOptions& options() const { return options_; }

  // State of a parameter that was never updated. Tensors of the parameter's shape have its memory layout.
  virtual std::vector<Tensor> fresh_state(const Tensor& parameter) const = 0;
  // Updates parameters of one group. All have a gradient and state; parameter, gradient and state are laid out alike in
  // memory, which the fused kernels take for granted.
  virtual void update(const std::vector<Slot*>& slots, double lr, double decay) = 0;

  static std::vector<Tensor> parameters(const std::vector<Slot*>& slots);
  static std::vector<Tensor> gradients(const std::vector<Slot*>& slots);
  static std::vector<Tensor> states(const std::vector<Slot*>& slots, size_t index);

 private:
  void make_ready(Slot& slot);

  OptimizerOptions options_;
  std::vector<ParameterGroup> groups_;
  std::vector<std::vector<Slot>> slots_;  // as groups_
  std::unordered_map<const void*, double> next_step_scales_;
};

// Error{usage} where the options contradict each other.
std::unique_ptr<Optimizer> make_optimizer(const OptimizerOptions& options, std::vector<ParameterGroup> groups);

// Factor on the learning rate in 0-based `epoch` of `epochs`.
double schedule_factor(const OptimizerOptions& options, int64_t epoch, int64_t epochs);

// Scales all gradients by max_norm / norm where the L2 norm over all of them is above max_norm. Returns the norm
// before; one that is not finite leaves the gradients as they are. Undefined gradients count as nothing.
double clip_gradients(const std::vector<Tensor>& parameters, double max_norm);

namespace optim {
class LossFunction;  // src/optim/loss.h
}  // namespace optim

// Loss of the options: logits (B, C), labels (B) int64. With class weights w the mean over samples is weighted,
// sum w_y l / sum w_y, and 0 where no row has weight; label smoothing e (of cross_entropy) puts e / C on every class.
class Criterion {
 public:
  // Error{usage} where loss, class weights and label smoothing do not go together or do not fit the classes of `train`.
  Criterion(const OptimizerOptions& options, const Dataset& train);
  Tensor operator()(const Tensor& logits, const Tensor& labels) const;

 private:
  std::shared_ptr<const optim::LossFunction> loss_;
  double label_smoothing_;
  Tensor class_weights_;
};

}  // namespace pdmp

// Parameter groups and the optimizers that update them with LibTorch's fused kernels.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "pdmp/model.h"
#include "pdmp/options.h"
#include "pdmp/torch.h"

namespace pdmp {

struct OptimizerOptions {
  std::string optimizer = "sgd";            // sgd | adamw
  double lr = 1e-3;
  double momentum = 0.9;
  double weight_decay = 1e-4;
  bool nesterov = false;
  double beta1 = 0.9, beta2 = 0.999, eps = 1e-8;
  std::string schedule = "constant";        // constant | step | cosine
  std::vector<double> schedule_epochs = {70};   // step: 0-based epochs from which the rate is lower
  double schedule_factor = 0.1;             // step: factor at each of them
  double schedule_floor = 0;                // cosine: last factor
  int64_t warmup_epochs = 0;                // linear from lr / warmup_epochs, any schedule
  double clip_norm = 0;                     // L2 over all parameters; 0 = off
  std::string clip_position = "auto";       // auto (the method's default) | before | after modulation
  double label_smoothing = 0;
  std::string class_weights = "none";       // none | balanced (n / (C * n_c))
  void describe(OptionList& list);
  bool adaptive() const { return optimizer == "adamw"; }
};

// Parameters updated alike. Effective learning rate = lr * schedule * lr_scale, weight decay = weight_decay * decay_scale.
struct ParameterGroup {
  std::string name;                         // "audio", "visual", "shared"
  std::optional<int64_t> modality;          // nothing: shared
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
  const Tensor* find(const std::string& name) const;
};

class Optimizer {
 public:
  virtual ~Optimizer() = default;
  // Gradients become undefined, not zero: a parameter without gradient is not decayed and keeps its momentum.
  void zero_grad();
  // One update; `schedule` multiplies every learning rate. Parameters without gradient are skipped.
  void step(double schedule);
  std::vector<ParameterGroup>& groups() { return groups_; }

  // Momentum and the like, in the order of the groups' parameters.
  void save(Archive& archive) const;
  void load(const Archive& archive);        // Error{data} where it does not fit the parameters

 protected:
  struct Slot { Tensor parameter; std::vector<Tensor> state; };   // state empty until the first update
  virtual void update(std::vector<Slot*>& slots, double lr, double decay) = 0;   // all with a gradient, one group
  explicit Optimizer(std::vector<ParameterGroup> groups);

 private:
  std::vector<ParameterGroup> groups_;
  std::vector<std::vector<Slot>> slots_;    // as groups_
};

std::unique_ptr<Optimizer> make_optimizer(const OptimizerOptions& options, std::vector<ParameterGroup> groups);

// Factor on the learning rate in 0-based `epoch` of `epochs`.
double schedule_factor(const OptimizerOptions& options, int64_t epoch, int64_t epochs);

// Scales all gradients by max_norm / norm where norm > max_norm. Returns the norm before.
double clip_gradients(const std::vector<Tensor>& parameters, double max_norm);

// Cross-entropy of the options. logits (B, C), labels (B) int64.
class Criterion {
 public:
  Criterion(const OptimizerOptions& options, const Dataset& train);
  Tensor operator()(const Tensor& logits, const Tensor& labels) const;

 private:
  double label_smoothing_;
  Tensor class_weights_;
};

}  // namespace pdmp

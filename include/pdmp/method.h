// A method is a training strategy. Every default is plain joint training: a method overrides only what it changes.
//
// One optimizer step. The Trainer begins it with zero_grad; `Method::step` does the rest, by default in this order:
//   outputs = forward(batch), loss = loss(outputs), backward
//   update: [clip], modulate, [clip], update of the optimizer
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pdmp/dataset.h"
#include "pdmp/method_options.h"
#include "pdmp/model.h"
#include "pdmp/optimizer.h"
#include "pdmp/random.h"
#include "pdmp/registry.h"

namespace pdmp {

// What a forward pass is for: a training step, or scores and predictions.
enum class Mode { train, evaluate };

// The result of a modality analysis, which PDMP uses. Indices are positions in Model::infos().
struct ModalityRanking {
  std::vector<std::string> modalities;  // names, in the order of the model
  int64_t performance_dominant = 0;     // p: best when trained alone to the end
  int64_t optimization_dominant = 0;    // o: best at the beginning
  std::vector<double> early, final;     // per modality: what the criterion compares, and the score at the end; or NaN
  std::string ambiguous;                // "", "performance", "optimization" or "performance, optimization"
};

// The loss of a step.
struct Loss {
  Tensor total;                                       // scalar to differentiate
  std::vector<std::pair<std::string, Tensor>> parts;  // named scalars to log as `loss/<part>`, detached; may be empty
};

// Numbers of one step to log: "coef/audio" -> 15. Names as in docs/run-directory.md.
using StepLog = std::map<std::string, double>;

// What a method may use during a step. Implemented by the Trainer; valid during the call it is passed to.
class StepContext {
 public:
  virtual ~StepContext() = default;
  virtual Model& model() = 0;                      // the model in training
  virtual const Batch& batch() const = 0;          // of this step, on the run's device
  virtual int64_t epoch() const = 0;               // 0-based
  virtual int64_t step() const = 0;                // 0-based, over the whole run
  virtual RandomStream& random() = 0;              // the method's own stream, saved with the run
  virtual bool logging() const = 0;                // whether this step is sampled, so that `log` is kept
  virtual StepLog& log() = 0;                      // empty at the beginning of a step
  virtual const Criterion& criterion() const = 0;  // the loss of the run, with class weights and label smoothing
  virtual Outputs forward() = 0;  // Method::forward on `batch` in Mode::train, in the run's precision; float32 outputs
  virtual void backward(const Tensor& loss) = 0;  // accumulates gradients of a scalar with a graph
  // Calls Method::modulate, clips gradients before or after it, as the options say, and lets the optimizer update. A
  // step may call it several times: all calls but one may then get `outputs` without features, which are not logged,
  // and without fused logits. Training accuracy is that of the fused logits of the last call that had them.
  virtual void update(const Outputs& outputs) = 0;
  virtual Optimizer& optimizer() = 0;  // of the run
  // Multiplies what these parameters learn in this step by c. `--modulation` decides how: it multiplies gradients, or
  // (for adaptive optimizers, on which that has no effect) the next update has c times the learning rate and 1 / c of
  // the weight decay. Parameters without gradient are skipped. A c that is not finite is counted in the log, not used.
  virtual void scale(const std::vector<Tensor>& parameters, double c) = 0;
  // `scale` for the parameters of modality m that `scope` includes.
  void scale_gradients(int64_t m, double c, Scope scope) { scale(model().modality_parameters(m, scope), c); }
};

// Data that a method may judge its training by, and must not train on.
struct HeldOut {
  std::shared_ptr<const Dataset> data;  // its samples, with the labels
  std::string name;                     // for messages: "val" or "10 % of train"
};

// What a method may use outside steps. Test data cannot be reached from it. Valid during the call it is passed to.
class EpochContext {
 public:
  virtual ~EpochContext() = default;
  virtual Model& model() = 0;                          // the model in training
  virtual int64_t epoch() const = 0;                   // 0-based; 0 in `prepare`
  virtual int64_t epochs() const = 0;                  // of the whole training
  virtual RandomStream& random() = 0;                  // the method's own stream, as StepContext::random()
  virtual const Criterion& criterion() const = 0;      // the loss of the run
  virtual const TrainingData& data() const = 0;        // `test` is null; `train` does not contain what is held out
  virtual const HeldOut& held_out() const = 0;         // std::logic_error unless Method::needs_held_out()
  virtual const ModalityRanking& ranking() const = 0;  // Error{usage} where the run has none
  // A new model with the run's options and initial weights, on its device. Error{usage} without Trainer::make_model.
  virtual std::shared_ptr<Model> make_model() = 0;
  // The model of modality m alone, trained to the end on all of train; in evaluation mode, without gradients.
  // Error{usage} without Trainer::unimodal_model.
  virtual std::shared_ptr<Model> unimodal_model(int64_t m) = 0;
  // A new optimizer with the run's options.
  virtual std::unique_ptr<Optimizer> make_optimizer(std::vector<ParameterGroup> groups) = 0;
  // Takes a batch on the run's device; false ends the pass.
  using BatchUse = std::function<bool(const Batch&)>;
  // Passes every batch of `data` to `use`, in order and without augmentation.
  virtual void for_each_batch(const std::shared_ptr<const Dataset>& data, const BatchUse& use) = 0;
  // The same, shuffled and augmented as in training. Each number `pass` has an order and augmentation of its own, which
  // do not change those of the run.
  virtual void for_each_training_batch(const std::shared_ptr<const Dataset>& data, int64_t pass,
                                       const BatchUse& use) = 0;
};
// The context of Method::prepare.
using PrepareContext = EpochContext;

// A training strategy. Its functions are called from one thread: extend, prepare and parameter_groups, which begin a
// training; then in each epoch on_epoch_begin, step for each batch, forward to score, on_epoch_end. An object may serve
// several trainings, one after the other. For a run that is loaded, only extend and forward are called.
class Method {
 public:
  virtual ~Method() = default;

  // Whether the run must know the ModalityRanking before `prepare`.
  virtual bool needs_ranking() const { return false; }
  // Whether the method may call EpochContext::unimodal_model().
  virtual bool needs_unimodal_models() const { return false; }
  // Whether the method calls EpochContext::held_out(). Without a validation split a tenth of train is then held out.
  virtual bool needs_held_out() const { return false; }
  // Whether training changes this parameter of the model. False for the fusion's where the method has its own head.
  virtual bool trains(const OwnedParameter&) const { return true; }
  // Whether training hides modalities that samples have, so that the model learns to do without them.
  virtual bool hides_modalities() const { return false; }
  // Whether gradients are clipped after modulation under `--clip-position auto`; false: before.
  virtual bool clips_after_modulation() const { return false; }

  // The method's own trainable parts, or null. They are moved, saved and loaded with the model.
  virtual std::shared_ptr<torch::nn::Module> extend(Model&) { return nullptr; }
  // Called once, before parameter_groups: for rankings, teachers, a copy of the initial weights. Error{usage} where the
  // method does not fit the model, the data or the options.
  virtual void prepare(PrepareContext&, const OptimizerOptions&) {}
  // The groups of the optimizer. Parameters of `extend` that are in no group are added as one more.
  virtual std::vector<ParameterGroup> parameter_groups(Model& model, const OptimizerOptions&) {
    return default_groups(model);
  }
  virtual void on_epoch_begin(EpochContext&) {}  // before the first step of an epoch; not on resuming within it
  // Used by training, evaluation and prediction. In Mode::evaluate, Outputs::unimodal must be filled in.
  virtual Outputs forward(Model& model, const Batch& batch, Mode mode);
  virtual Loss loss(StepContext& context, const Outputs& outputs);  // default: the criterion of the fused logits
  // Changes gradients between the backward pass and the update, by StepContext::scale_gradients or `scale`.
  virtual void modulate(StepContext&, const Outputs&) {}
  // One optimizer step after zero_grad, as at the top of this file. The loss it returns has no graph.
  virtual Loss step(StepContext& context);
  virtual void on_epoch_end(EpochContext&) {}  // after the epoch was scored, before its checkpoint
  // Constant factors on the gradients, one per modality, logged as coef/<m>; empty: there are none.
  virtual std::vector<double> coefficients() const { return {}; }
  // Lines to report once, after `prepare`: "one modality: pdmp is joint".
  virtual std::vector<std::string> notes() const { return {}; }
  virtual void save(Archive&) const {}  // adds state that is not in the parts of `extend` to a checkpoint
  virtual void load(const Archive&) {}  // restores it after `prepare`; Error{data} where it does not fit
};

// One row of the table of methods. The texts must live as long as the process, as string literals do; those after
// `make_options` make docs/methods.md.
struct MethodInfo {
  const char* name;                                  // unique; lower-case letters, digits and '_', a letter first
  const char* summary;                               // one line, for `pdmp list methods`
  const char* source;                                // paper
  std::unique_ptr<MethodOptions> (*make_options)();  // pdmp::make_options<ItsOptions>; flags are --<name>.<option>
  const char* description = "";                      // what it does, in about two sentences
  const char* formula = "";                          // plain text, in the symbols of docs/methods.md
  const char* cost = "";                             // what it adds to a training, in words
  double step_factor = 1;    // cost of a step in steps of joint: two equal encoders, backward twice the forward pass
  const char* release = "";  // where the public release differs: how, and what is done here
};
// All methods: those of pdmp, joint first, then registered ones in the order of registration.
const Registry<MethodInfo>& method_table();
// Adds a method, which is then used by name like those of pdmp. Call it before any other function of pdmp, from one
// thread: in main. Error{usage} where the name is taken or not valid.
void register_method(MethodInfo row);
const MethodInfo& find_method(const std::string& name);  // Error{usage} with the nearest spelling

}  // namespace pdmp

// A training strategy. Every default is plain joint training: a method overrides only what it changes.
//
// One optimizer step. The Trainer begins it with zero_grad; the rest is the order `Method::step` gives it:
//   outputs = forward(batch), loss = loss(outputs), backward, then in `update` [clip], modulate, [clip], optimizer
//   step.
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
#include "pdmp/model.h"
#include "pdmp/optimizer.h"
#include "pdmp/random.h"

namespace pdmp {

enum class Mode { train, evaluate };

// What modality analysis finds and PDMP reads. Indices are positions in Model::infos().
struct ModalityRanking {
  std::vector<std::string> modalities;
  int64_t performance_dominant = 0;   // p: best on its own at the end
  int64_t optimization_dominant = 0;  // o: best at the beginning
  std::vector<double> early, final;   // accuracy per modality, early and at the end
  std::string ambiguous;              // "", "performance", "optimization" or "performance, optimization"
};

// Scalar to differentiate, and its named parts to log (`loss/<part>`), detached.
struct Loss {
  Tensor total;
  std::vector<std::pair<std::string, Tensor>> parts;
};

// Numbers of one step to log: "coef/audio" -> 15. Names as in docs/run-directory.md.
using StepLog = std::map<std::string, double>;

// What a method may use during a step. Implemented by the Trainer.
class StepContext {
 public:
  virtual ~StepContext() = default;
  virtual Model& model() = 0;
  virtual const Batch& batch() const = 0;
  virtual int64_t epoch() const = 0;   // 0-based
  virtual int64_t step() const = 0;    // 0-based, over the whole run
  virtual RandomStream& random() = 0;  // the method's own stream, saved with the run
  virtual bool logging() const = 0;    // this step is sampled: numbers for `log` are worth computing
  virtual StepLog& log() = 0;
  virtual const Criterion& criterion() const = 0;
  virtual Outputs forward() = 0;  // Method::forward in training mode, under the run's precision
  virtual void backward(const Tensor& loss) = 0;
  // Clip, Method::modulate, clip and the optimizer's update, in the order the options ask for. Where it is called
  // several times in a step, `outputs` without features (no logging) and without fused logits may be handed to all but
  // one; training accuracy is counted from the fused logits of the last call that had them.
  virtual void update(const Outputs& outputs) = 0;
  virtual Optimizer& optimizer() = 0;
  // What a factor c on these parameters' gradients means, for this step. `--modulation` decides how: gradients are
  // multiplied, or (adaptive optimizers would cancel that) the next step has c times the learning rate and 1 / c of the
  // weight decay. Undefined gradients stay undefined; a factor that is not finite is counted and left out.
  virtual void scale(const std::vector<Tensor>& parameters, double c) = 0;
  // The same for modality m's parameters of `scope`.
  void scale_gradients(int64_t m, double c, Scope scope) { scale(model().modality_parameters(m, scope), c); }
};

// Data a method may judge the training by and must not train on, and what to call it: "val" or "10 % of train".
struct HeldOut {
  std::shared_ptr<const Dataset> data;
  std::string name;
};

// What a method may use outside steps. Nothing here ever leads to test data.
class EpochContext {
 public:
  virtual ~EpochContext() = default;
  virtual Model& model() = 0;
  virtual int64_t epoch() const = 0;   // in `prepare`: 0
  virtual int64_t epochs() const = 0;  // the whole training has
  virtual RandomStream& random() = 0;
  virtual const Criterion& criterion() const = 0;
  virtual const TrainingData& data() const = 0;        // `test` is null here; `train` is without what is held out
  virtual const HeldOut& held_out() const = 0;         // of a method that needs_held_out
  virtual const ModalityRanking& ranking() const = 0;  // Error{usage} where the run has none
  virtual std::shared_ptr<Model> make_model() = 0;     // same options and initial weights as the run's
  // The model of modality m alone, trained on all of train to the end; evaluation mode, no parameter wants a gradient.
  virtual std::shared_ptr<Model> unimodal_model(int64_t m) = 0;
  virtual std::unique_ptr<Optimizer> make_optimizer(std::vector<ParameterGroup> groups) = 0;
  // Hands `use` every batch of `data` on the run's device until it returns false: in order and not augmented, or
  // shuffled and augmented as in training, each `pass` in its own way (streams of the method's, not the run's).
  using BatchUse = std::function<bool(const Batch&)>;
  virtual void for_each_batch(const std::shared_ptr<const Dataset>& data, const BatchUse& use) = 0;
  virtual void for_each_training_batch(const std::shared_ptr<const Dataset>& data, int64_t pass,
                                       const BatchUse& use) = 0;
};
using PrepareContext = EpochContext;

class Method {
 public:
  virtual ~Method() = default;

  // Whether the run must know the ModalityRanking before `prepare`.
  virtual bool needs_ranking() const { return false; }
  // Whether it may use EpochContext::unimodal_model().
  virtual bool needs_unimodal_models() const { return false; }
  // Whether it uses EpochContext::held_out(). Without a validation split a tenth of train is then kept back.
  virtual bool needs_held_out() const { return false; }
  // Whether training reaches this parameter of the model. Not the fusion's, where a head of the method's own takes its
  // place.
  virtual bool trains(const OwnedParameter&) const { return true; }
  // Whether training hides modalities that samples have, so that the model knows samples without them.
  virtual bool hides_modalities() const { return false; }
  // Clip position under `--clip-position auto`.
  virtual bool clips_after_modulation() const { return false; }

  // Own trainable parts, or null: moved, saved and resumed with the model.
  virtual std::shared_ptr<torch::nn::Module> extend(Model&) { return nullptr; }
  // Once, before the groups are made: ranking, teachers, a copy of the start.
  virtual void prepare(PrepareContext&, const OptimizerOptions&) {}
  virtual std::vector<ParameterGroup> parameter_groups(Model& model, const OptimizerOptions&) {
    return default_groups(model);
  }
  virtual void on_epoch_begin(EpochContext&) {}
  // Training, evaluation and prediction all use it. In Mode::evaluate unimodal logits are filled in.
  virtual Outputs forward(Model& model, const Batch& batch, Mode mode);
  virtual Loss loss(StepContext& context, const Outputs& outputs);
  virtual void modulate(StepContext&, const Outputs&) {}
  virtual Loss step(StepContext& context);
  virtual void on_epoch_end(EpochContext&) {}
  // The factor on modality m's gradients, where it is constant: logged as coef/<m>.
  virtual std::vector<double> coefficients() const { return {}; }
  // Lines worth telling once, after `prepare` ("one modality: pdmp is joint").
  virtual std::vector<std::string> notes() const { return {}; }
  virtual void save(Archive&) const {}
  virtual void load(const Archive&) {}
};

// Options of one method and the way to make it; flags are `--<method>.<option>`.
class MethodOptions {
 public:
  virtual ~MethodOptions() = default;
  virtual void describe(OptionList&) {}
  virtual std::unique_ptr<Method> make() const = 0;
};

// One row of the table. The texts after `make_options` are docs/methods.md.
struct MethodInfo {
  const char* name;
  const char* summary;  // one line, for `pdmp list methods`
  const char* source;   // paper
  std::unique_ptr<MethodOptions> (*make_options)();
  const char* description = "";  // what it does, in two sentences or so
  const char* formula = "";      // plain text, in the symbols of docs/methods.md
  const char* cost = "";         // what it adds to a training, in words
  double step_factor = 1;        // cost of a step relative to joint's: two equal encoders F + B, B = 2 F, nothing else
  const char* release = "";      // where the public release does something else: what, and what is done here
};
const std::vector<MethodInfo>& method_table();           // the only list
const MethodInfo& find_method(const std::string& name);  // Error{usage} with the nearest spelling

}  // namespace pdmp

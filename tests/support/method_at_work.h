// A method at work without a training loop: one model, batches handed in one by one to the step runner of training.
#pragma once

#include <algorithm>
#include <cstdint>
#include <fmt/format.h>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pdmp/method.h"
#include "train/method_services.h"
#include "train/step/step_runner.h"

namespace pdmp::testing {

// The samples of one batch as a data set: what a Criterion and EpochContext::data() ask for.
inline std::shared_ptr<const Dataset> dataset_of(const Model& model, const Batch& batch) {
  std::vector<std::string> classes;
  for (int64_t c = 0; c < model.classes(); ++c) classes.push_back(fmt::format("class {}", c));
  std::vector<Tensor> inputs;
  for (const Tensor& input : batch.inputs) inputs.push_back(input.is_floating_point() ? input.to(at::kFloat) : input);
  return std::make_shared<TensorDataset>(model.infos(), classes, inputs, batch.labels, batch.present);
}

// A batch in which every modality is present.
inline Batch full_batch(std::vector<Tensor> inputs, Tensor labels) {
  const int64_t size = labels.size(0);
  Batch batch;
  batch.present = at::ones({size, static_cast<int64_t>(inputs.size())}, at::kBool);
  batch.inputs = std::move(inputs);
  batch.labels = std::move(labels);
  batch.index = at::arange(size);
  return batch;
}

// Passes everything on to a method, and lets a test look at gradients before and after it changes them.
class WatchedMethod : public Method {
 public:
  explicit WatchedMethod(Method& method) : method_(method) {}

  bool clips_after_modulation() const override { return method_.clips_after_modulation(); }
  bool needs_held_out() const override { return method_.needs_held_out(); }
  std::shared_ptr<torch::nn::Module> extend(Model& model) override { return method_.extend(model); }
  void prepare(PrepareContext& context, const OptimizerOptions& options) override { method_.prepare(context, options); }
  std::vector<ParameterGroup> parameter_groups(Model& model, const OptimizerOptions& options) override {
    return method_.parameter_groups(model, options);
  }
  Outputs forward(Model& model, const Batch& batch, Mode mode) override { return method_.forward(model, batch, mode); }
  Loss step(StepContext& context) override { return method_.step(context); }
  void modulate(StepContext& context, const Outputs& outputs) override {
    if (before) before();
    method_.modulate(context, outputs);
    if (after) after();
  }
  std::vector<double> coefficients() const override { return method_.coefficients(); }

  std::function<void()> before, after;

 private:
  Method& method_;
};

// What a StepRunner works on, made before it.
struct WorkParts {
  WorkParts(std::shared_ptr<Model> model, std::shared_ptr<Method> wanted, const OptimizerOptions& options,
            const Batch& samples, std::optional<ModalityRanking> ranking,
            const std::function<void(training::TrainingInputs&)>& set_up)
      : own_method(std::move(wanted)),
        watched(*own_method),
        inputs{.options = {.batch_size = 4, .workers = 0, .optimizer = options},
               .ranking = std::move(ranking),
               .model = std::move(model),
               .method = watched,
               .data = {.train = nullptr, .val = nullptr, .test = nullptr},
               .select_on = nullptr,
               .make_model = {},
               .unimodal_model = {}} {
    inputs.options = training::resolve_clip_position(inputs.options, *own_method);
    inputs.data.train = inputs.data.val = dataset_of(*inputs.model, samples);  // what is held out is what is trained on
    if (set_up) set_up(inputs);
    loss_criterion.emplace(inputs.options.optimizer, *inputs.data.train);
  }

  std::shared_ptr<Method> own_method;
  WatchedMethod watched;
  training::TrainingInputs inputs;
  std::optional<Criterion> loss_criterion;
  training::TrainingState state{0, find_metric("accuracy")};
  training::TrainedParts parts{.model = inputs.model, .method = watched};
};

// Prepares the method when made, after `set_up` has changed what the training is given; `train(batch)` does one step.
class MethodAtWork : public WorkParts, public training::StepRunner {
 public:
  MethodAtWork(std::shared_ptr<Model> model, std::shared_ptr<Method> method, OptimizerOptions options,
               const Batch& samples, std::optional<ModalityRanking> ranking = std::nullopt,
               const std::function<void(training::TrainingInputs&)>& set_up = {})
      : WorkParts(std::move(model), std::move(method), options, samples, std::move(ranking), set_up),
        training::StepRunner(inputs.options, parts, *loss_criterion, state),
        services(inputs, training::hold_out(inputs), *loss_criterion, state, *this) {
    training::prepare(parts, services, inputs, device());
  }

  Loss train(const Batch& batch) {
    inputs.model->train();
    Loss loss = take(batch, /*logging=*/true).loss;
    ++state.step;
    return loss;
  }

  Method& method() { return *own_method; }
  Model& model() override { return training::StepRunner::model(); }

  training::MethodServices services;
};

}  // namespace pdmp::testing

// A method at work without a Trainer: one model, batches handed in one by one. The order of a step is the Trainer's;
// devices, precision, schedules, logging and checkpoints are left out.
#pragma once

#include <cstdint>
#include <fmt/format.h>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "pdmp/error.h"
#include "pdmp/method.h"

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

class FakeEpochContext : public EpochContext {
 public:
  FakeEpochContext(std::shared_ptr<Model> model, OptimizerOptions options, TrainingData data,
                   std::optional<ModalityRanking> ranking)
      : model_(std::move(model)), options_(std::move(options)), data_(std::move(data)), ranking_(std::move(ranking)) {}

  Model& model() override { return *model_; }
  int64_t epoch() const override { return at_epoch; }
  RandomStream& random() override { return random_; }
  const TrainingData& data() const override { return data_; }
  const ModalityRanking& ranking() const override {
    if (!ranking_) throw Error(ErrorKind::usage, "this run has no modality ranking");
    return *ranking_;
  }
  std::shared_ptr<Model> make_model() override {
    if (!model_factory) throw std::logic_error("the test gave no model_factory");
    return model_factory();
  }
  std::unique_ptr<Optimizer> make_optimizer(std::vector<ParameterGroup> groups) override {
    return pdmp::make_optimizer(options_, std::move(groups));
  }

  int64_t at_epoch = 0;
  std::function<std::shared_ptr<Model>()> model_factory;

 private:
  std::shared_ptr<Model> model_;
  OptimizerOptions options_;
  TrainingData data_;
  std::optional<ModalityRanking> ranking_;
  RandomStream random_ = random_stream(0, "method");
};

// Prepares the method when made; `train(batch)` does one step with it.
class FakeStepContext : public StepContext {
 public:
  FakeStepContext(std::shared_ptr<Model> model, std::shared_ptr<Method> method, OptimizerOptions options,
                  const Batch& samples, std::optional<ModalityRanking> ranking = std::nullopt)
      : model_(std::move(model)),
        method_(std::move(method)),
        options_(options),
        criterion_(options, *dataset_of(*model_, samples)),
        batch_(samples),
        epoch_context(model_, options, TrainingData{dataset_of(*model_, samples), nullptr, nullptr},
                      std::move(ranking)) {
    extension_ = method_->extend(*model_);
    method_->prepare(epoch_context, options_);
    optimizer_ = make_optimizer(options_, method_->parameter_groups(*model_, options_));
  }

  Loss train(const Batch& batch) {
    batch_ = batch;
    model_->train();
    log_.clear();
    optimizer_->zero_grad();
    Loss result = method_->step(*this);
    ++step_;
    return result;
  }

  Method& method() { return *method_; }
  Model& model() override { return *model_; }
  const Batch& batch() const override { return batch_; }
  int64_t epoch() const override { return epoch_context.epoch(); }
  int64_t step() const override { return step_; }
  RandomStream& random() override { return epoch_context.random(); }
  bool logging() const override { return true; }
  StepLog& log() override { return log_; }
  const Criterion& criterion() const override { return criterion_; }
  Outputs forward() override { return method_->forward(*model_, batch_, Mode::train); }
  void backward(const Tensor& loss) override { loss.backward(); }
  Optimizer& optimizer() override { return *optimizer_; }

  void update(const Outputs& outputs) override {
    const std::string& position = options_.clip_position;
    const bool clips_after = position == "after" || (position == "auto" && method_->clips_after_modulation());
    if (!clips_after) clip();
    if (before_modulation) before_modulation();
    method_->modulate(*this, outputs);
    if (after_modulation) after_modulation();
    if (clips_after) clip();
    optimizer_->step(1);
  }

  void scale_gradients(int64_t m, double c, Scope scope) override {
    const torch::NoGradGuard no_grad;
    for (const Tensor& parameter : model_->modality_parameters(m, scope)) {
      if (parameter.grad().defined()) parameter.grad().mul_(c);
    }
  }

 private:
  void clip() {
    if (options_.clip_norm <= 0) return;
    std::vector<Tensor> parameters;
    for (const ParameterGroup& group : optimizer_->groups()) {
      parameters.insert(parameters.end(), group.parameters.begin(), group.parameters.end());
    }
    clip_gradients(parameters, options_.clip_norm);
  }

  std::shared_ptr<Model> model_;
  std::shared_ptr<Method> method_;
  std::shared_ptr<torch::nn::Module> extension_;
  OptimizerOptions options_;
  Criterion criterion_;
  Batch batch_;
  std::unique_ptr<Optimizer> optimizer_;
  StepLog log_;
  int64_t step_ = 0;

 public:
  FakeEpochContext epoch_context;
  std::function<void()> before_modulation, after_modulation;  // to look at gradients
};

}  // namespace pdmp::testing

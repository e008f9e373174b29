// A method at work without a Trainer: one model, batches handed in one by one. The order of a step is the Trainer's;
// devices, precision, schedules, logging and checkpoints are left out.
#pragma once

#include <algorithm>
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
      : model_(std::move(model)),
        options_(std::move(options)),
        data_(std::move(data)),
        held_out_{data_.train, "val"},
        ranking_(std::move(ranking)),
        criterion_(options_, *data_.train) {}

  Model& model() override { return *model_; }
  int64_t epoch() const override { return at_epoch; }
  int64_t epochs() const override { return total_epochs; }
  RandomStream& random() override { return random_; }
  const Criterion& criterion() const override { return criterion_; }
  const TrainingData& data() const override { return data_; }
  const HeldOut& held_out() const override { return held_out_; }
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

  std::shared_ptr<Model> unimodal_model(int64_t m) override {
    if (!unimodal_factory) throw std::logic_error("the test gave no unimodal_factory");
    const std::shared_ptr<Model> model = unimodal_factory(m);
    model->eval();
    for (Tensor& parameter : model->parameters()) parameter.requires_grad_(false);
    return model;
  }
  // Both in order; as many at a time as `batch_size`. Inputs have the model's type.
  void for_each_batch(const std::shared_ptr<const Dataset>& data, const BatchUse& use) override {
    const at::ScalarType type = model_->parameters().front().scalar_type();
    for (int64_t start = 0; start < data->size(); start += batch_size) {
      std::vector<Sample> samples;
      std::vector<int64_t> indices;
      for (int64_t i = start; i < std::min(start + batch_size, data->size()); ++i) {
        samples.push_back(data->get(i, nullptr));
        indices.push_back(i);
      }
      Batch batch = collate(samples, indices);
      for (Tensor& input : batch.inputs) input = input.is_floating_point() ? input.to(type) : input;
      if (!use(batch)) return;
    }
  }
  void for_each_training_batch(const std::shared_ptr<const Dataset>& data, int64_t, const BatchUse& use) override {
    for_each_batch(data, use);
  }

  int64_t at_epoch = 0, total_epochs = 100, batch_size = 4;
  std::function<std::shared_ptr<Model>()> model_factory;
  std::function<std::shared_ptr<Model>(int64_t m)> unimodal_factory;

 private:
  std::shared_ptr<Model> model_;
  OptimizerOptions options_;
  TrainingData data_;
  HeldOut held_out_;
  std::optional<ModalityRanking> ranking_;
  Criterion criterion_;
  RandomStream random_ = random_stream(0, "method");
};

// Prepares the method when made, after `set_up` has given the epoch context what it needs; `train(batch)` does one
// step.
class FakeStepContext : public StepContext {
 public:
  FakeStepContext(std::shared_ptr<Model> model, std::shared_ptr<Method> method, OptimizerOptions options,
                  const Batch& samples, std::optional<ModalityRanking> ranking = std::nullopt,
                  const std::function<void(FakeEpochContext&)>& set_up = {})
      : model_(std::move(model)),
        method_(std::move(method)),
        options_(options),
        criterion_(options, *dataset_of(*model_, samples)),
        batch_(samples),
        epoch_context(model_, options, TrainingData{dataset_of(*model_, samples), nullptr, nullptr},
                      std::move(ranking)) {
    if (set_up) set_up(epoch_context);
    extension_ = method_->extend(*model_);
    method_->prepare(epoch_context, options_);
    optimizer_ = make_optimizer(options_, with_own_parts(method_->parameter_groups(*model_, options_)));
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

  // By gradient, unless the options say `lr`.
  void scale(const std::vector<Tensor>& parameters, double c) override {
    const torch::NoGradGuard no_grad;
    for (const Tensor& parameter : parameters) {
      if (!parameter.grad().defined()) continue;
      if (options_.modulation == "lr") {
        optimizer_->scale_next_step(parameter, c);
      } else {
        parameter.grad().mul_(c);
      }
    }
  }

 private:
  // As the Trainer does: parts that the method put in no group get one of their own.
  std::vector<ParameterGroup> with_own_parts(std::vector<ParameterGroup> groups) const {
    if (!extension_) return groups;
    ParameterGroup own{"method", std::nullopt, {}, 1, 1};
    for (const Tensor& parameter : extension_->parameters()) {
      const auto holds = [&](const ParameterGroup& group) {
        return std::any_of(group.parameters.begin(), group.parameters.end(),
                           [&](const Tensor& other) { return other.is_same(parameter); });
      };
      if (std::none_of(groups.begin(), groups.end(), holds)) own.parameters.push_back(parameter);
    }
    if (!own.parameters.empty()) groups.push_back(std::move(own));
    return groups;
  }

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

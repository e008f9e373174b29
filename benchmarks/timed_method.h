// A method as it is, with a watch on its steps. What it does between epochs is not counted.
#pragma once

#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include "pdmp/method.h"

namespace pdmp {

class TimedMethod : public Method {
 public:
  explicit TimedMethod(std::unique_ptr<Method> method) : method_(std::move(method)) {}

  Loss step(StepContext& context) override {
    starts_.push_back(Clock::now());
    Loss loss = method_->step(context);
    seconds_.push_back(since(starts_.back(), Clock::now()));
    return loss;
  }

  // Of each step by itself, and from its beginning to that of the next one: with loading, metrics and all.
  const std::vector<double>& steps() const { return seconds_; }
  std::vector<double> rounds() const {
    std::vector<double> result;
    for (size_t i = 1; i < starts_.size(); ++i) result.push_back(since(starts_[i - 1], starts_[i]));
    return result;
  }

  bool needs_ranking() const override { return method_->needs_ranking(); }
  bool needs_held_out() const override { return method_->needs_held_out(); }
  bool clips_after_modulation() const override { return method_->clips_after_modulation(); }
  std::shared_ptr<torch::nn::Module> extend(Model& model) override { return method_->extend(model); }
  void prepare(PrepareContext& context, const OptimizerOptions& options) override {
    method_->prepare(context, options);
  }
  std::vector<ParameterGroup> parameter_groups(Model& model, const OptimizerOptions& options) override {
    return method_->parameter_groups(model, options);
  }
  void on_epoch_begin(EpochContext& context) override { method_->on_epoch_begin(context); }
  Outputs forward(Model& model, const Batch& batch, Mode mode) override { return method_->forward(model, batch, mode); }
  void modulate(StepContext& context, const Outputs& outputs) override { method_->modulate(context, outputs); }

 private:
  using Clock = std::chrono::steady_clock;
  static double since(Clock::time_point start, Clock::time_point end) {
    return std::chrono::duration<double>(end - start).count();
  }

  std::unique_ptr<Method> method_;
  std::vector<Clock::time_point> starts_;
  std::vector<double> seconds_;
};

}  // namespace pdmp

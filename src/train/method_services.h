// What a training does for its method outside steps.
#pragma once

#include <memory>
#include <vector>

#include "train/step/step_runner.h"
#include "train/step/training_state.h"
#include "train/training_inputs.h"

namespace pdmp::training {

// What a method that needs it may judge by: validation, or a tenth of train, which `inputs.data.train` then is without.
HeldOut hold_out(TrainingInputs& inputs);

class MethodServices final : public EpochContext {
 public:
  // All must outlive it.
  MethodServices(const TrainingInputs& inputs, HeldOut held_out, const Criterion& criterion, TrainingState& state,
                 const StepRunner& runner);

  Model& model() override { return *inputs_.model; }
  int64_t epoch() const override { return state_.epoch; }
  int64_t epochs() const override { return inputs_.options.epochs; }
  RandomStream& random() override { return state_.random; }
  const Criterion& criterion() const override { return criterion_; }
  const TrainingData& data() const override { return inputs_.data; }
  const HeldOut& held_out() const override;
  const ModalityRanking& ranking() const override;
  std::shared_ptr<Model> make_model() override;
  std::shared_ptr<Model> unimodal_model(int64_t m) override;
  std::unique_ptr<Optimizer> make_optimizer(std::vector<ParameterGroup> groups) override;
  void for_each_batch(const std::shared_ptr<const Dataset>& data, const BatchUse& use) override;
  void for_each_training_batch(const std::shared_ptr<const Dataset>& data, int64_t pass, const BatchUse& use) override;

 private:
  void hand_out(Loader& loader, int64_t epoch, const BatchUse& use);

  const TrainingInputs& inputs_;
  HeldOut held_out_;
  const Criterion& criterion_;
  TrainingState& state_;
  const StepRunner& runner_;
};

// Rows that go through an encoder at a time, where a step has more of them; 0: all.
int64_t micro_batch_of(const TrainOptions& options);

// Before the first step: the model on its device, the method's own parts, the optimizer and the averaged weights.
void prepare(TrainedParts& parts, MethodServices& services, const TrainingInputs& inputs, const torch::Device& device);

}  // namespace pdmp::training

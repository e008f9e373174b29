#include "train/method_services.h"

#include <ATen/CPUGeneratorImpl.h>

#include "data/loader/split.h"
#include "pdmp/error.h"
#include "train/step/batch_device.h"
#include "train/step/own_parts.h"

namespace pdmp::training {
namespace {

Batch with_type(at::ScalarType type, Batch batch) {
  for (Tensor& input : batch.inputs) {
    if (input.is_floating_point()) input = input.to(type);
  }
  return batch;
}

}  // namespace

HeldOut hold_out(TrainingInputs& inputs) {
  if (!inputs.method.needs_held_out()) return {};
  if (inputs.data.val) return {inputs.data.val, "val"};
  const data::HeldBack parts = data::hold_back_tenth(inputs.data.train, inputs.options.seed);
  inputs.data.train = parts.train;
  return {parts.held_out, data::kTenthOfTrain};
}

MethodServices::MethodServices(const TrainingInputs& inputs, HeldOut held_out, const Criterion& criterion,
                               TrainingState& state, const StepRunner& runner)
    : inputs_(inputs), held_out_(std::move(held_out)), criterion_(criterion), state_(state), runner_(runner) {}

const ModalityRanking& MethodServices::ranking() const {
  if (!inputs_.ranking) {
    throw Error(ErrorKind::usage,
                "this method needs to know which modality leads: pass `analysis` FILE, or a ranking to the Trainer");
  }
  return *inputs_.ranking;
}

std::shared_ptr<Model> MethodServices::make_model() {
  if (!inputs_.make_model)
    throw Error(ErrorKind::usage, "this method makes models of its own: set Trainer::make_model");
  std::shared_ptr<Model> model = inputs_.make_model();
  model->set_micro_batch(micro_batch_of(inputs_.options));
  model->to(runner_.device());
  return model;
}

std::shared_ptr<Model> MethodServices::unimodal_model(int64_t m) {
  if (!inputs_.unimodal_model) {
    throw Error(ErrorKind::usage, "this method learns from models of one modality: set Trainer::unimodal_model");
  }
  // Training it draws from the generator of this run, which must not depend on whether that was done before.
  at::Generator generator = at::detail::getDefaultCPUGenerator();
  const Tensor before = generator.get_state();
  std::shared_ptr<Model> model = inputs_.unimodal_model(m);
  generator.set_state(before);
  model->set_micro_batch(micro_batch_of(inputs_.options));
  model->to(runner_.device());
  model->eval();
  for (Tensor& parameter : model->parameters()) parameter.requires_grad_(false);
  return model;
}

const HeldOut& MethodServices::held_out() const {
  if (!held_out_.data) throw std::logic_error("a method that uses held_out() must say so in needs_held_out()");
  return held_out_;
}

void MethodServices::hand_out(Loader& loader, int64_t epoch, const BatchUse& use) {
  const at::ScalarType type = inputs_.model->parameters().front().scalar_type();  // double for a network in double
  loader.start_epoch(epoch);
  while (std::optional<Batch> batch = loader.next()) {
    const Batch here = with_type(type, to_device(std::move(*batch), runner_.device()));
    const PrecisionScope scope(runner_.precision(), runner_.device());
    if (!use(here)) return;
  }
}

void MethodServices::for_each_batch(const std::shared_ptr<const Dataset>& data, const BatchUse& use) {
  Loader loader(data, {.batch_size = inputs_.options.batch_size, .workers = inputs_.options.workers});
  hand_out(loader, 0, use);
}

void MethodServices::for_each_training_batch(const std::shared_ptr<const Dataset>& data, int64_t pass,
                                             const BatchUse& use) {
  LoaderOptions options = training_loader(inputs_.options);
  options.seed = stream_seed(inputs_.options.seed, "method");
  Loader loader(data, options);
  hand_out(loader, pass, use);
}

std::unique_ptr<Optimizer> MethodServices::make_optimizer(std::vector<ParameterGroup> groups) {
  return pdmp::make_optimizer(inputs_.options.optimizer, std::move(groups));
}

int64_t micro_batch_of(const TrainOptions& options) { return options.accumulate > 1 ? options.batch_size : 0; }

void prepare(TrainedParts& parts, MethodServices& services, const TrainingInputs& inputs, const torch::Device& device) {
  const OptimizerOptions& options = inputs.options.optimizer;
  parts.model->to(device);
  parts.model->set_micro_batch(micro_batch_of(inputs.options));
  parts.own = parts.method.extend(*parts.model);
  if (parts.own && inputs.start_parts) inputs.start_parts(*parts.own);
  if (parts.own) parts.own->to(device);
  parts.method.prepare(services, options);
  parts.optimizer =
      services.make_optimizer(with_own_parts(parts.method.parameter_groups(*parts.model, options), parts.own.get()));
  if (inputs.options.ema == 0) return;
  std::vector<Tensor> averaged = parts.model->parameters();
  if (parts.own) {
    const std::vector<Tensor> own = parts.own->parameters();
    averaged.insert(averaged.end(), own.begin(), own.end());
  }
  parts.average = std::make_shared<models::WeightAverage>(std::move(averaged), inputs.options.ema);
}

}  // namespace pdmp::training

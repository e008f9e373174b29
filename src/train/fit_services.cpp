// What a training does for its method outside steps: EpochContext.
#include <ATen/CPUGeneratorImpl.h>

#include "pdmp/error.h"
#include "train/batch_device.h"
#include "train/fit.h"

namespace pdmp {

const ModalityRanking& Fit::ranking() const {
  if (!in_.ranking) {
    throw Error(ErrorKind::usage,
                "this method needs to know which modality leads: pass --analysis FILE, or a ranking to the Trainer");
  }
  return *in_.ranking;
}

std::shared_ptr<Model> Fit::make_model() {
  if (!in_.make_model) throw Error(ErrorKind::usage, "this method makes models of its own: set Trainer::make_model");
  std::shared_ptr<Model> model = in_.make_model();
  model->set_micro_batch(micro_batch());
  model->to(device_);
  return model;
}

std::shared_ptr<Model> Fit::unimodal_model(int64_t m) {
  if (!in_.unimodal_model) {
    throw Error(ErrorKind::usage, "this method learns from models of one modality: set Trainer::unimodal_model");
  }
  // Training it draws from the generator of this run, which must not depend on whether that was done before.
  at::Generator generator = at::detail::getDefaultCPUGenerator();
  const Tensor state = generator.get_state();
  std::shared_ptr<Model> model = in_.unimodal_model(m);
  generator.set_state(state);
  model->set_micro_batch(micro_batch());
  model->to(device_);
  model->eval();
  for (Tensor& parameter : model->parameters()) parameter.requires_grad_(false);
  return model;
}

const HeldOut& Fit::held_out() const {
  if (!held_out_.data) throw std::logic_error("a method that uses held_out() must say so in needs_held_out()");
  return held_out_;
}

void Fit::hand_out(Loader& loader, int64_t epoch, const BatchUse& use) {
  loader.start_epoch(epoch);
  while (std::optional<Batch> batch = loader.next()) {
    const Batch here = to_device(std::move(*batch), device_);
    const PrecisionScope scope(precision_, device_);
    if (!use(here)) return;
  }
}

void Fit::for_each_batch(const std::shared_ptr<const Dataset>& data, const BatchUse& use) {
  Loader loader(data, {.batch_size = in_.options.batch_size, .workers = in_.options.workers});
  hand_out(loader, 0, use);
}

void Fit::for_each_training_batch(const std::shared_ptr<const Dataset>& data, int64_t pass, const BatchUse& use) {
  LoaderOptions options = training_loader(in_.options);
  options.seed = stream_seed(in_.options.seed, "method");
  Loader loader(data, options);
  hand_out(loader, pass, use);
}

std::unique_ptr<Optimizer> Fit::make_optimizer(std::vector<ParameterGroup> groups) {
  return pdmp::make_optimizer(in_.options.optimizer, std::move(groups));
}

}  // namespace pdmp

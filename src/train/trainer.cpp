#include "pdmp/trainer.h"

#include <ATen/Parallel.h>

#include "base/session.h"
#include "train/fit_in.h"
#include "train/recorder.h"
#include "train/training_loop.h"
#include "train/training_turn.h"

namespace pdmp {
namespace {

training::TrainingInputs inputs_of(const Trainer& trainer, std::shared_ptr<Model> model, Method& method,
                                   const TrainingData& data) {
  return {.options = trainer.options(),
          .ranking = trainer.ranking(),
          .model = std::move(model),
          .method = method,
          .data = {.train = data.train, .val = data.val, .test = nullptr},
          .label = "",
          .select_on = trainer.options().select == "best_test" ? trainer.select_on : nullptr,
          .make_model = trainer.make_model,
          .unimodal_model = trainer.unimodal_model,
          .start_parts = trainer.start_parts,
          .batches = trainer.batches};
}

void use_threads(const TrainOptions& options) {
  if (options.threads > 0) at::set_num_threads(static_cast<int>(options.threads));
}

FitResult fit(training::TrainingInputs inputs, const std::string& label) {
  const training::TrainingTurn turn;
  use_threads(inputs.options);
  training::SessionRecorder session(label);
  if (anyone_listens()) inputs.recorders.push_back(&session);
  inputs.label = label;
  return training::TrainingLoop(std::move(inputs)).run();
}

}  // namespace

Trainer::Trainer(const TrainOptions& options, std::optional<ModalityRanking> ranking)
    : options_(options), ranking_(std::move(ranking)) {}

FitResult Trainer::fit(std::shared_ptr<Model> model, Method& method, const TrainingData& data,
                       const std::string& label) {
  return pdmp::fit(inputs_of(*this, std::move(model), method, data), label);
}

FitResult training::fit_in(RunDirectory* run, const Trainer& trainer, std::shared_ptr<Model> model, Method& method,
                           const TrainingData& data, const std::string& label) {
  TrainingInputs inputs = inputs_of(trainer, std::move(model), method, data);
  inputs.run = run;
  return pdmp::fit(std::move(inputs), label);
}

void Trainer::check(std::shared_ptr<Model> model, Method& method, const TrainingData& data) {
  const training::TrainingTurn turn;
  use_threads(options_);
  training::TrainingLoop(inputs_of(*this, std::move(model), method, data)).check();
}

}  // namespace pdmp

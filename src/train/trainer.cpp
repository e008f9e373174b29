#include "pdmp/trainer.h"

#include <ATen/Parallel.h>

#include "train/training_loop.h"

namespace pdmp {

Trainer::Trainer(const TrainOptions& options, std::optional<ModalityRanking> ranking)
    : options_(options), ranking_(std::move(ranking)) {
  if (options_.threads > 0) at::set_num_threads(static_cast<int>(options_.threads));
}

train::TrainingInputs Trainer::inputs(std::shared_ptr<Model> model, Method& method, const TrainingData& data) const {
  return {.options = options_,
          .ranking = ranking_,
          .model = std::move(model),
          .method = method,
          .data = {.train = data.train, .val = data.val, .test = nullptr},
          .label = "",
          .select_on = options_.select == "best_test" ? select_on : nullptr,
          .make_model = make_model,
          .unimodal_model = unimodal_model,
          .start_parts = start_parts};
}

FitResult Trainer::fit(std::shared_ptr<Model> model, Method& method, const TrainingData& data, train::RunDirectory* run,
                       const std::string& progress_label) {
  train::TrainingInputs all = inputs(std::move(model), method, data);
  all.run = run;
  all.label = progress_label;
  return train::TrainingLoop(std::move(all)).run();
}

void Trainer::check(std::shared_ptr<Model> model, Method& method, const TrainingData& data) {
  train::TrainingLoop(inputs(std::move(model), method, data)).check();
}

}  // namespace pdmp

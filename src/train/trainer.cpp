#include "pdmp/trainer.h"

#include <ATen/Parallel.h>

#include "train/fit.h"

namespace pdmp {

Trainer::Trainer(const TrainOptions& options, std::optional<ModalityRanking> ranking)
    : options_(options), ranking_(std::move(ranking)) {
  if (options_.threads > 0) at::set_num_threads(static_cast<int>(options_.threads));
}

FitResult Trainer::fit(std::shared_ptr<Model> model, Method& method, const TrainingData& data, RunDirectory* run,
                       const std::string& progress_label) {
  Fit fit({.options = options_,
           .ranking = ranking_,
           .model = std::move(model),
           .method = method,
           .data = {.train = data.train, .val = data.val, .test = nullptr},
           .run = run,
           .label = progress_label,
           .make_model = make_model});
  return fit.run();
}

}  // namespace pdmp

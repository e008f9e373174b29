// Training steps as a training makes them, loading from memory and metrics included.
#include "bench.h"
#include "timed_method.h"

namespace pdmp {

Measure prepare_step(const BenchOptions& options) {
  constexpr int64_t kWarmUp = 1;
  const Workload& workload = find_workload(options.workload);
  const auto data = random_batches(workload, kWarmUp + options.steps + 1);
  TrainOptions training;
  training.epochs = 1;
  training.batch_size = workload.batch_size;
  training.threads = options.threads;
  training.precision = options.precision;
  const auto model = std::make_shared<Model>(data->modalities(), static_cast<int64_t>(data->classes().size()),
                                             ModelOptions{}, training.seed);
  ModalityRanking ranking{{}, 1, 0, {0.5, 0.4}, {0.6, 0.8}, ""};
  for (const ModalityInfo& info : workload.modalities) ranking.modalities.push_back(info.name);
  const MethodInfo& method = find_method(options.method);
  return [=, &method] {
    TimedMethod timed(method.make_options()->make());
    Trainer(training, ranking).fit(model, timed, {.train = data, .val = {}, .test = {}});
    std::vector<double> seconds = timed.rounds();
    seconds.erase(seconds.begin(), seconds.begin() + kWarmUp);
    return nlohmann::json{{"seconds", median(seconds)}, {"samples", training.batch_size}};
  };
}

}  // namespace pdmp

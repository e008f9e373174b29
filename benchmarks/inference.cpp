// Scoring of samples in memory, as `pdmp evaluate` does it, in batches of 32.
#include <ATen/Parallel.h>
#include <chrono>

#include "bench.h"

namespace pdmp {

Measure prepare_inference(const BenchOptions& options) {
  Workload workload = find_workload(options.workload);
  workload.batch_size = 32;
  const auto data = random_batches(workload, options.steps);
  TrainOptions training;
  training.batch_size = workload.batch_size;
  training.precision = options.precision;
  at::set_num_threads(static_cast<int>(options.threads));
  const auto model = std::make_shared<Model>(data->modalities(), static_cast<int64_t>(data->classes().size()),
                                             ModelOptions{}, training.seed);
  const double batches = static_cast<double>(options.steps);
  const int64_t samples = workload.batch_size;
  return [=] {
    Method joint;
    const auto start = std::chrono::steady_clock::now();
    evaluate(*model, joint, data, training);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    return nlohmann::json{{"seconds", seconds.count() / batches}, {"samples", samples}};
  };
}

}  // namespace pdmp

// One optimizer step of a two-modality ResNet-18, by method. PDMP's mechanism `lr` should cost what joint costs.
#include <benchmark/benchmark.h>

#include "pdmp/trainer.h"

namespace {

using namespace pdmp;

constexpr int64_t kBatch = 16, kSide = 64;

std::shared_ptr<const Dataset> random_pictures() {
  std::vector<ModalityInfo> infos;
  std::vector<Tensor> inputs;
  for (const char* name : {"a", "b"}) {
    infos.push_back({.name = name, .type = "image", .shape = {3, kSide, kSide}});
    inputs.push_back(torch::randn({kBatch, 3, kSide, kSide}));
  }
  const Tensor labels = torch::arange(kBatch, torch::kInt64) % 2;
  return std::make_shared<TensorDataset>(infos, std::vector<std::string>{"x", "y"}, inputs, labels);
}

// Iterations are epochs of one step each; the loader's share is a copy of the batch.
void training_step(benchmark::State& state, const std::string& name, const NameMap& settings) {
  const std::unique_ptr<MethodOptions> options = find_method(name).make_options();
  OptionList list;
  options->describe(list);
  for (const auto& [key, value] : settings) list.set(key, value, key);
  TrainOptions training;
  training.epochs = 1;
  training.batch_size = kBatch;
  training.workers = 0;
  const TrainingData data{.train = random_pictures(), .val = nullptr, .test = nullptr};
  const auto model = std::make_shared<Model>(data.train->modalities(), 2, ModelOptions{}, 0);
  const ModalityRanking ranking{.modalities = {"a", "b"},
                                .performance_dominant = 1,
                                .optimization_dominant = 0,
                                .early = {0.5, 0.4},
                                .final = {0.6, 0.8},
                                .ambiguous = ""};
  for (auto _ : state) {
    const std::unique_ptr<Method> method = options->make();
    Trainer(training, ranking).fit(model, *method, data, nullptr);
  }
  state.SetItemsProcessed(state.iterations() * kBatch);
}

BENCHMARK_CAPTURE(training_step, joint, "joint", NameMap{})->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_CAPTURE(training_step, pdmp_lr, "pdmp", NameMap{{"mechanism", "lr"}})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK_CAPTURE(training_step, pdmp_grad, "pdmp", NameMap{{"mechanism", "grad"}})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace

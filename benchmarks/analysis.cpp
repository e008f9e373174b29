// The modality analysis at its defaults next to one joint training of the same epochs, on pictures made up: each class
// is a pattern, seen clearly in modality b and hardly in a.
#include "pdmp/analysis.h"

#include <chrono>

#include "bench.h"

namespace pdmp {
namespace {

constexpr int64_t kClasses = 4, kSide = 32, kCoarse = 4;

std::shared_ptr<const Dataset> patterns(int64_t samples, uint64_t seed) {
  const torch::Generator shapes = at::detail::createCPUGenerator(1), noise = at::detail::createCPUGenerator(seed);
  const Tensor labels = torch::arange(samples) % kClasses;
  std::vector<ModalityInfo> infos;
  std::vector<Tensor> inputs;
  for (const auto& [name, clarity] : {std::pair{"a", 0.15}, {"b", 1.0}}) {
    const Tensor coarse = torch::randn({kClasses, 3, kCoarse, kCoarse}, shapes, torch::kFloat32);
    const Tensor pattern = at::upsample_nearest2d(coarse, {kSide, kSide});
    infos.push_back({name, "image", {3, kSide, kSide}});
    inputs.push_back(clarity * pattern.index_select(0, labels) +
                     torch::randn({samples, 3, kSide, kSide}, noise, torch::kFloat32));
  }
  std::vector<std::string> classes;
  for (int64_t c = 0; c < kClasses; ++c) classes.push_back(std::to_string(c));
  return std::make_shared<TensorDataset>(infos, classes, inputs, labels);
}

template <class Work>
double seconds_of(const Work& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

Measure prepare_analysis(const BenchOptions& options) {
  constexpr int64_t kTrain = 128, kVal = 256;
  const TrainingData data{.train = patterns(kTrain, 2), .val = patterns(kVal, 3), .test = {}};
  TrainOptions training;
  training.epochs = options.epochs;
  training.threads = options.threads;
  training.precision = options.precision;
  training.optimizer.lr = 0.01;
  ModelOptions model;
  model.encoders = {{"a", "resnet18:width=16"}, {"b", "resnet18:width=16"}};
  return [=] {
    const double joint = seconds_of([&] {
      Method method;
      Trainer(training, std::nullopt)
          .fit(std::make_shared<Model>(data.train->modalities(), kClasses, model, training.seed), method, data);
    });
    const double analysis = seconds_of([&] { analyze(data, model, training, AnalysisOptions{}, ""); });
    return nlohmann::json{{"seconds", analysis}, {"joint_seconds", joint}, {"samples", kTrain}};
  };
}

}  // namespace pdmp

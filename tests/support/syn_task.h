// SYN: a two-modality task that shows in seconds what PDMP is about (methods-modulation 0.8).
//
// Four balanced classes. Each modality sees a label of its own: the true one, or with some probability a uniform one.
// A is easy but capped (a noisy one-hot vector), B is hard but tells more (its label is in products of its inputs), so
// joint training settles on A and never learns B. Ceilings: about .73 (A), .949 (B).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pdmp/model.h"
#include "pdmp/trainer.h"

namespace pdmp::testing {

struct SynSettings {
  int64_t samples = 4096;  // of train, and of val
  double reliability_a = .65, reliability_b = .93;
  double noise_a = .5, noise_b = .25;
};

inline std::shared_ptr<const Dataset> syn_split(const SynSettings& settings, RandomStream random) {
  constexpr int64_t kClasses = 4;
  const Tensor a = torch::zeros({settings.samples, 4}), b = torch::zeros({settings.samples, 4});
  const Tensor labels = torch::zeros({settings.samples}, torch::kInt64);
  auto xa = a.accessor<float, 2>(), xb = b.accessor<float, 2>();
  auto y = labels.accessor<int64_t, 1>();
  const auto seen = [&](int64_t label, double reliability) {
    return random.bernoulli(reliability) ? label : random.integer(0, kClasses - 1);
  };
  for (int64_t i = 0; i < settings.samples; ++i) {
    y[i] = i % kClasses;
    const int64_t label_a = seen(y[i], settings.reliability_a), label_b = seen(y[i], settings.reliability_b);
    for (int64_t j = 0; j < 4; ++j) {
      xa[i][j] = static_cast<float>((j == label_a ? 2.0 : 0.0) + settings.noise_a * random.normal());
    }
    for (int64_t bit = 0; bit < 2; ++bit) {
      const double sign = random.bernoulli(.5) ? 1 : -1, target = (label_b >> bit) & 1 ? 1 : -1;
      xb[i][bit] = static_cast<float>(sign + settings.noise_b * random.normal());
      xb[i][2 + bit] = static_cast<float>(sign * target + settings.noise_b * random.normal());
    }
  }
  return std::make_shared<TensorDataset>(std::vector<ModalityInfo>{{"A", "vector", {4}}, {"B", "vector", {4}}},
                                         std::vector<std::string>{"c0", "c1", "c2", "c3"}, std::vector<Tensor>{a, b},
                                         labels);
}

inline TrainingData syn_task(uint64_t seed, const SynSettings& settings = {}) {
  return {.train = syn_split(settings, random_stream(seed, "syn/train")),
          .val = syn_split(settings, random_stream(seed, "syn/val")),
          .test = nullptr};
}

inline ModelOptions syn_model() {
  ModelOptions options;
  options.encoders = {{"A", "mlp:hidden=64+64+32"}, {"B", "mlp:hidden=64+64+32"}};
  options.init = "constructor";
  return options;
}

inline TrainOptions syn_training(int64_t seed, int64_t epochs) {
  TrainOptions options;
  options.epochs = epochs;
  options.seed = seed;
  options.workers = 0;
  options.threads = 1;
  options.optimizer.lr = .002;
  return options;
}

}  // namespace pdmp::testing

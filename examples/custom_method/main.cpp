// Checks of the method, as docs/adding-a-method.md asks for them, and a comparison with joint training.
#include <cmath>
#include <cstdio>
#include <pdmp/trainer.h>
#include <string>

#include "equal_norms.h"

namespace {

using pdmp::Tensor;

// "loud" tells whether the class is 2 or 3, "quiet", in numbers twenty times smaller, whether it is 1 or 3. Joint
// training learns the loud one and takes long to hear the other.
std::shared_ptr<const pdmp::Dataset> task(uint64_t seed) {
  constexpr int64_t kSamples = 512, kWidth = 8;
  pdmp::RandomStream random(seed);
  const Tensor loud = torch::zeros({kSamples, kWidth}), quiet = torch::zeros({kSamples, kWidth});
  const Tensor labels = torch::zeros({kSamples}, torch::kInt64);
  for (int64_t i = 0; i < kSamples; ++i) {
    const int64_t label = random.integer(0, 3);
    labels[i] = label;
    for (int64_t j = 0; j < kWidth; ++j) {
      loud[i][j] = (label >= 2 ? 1 : -1) + random.normal();
      quiet[i][j] = 0.05 * ((label % 2 == 1 ? 1 : -1) + random.normal());
    }
  }
  return pdmp::tensor_dataset({{"loud", loud}, {"quiet", quiet}}, labels, {"0", "1", "2", "3"});
}

struct Result {
  double accuracy = 0;
  std::vector<Tensor> weights;
};

Result train(const pdmp::MethodChoice& choice, uint64_t seed) {
  pdmp::TrainOptions options;
  options.epochs = 10;
  options.batch_size = 32;
  options.seed = seed;
  options.workers = 0;
  options.threads = 1;
  options.optimizer.lr = 0.01;
  pdmp::ModelOptions architecture;
  architecture.encoders = {{"loud", "mlp:hidden=16"}, {"quiet", "mlp:hidden=16"}};
  const std::shared_ptr<const pdmp::Dataset> data = task(1);
  const std::unique_ptr<pdmp::Method> method = choice.make();
  const auto model = std::make_shared<pdmp::Model>(data->modalities(), 4, architecture, seed);
  pdmp::Trainer(options, std::nullopt).fit(model, *method, {.train = data, .val = nullptr, .test = nullptr});
  return {pdmp::evaluate(*model, *method, task(2), options).accuracy(), model->parameters()};
}

int failures = 0;

void expect(bool condition, const char* what) {
  if (condition) return;
  std::printf("failed: %s\n", what);
  ++failures;
}

void check_the_formula() {
  const std::vector<double> factors = equalizing_factors({3, 1, 0}, 1);
  expect(std::abs(factors[0] - 2.0 / 3) < 1e-12 && factors[1] == 2, "factors of norms 3 and 1 are 2/3 and 2");
  expect(factors[2] == 1, "no gradient, no factor");
  expect(std::abs(equalizing_factors({4, 1}, .5)[1] - std::sqrt(2.5)) < 1e-12, "half the strength is the root");
}

// Neutral options are joint training to the bit: the surest sign that a method changes only what it means to.
void check_that_strength_zero_is_joint() {
  const Result expected = train("joint", 0), found = train(EqualNormsOptions{.strength = 0}, 0);
  for (size_t i = 0; i < expected.weights.size(); ++i)
    expect(torch::equal(expected.weights[i], found.weights[i]), "strength 0 is joint training");
}

}  // namespace

int main() {
  register_equal_norms();
  check_the_formula();
  check_that_strength_zero_is_joint();
  constexpr uint64_t kSeeds = 3;
  double joint_accuracy = 0, equal_accuracy = 0;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    joint_accuracy += train("joint", seed).accuracy / kSeeds;
    equal_accuracy += train("equal_norms", seed).accuracy / kSeeds;
  }
  expect(equal_accuracy > joint_accuracy, "equal norms let the quiet modality be heard");
  std::printf("test accuracy over %d seeds: joint %.3f, equal_norms %.3f\n", static_cast<int>(kSeeds), joint_accuracy,
              equal_accuracy);
  return failures == 0 ? 0 : 1;
}

// A method of one's own, outside the library, trained by the library's Trainer: docs/adding-a-method.md.
#include <cmath>
#include <cstdio>
#include <pdmp/method.h>
#include <pdmp/trainer.h>
#include <string>

namespace {

using pdmp::Tensor;

// c_m = (mean of all g_n / g_m) ^ strength, g_m the norm of the gradient of encoder m: with strength 1 every encoder
// gets a gradient of the same size. A modality without gradient is left alone and not counted.
std::vector<double> equalizing_factors(const std::vector<double>& norms, double strength) {
  double sum = 0, count = 0;
  for (const double norm : norms) {
    sum += norm;
    count += norm > 0 ? 1 : 0;
  }
  std::vector<double> factors;
  for (const double norm : norms) factors.push_back(norm > 0 ? std::pow(sum / count / norm, strength) : 1);
  return factors;
}

double gradient_norm(const std::vector<Tensor>& parameters) {
  double squares = 0;
  for (const Tensor& parameter : parameters) {
    if (parameter.grad().defined()) squares += parameter.grad().square().sum().item<double>();
  }
  return std::sqrt(squares);
}

struct EqualNormsOptions : public pdmp::MethodOptions {
  double strength = 1;

  void describe(pdmp::OptionList& list) override {
    list.add("strength", &strength, "1 makes the norms equal, 0 is joint training.").at_least(0).search(.25, 1);
  }
  std::unique_ptr<pdmp::Method> make() const override;
};

// Only what is not joint training: the hook between backward and the optimizer's update.
class EqualNorms : public pdmp::Method {
 public:
  explicit EqualNorms(double strength) : strength_(strength) {}

  void modulate(pdmp::StepContext& context, const pdmp::Outputs&) override {
    if (strength_ == 0) return;
    std::vector<double> norms;
    for (int64_t m = 0; m < context.model().modalities(); ++m)
      norms.push_back(gradient_norm(context.model().modality_parameters(m)));
    const std::vector<double> factors = equalizing_factors(norms, strength_);
    for (size_t m = 0; m < factors.size(); ++m) {
      context.scale_gradients(static_cast<int64_t>(m), factors[m], pdmp::Scope::encoder_all);
      if (!context.logging()) continue;
      const std::string& name = context.model().infos()[m].name;
      context.log()["score/" + name] = norms[m];
      context.log()["coef/" + name] = factors[m];
    }
  }

 private:
  double strength_;
};

std::unique_ptr<pdmp::Method> EqualNormsOptions::make() const { return std::make_unique<EqualNorms>(strength); }

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
  return std::make_shared<pdmp::TensorDataset>(
      std::vector<pdmp::ModalityInfo>{{"loud", "vector", {kWidth}}, {"quiet", "vector", {kWidth}}},
      std::vector<std::string>{"0", "1", "2", "3"}, std::vector<Tensor>{loud, quiet}, labels);
}

struct Result {
  double accuracy = 0;
  std::vector<Tensor> weights;
};

Result train(pdmp::Method& method, uint64_t seed) {
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
  const auto model = std::make_shared<pdmp::Model>(data->modalities(), 4, architecture, seed);
  pdmp::Trainer(options, std::nullopt).fit(model, method, {.train = data, .val = nullptr, .test = nullptr}, nullptr);
  return {pdmp::evaluate(*model, method, task(2), options).accuracy(), model->parameters()};
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
  EqualNormsOptions options;
  pdmp::OptionList list;
  options.describe(list);
  list.set("strength", "0", "strength");  // as a flag or a line of a configuration would
  pdmp::Method joint;
  const Result expected = train(joint, 0), found = train(*options.make(), 0);
  for (size_t i = 0; i < expected.weights.size(); ++i)
    expect(torch::equal(expected.weights[i], found.weights[i]), "strength 0 is joint training");
}

}  // namespace

int main() {
  check_the_formula();
  check_that_strength_zero_is_joint();
  constexpr uint64_t kSeeds = 3;
  double joint_accuracy = 0, equal_accuracy = 0;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    pdmp::Method joint;
    joint_accuracy += train(joint, seed).accuracy / kSeeds;
    equal_accuracy += train(*EqualNormsOptions().make(), seed).accuracy / kSeeds;
  }
  expect(equal_accuracy > joint_accuracy, "equal norms let the quiet modality be heard");
  std::printf("test accuracy over %d seeds: joint %.3f, equal_norms %.3f\n", static_cast<int>(kSeeds), joint_accuracy,
              equal_accuracy);
  return failures == 0 ? 0 : 1;
}

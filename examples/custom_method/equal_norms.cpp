// A method of one's own, outside the library: docs/adding-a-method.md.
#include "equal_norms.h"

#include <cmath>

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

namespace {

double gradient_norm(const std::vector<Tensor>& parameters) {
  double squares = 0;
  for (const Tensor& parameter : parameters) {
    if (parameter.grad().defined()) squares += parameter.grad().square().sum().item<double>();
  }
  return std::sqrt(squares);
}

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

}  // namespace

void EqualNormsOptions::describe(pdmp::OptionList& list) {
  list.add("strength", &strength, "1 makes the norms equal, 0 is joint training.").at_least(0).search(.25, 1);
}

std::unique_ptr<pdmp::Method> EqualNormsOptions::make() const { return std::make_unique<EqualNorms>(strength); }

void register_equal_norms() {
  pdmp::register_method({.name = EqualNormsOptions::kMethod,
                         .summary = "scales every encoder's gradient to the mean norm",
                         .source = "example of pdmp",
                         .make_options = pdmp::make_options<EqualNormsOptions>});
}

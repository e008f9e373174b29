#include <fmt/format.h>

#include "optim/optimizers.h"
#include "pdmp/error.h"

namespace pdmp {
namespace {

Tensor no_weights(const Dataset&) { return {}; }

// n / (C n_c): every class has the same total weight, and the mean weight over the samples is 1.
Tensor balanced_weights(const Dataset& train) {
  const auto classes = static_cast<int64_t>(train.classes().size());
  Tensor counts = at::zeros({classes}, at::kDouble);
  auto count = counts.accessor<double, 1>();
  for (int64_t i = 0; i < train.size(); ++i) count[train.label(i)] += 1;
  const Tensor weights = static_cast<double>(train.size()) / (static_cast<double>(classes) * counts);
  return at::where(counts > 0, weights, at::zeros_like(weights));
}

struct ClassWeightInfo {
  const char* name;
  Tensor (*weights)(const Dataset& train);  // (C) float64, or undefined = all alike
};

const std::vector<ClassWeightInfo>& class_weight_table() {
  static const std::vector<ClassWeightInfo> table = {{"none", no_weights}, {"balanced", balanced_weights}};
  return table;
}

Tensor class_weights(const std::string& name, const Dataset& train) {
  for (const ClassWeightInfo& info : class_weight_table()) {
    if (name == info.name) return info.weights(train);
  }
  throw Error(ErrorKind::usage,
              fmt::format("unknown class weights '{}'{}", name, suggestion(name, class_weight_names())));
}

}  // namespace

std::vector<std::string> class_weight_names() {
  std::vector<std::string> names;
  for (const ClassWeightInfo& info : class_weight_table()) names.emplace_back(info.name);
  return names;
}

Criterion::Criterion(const OptimizerOptions& options, const Dataset& train)
    : label_smoothing_(options.label_smoothing), class_weights_(class_weights(options.class_weights, train)) {}

Tensor Criterion::operator()(const Tensor& logits, const Tensor& labels) const {
  auto options = torch::nn::functional::CrossEntropyFuncOptions().label_smoothing(label_smoothing_);
  if (class_weights_.defined()) options.weight(class_weights_.to(logits.options()));
  return torch::nn::functional::cross_entropy(logits, labels, options);
}

}  // namespace pdmp

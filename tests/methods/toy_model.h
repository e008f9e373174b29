// Small two-modality models, "a" and "v", and what tests read of them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pdmp/model.h"
#include "support/method_at_work.h"

namespace pdmp::testing {

// z_a = theta_1 x_a, z_v = theta_2 x_v (no bias; x > 0), logits [[1, .5], [-1, -.5]] z + 0: the toy of
// methods-modulation 1.8.
inline std::shared_ptr<Model> scalar_model() {
  ModelOptions options;
  options.encoders = {{"a", "mlp:hidden=1"}, {"v", "mlp:hidden=1"}};
  const std::vector<ModalityInfo> infos = {{"a", "vector", {1}}, {"v", "vector", {1}}};
  auto model = std::make_shared<Model>(infos, 2, options, 0);
  model->to(at::kDouble);
  const torch::NoGradGuard no_grad;
  for (const OwnedParameter& parameter : model->ownership()) {
    if (parameter.in_encoder && parameter.value.dim() == 2) parameter.value.fill_(1);
    if (parameter.in_encoder && parameter.value.dim() == 1) parameter.value.zero_().requires_grad_(false);
    if (!parameter.in_encoder && !parameter.owner) parameter.value.zero_();
    if (!parameter.in_encoder && parameter.owner) {
      const double weight = *parameter.owner == 0 ? 1 : 0.5;
      parameter.value.copy_(at::tensor({weight, -weight}, at::kDouble).reshape(parameter.value.sizes()));
    }
  }
  return model;
}

// x_a = 1, x_v = 2, label 1.
inline Batch scalar_batch() {
  return full_batch({at::full({1, 1}, 1.0, at::kDouble), at::full({1, 1}, 2.0, at::kDouble)}, at::ones({1}, at::kLong));
}

// The scalar model's parameters.
inline Tensor theta(const Model& model, int64_t m) {
  for (const OwnedParameter& parameter : model.ownership()) {
    if (parameter.in_encoder && parameter.owner == m && parameter.value.dim() == 2) return parameter.value;
  }
  throw std::logic_error("no encoder weight");
}
inline Tensor head_block(const Model& model, int64_t m) {
  for (const OwnedParameter& parameter : model.ownership()) {
    if (!parameter.in_encoder && parameter.owner == m) return parameter.value;
  }
  throw std::logic_error("no head block");
}
inline Tensor head_bias(const Model& model) { return model.shared_parameters().at(0); }

// Two ResNet-18 trunks of width 4: convolutions and BatchNorm.
inline std::shared_ptr<Model> image_model(at::ScalarType type = at::kDouble) {
  ModelOptions options;
  options.encoders = {{"a", "resnet18:width=4"}, {"v", "resnet18:width=4"}};
  const std::vector<ModalityInfo> infos = {{"a", "image", {1, 32, 32}}, {"v", "image", {3, 32, 32}}};
  auto model = std::make_shared<Model>(infos, 3, options, 7);
  model->to(type);
  return model;
}

inline Batch image_batch(int step, at::ScalarType type = at::kDouble) {
  const auto picture = [&](int64_t channels, double phase) {
    const Tensor values = at::arange(6 * channels * 32 * 32, at::kDouble).reshape({6, channels, 32, 32});
    return at::sin(values * values * 1e-4 + phase + step).to(type);
  };
  return full_batch({picture(1, 0), picture(3, 1)}, at::tensor({0, 1, 2, 2, 1, 0}, at::kLong));
}

// Modalities "a" and "v" (and "t"): p is best on its own, o ahead at the beginning.
inline ModalityRanking ranking(std::vector<std::string> names, int64_t p, int64_t o) {
  ModalityRanking result;
  result.modalities = std::move(names);
  result.performance_dominant = p;
  result.optimization_dominant = o;
  return result;
}

inline std::vector<Tensor> copies(const Model& model) {
  std::vector<Tensor> values;
  for (const Tensor& parameter : model.parameters()) values.push_back(parameter.detach().clone());
  return values;
}

inline double largest_difference(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  double largest = 0;
  for (size_t i = 0; i < a.size(); ++i) largest = std::max(largest, (a[i] - b[i]).abs().max().item<double>());
  return largest;
}

// A method of the table, with options as on the command line.
inline std::shared_ptr<Method> method(const std::string& name,
                                      const std::vector<std::pair<std::string, std::string>>& set = {}) {
  const std::unique_ptr<MethodOptions> options = find_method(name).make_options();
  OptionList list;
  list.group(name, [&](OptionList& inner) { options->describe(inner); });
  for (const auto& [option, text] : set) list.set(name + "." + option, text, "--" + name + "." + option);
  return options->make();
}

}  // namespace pdmp::testing

#include "train/step/step_log.h"

#include <cmath>
#include <unordered_map>

#include "metrics/dependency.h"
#include "models/layers/evaluation_mode.h"

namespace pdmp::training {
namespace {

// Those of the method, where its forward pass has some: the model's say nothing where a method has heads of its own.
std::vector<Tensor> branch_logits(Model& model, const Outputs& outputs, const Batch& batch) {
  const torch::NoGradGuard no_gradients;
  std::vector<Tensor> branches;
  for (const Tensor& logits : outputs.unimodal) branches.push_back(logits.detach().to(torch::kFloat32));
  if (!branches.empty() || outputs.features.empty()) return branches;
  const models::EvaluationMode evaluation(
      model.fusion());  // whatever --bn-unimodal says: to look at a run must not change it
  std::vector<Feature> features;
  for (const Feature& feature : outputs.features) {
    features.push_back({feature.map.defined() ? feature.map.detach() : Tensor(), feature.pooled.detach()});
  }
  return model.unimodal_logits(features, batch.present);
}

}  // namespace

void log_branches(StepLog& log, Model& model, const Outputs& outputs, const Batch& batch) {
  const std::vector<Tensor> branches = branch_logits(model, outputs, batch);
  if (branches.empty()) return;
  const std::vector<double> weights = metrics::dependency_sums(branches);
  for (size_t m = 0; m < branches.size(); ++m) {
    const std::string& name = model.infos()[m].name;
    log["acc/" + name] = branches[m].argmax(1).eq(batch.labels).to(torch::kFloat64).mean().item<double>();
    log["dep/W_" + name] = weights[m];
  }
  if (weights.size() == 2) log["dep/w"] = weights[0] / (weights[1] + 1e-8);
}

void log_gradient_norms(StepLog& log, const std::string& prefix, const Model& model, Optimizer& optimizer,
                        bool scaled) {
  std::unordered_map<const void*, std::string> owner;
  for (const OwnedParameter& parameter : model.ownership()) {
    if (parameter.in_encoder && parameter.owner) {
      owner[parameter.value.unsafeGetTensorImpl()] = model.infos()[static_cast<size_t>(*parameter.owner)].name;
    }
  }
  std::map<std::string, double> squares;
  for (const ParameterGroup& group : optimizer.groups()) {
    for (const Tensor& parameter : group.parameters) {
      if (!parameter.grad().defined()) continue;
      const double factor = scaled ? group.lr_scale * optimizer.next_step_scale(parameter) : 1.0;
      const auto found = owner.find(parameter.unsafeGetTensorImpl());
      const double norm = parameter.grad().norm().item<double>() * factor;
      squares[found == owner.end() ? "shared" : found->second] += norm * norm;
    }
  }
  for (const auto& [name, square] : squares) log[prefix + "/" + name] = std::sqrt(square);
}

void EpochSums::add(const StepLog& log) {
  for (const auto& [name, value] : log) {
    auto& [sum, count] = logged[name];
    sum += value;
    ++count;
  }
}

StepLog EpochSums::means() const {
  StepLog means;
  for (const auto& [name, entry] : logged) means[name] = entry.first / static_cast<double>(entry.second);
  return means;
}

nlohmann::json EpochSums::save() const {
  return {{"loss", loss}, {"correct", correct}, {"samples", samples}, {"logged", logged}};
}

EpochSums EpochSums::load(const nlohmann::json& value) {
  EpochSums sums;
  value.at("loss").get_to(sums.loss);
  value.at("correct").get_to(sums.correct);
  value.at("samples").get_to(sums.samples);
  value.at("logged").get_to(sums.logged);
  return sums;
}

}  // namespace pdmp::training

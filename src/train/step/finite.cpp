// What is not finite in a training.
#include "train/step/finite.h"

#include <cmath>
#include <fmt/format.h>
#include <utility>
#include <vector>

#include "models/layers/evaluation_mode.h"
#include "models/weights/weights.h"

namespace pdmp::training {
namespace {

// A sum is not finite where a value is not; where only the sum overflows, every value is looked at.
bool is_finite(const Tensor& tensor) {
  if (!tensor.is_floating_point()) return true;
  const torch::NoGradGuard no_gradients;
  return std::isfinite(tensor.sum().item<double>()) || tensor.isfinite().all().item<bool>();
}

std::string nonfinite_input(const Batch& batch, const std::vector<ModalityInfo>& infos) {
  for (size_t m = 0; m < batch.inputs.size(); ++m) {
    const Tensor& input = batch.inputs[m];
    if (is_finite(input)) continue;
    const Tensor bad = input.isfinite().flatten(1).all(1).logical_not();
    const auto row = bad.nonzero()[0][0].item<int64_t>();
    return fmt::format("the input of modality '{}' (sample {} of train)", infos[m].name,
                       batch.index[row].item<int64_t>() + 1);
  }
  return "";
}

std::string nonfinite_gradient(const torch::nn::Module& module) {
  for (const auto& item : module.named_parameters()) {
    if (item.value().grad().defined() && !is_finite(item.value().grad())) return item.key();
  }
  return "";
}

std::string nonfinite_answer(Model& model, const Batch& batch) {
  const torch::NoGradGuard no_gradients;
  const models::EvaluationMode mode(model);
  try {
    return is_finite(model.forward(batch, false).fused) ? "" : "the logits of the model";
  } catch (const c10::Error&) {
    return "";
  }
}

}  // namespace

NotFinite::NotFinite(double loss, const std::string& sample)
    : Error(ErrorKind::data, fmt::format("expected finite logits of the model, found a loss of {} for sample '{}'; its "
                                         "weights or that sample's values are too large",
                                         std::isnan(loss) ? "nan" : "infinity", sample)),
      loss_(loss) {}

std::string nonfinite_weight(const Weights& weights) {
  for (const auto& [name, tensor] : models::state_of(weights.model)) {
    if (!is_finite(tensor)) return name;
  }
  if (weights.method_parts == nullptr) return "";
  for (const auto& [name, tensor] : models::state_of(*weights.method_parts)) {
    if (!is_finite(tensor)) return "method." + name;
  }
  return "";
}

std::string nonfinite_cause(const Weights& weights, Model& model, const Batch& batch) {
  if (std::string input = nonfinite_input(batch, model.infos()); !input.empty()) return input;
  if (const std::string weight = nonfinite_weight(weights); !weight.empty()) return "the weights " + weight;
  if (const std::string name = nonfinite_gradient(weights.model); !name.empty()) return "the gradients of " + name;
  return nonfinite_answer(model, batch);
}

void fail_diverged(const std::string& found, int64_t epoch, int64_t step, double lr, const RunDirectory* run) {
  const std::string kept = run != nullptr && run->has_checkpoint()
                               ? fmt::format("; the checkpoints in {} are from before", run->path().string())
                               : std::string();
  throw Error(ErrorKind::data, fmt::format("expected finite numbers, found {} since step {} (epoch {}): the training "
                                           "diverged; lower `lr` (it is {:g}) or set `clip-norm`{}",
                                           found, step, epoch, lr, kept));
}

}  // namespace pdmp::training

// Data sets that a program makes of tensors or functions.
#include <ATen/ops/zeros.h>
#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <utility>

#include "data/types/modality_type.h"
#include "pdmp/dataset.h"
#include "pdmp/error.h"
#include "pdmp/tensor.h"

namespace pdmp {
namespace {

std::string type_of(const Tensor& values) {
  if (values.scalar_type() == at::kLong) return "text";
  switch (values.dim()) {
    case 2:
      return "vector";
    case 4:
      return "image";
    case 5:
      return "frames";
    default:
      return "tensor";
  }
}

class Functions : public Dataset {
 public:
  explicit Functions(FunctionDataset functions) : functions_(std::move(functions)) {
    const auto classes = static_cast<int64_t>(functions_.classes.size());
    for (size_t i = 0; i < functions_.labels.size(); ++i) {
      const int64_t label = functions_.labels[i];
      if (label < 0 || label >= classes) {
        throw Error(ErrorKind::data,
                    fmt::format("sample {}: expected a label in [0, {}), found {}", i, classes, label));
      }
    }
  }

  int64_t size() const override { return static_cast<int64_t>(functions_.labels.size()); }
  const std::vector<ModalityInfo>& modalities() const override { return functions_.modalities; }
  const std::vector<std::string>& classes() const override { return functions_.classes; }
  int64_t label(int64_t index) const override { return functions_.labels.at(static_cast<size_t>(index)); }
  std::string id(int64_t index) const override { return std::to_string(index); }

  Sample get(int64_t index, RandomStream* augment) const override {
    std::vector<Tensor> inputs = functions_.inputs(index, augment);
    if (inputs.size() != functions_.modalities.size()) {
      throw Error(ErrorKind::data, fmt::format("sample {}: expected {} inputs, found {}", index,
                                               functions_.modalities.size(), inputs.size()));
    }
    Sample sample{.inputs = {}, .present = {}, .label = label(index)};
    for (size_t m = 0; m < inputs.size(); ++m) {
      sample.present.push_back(inputs[m].defined());
      sample.inputs.push_back(checked(std::move(inputs[m]), functions_.modalities[m], index));
    }
    return sample;
  }

 private:
  static Tensor checked(Tensor input, const ModalityInfo& modality, int64_t index) {
    const at::ScalarType type = data::holds_integers(modality.type) ? at::kLong : at::kFloat;
    if (!input.defined()) return at::zeros(modality.shape, type);
    if (input.sizes() == at::IntArrayRef(modality.shape) && input.scalar_type() == type) return input;
    throw Error(ErrorKind::data, fmt::format("sample {}: expected modality '{}' as {} of shape ({}), found {} of ({})",
                                             index, modality.name, at::toString(type), fmt::join(modality.shape, ", "),
                                             at::toString(input.scalar_type()), fmt::join(input.sizes(), ", ")));
  }

  FunctionDataset functions_;
};

}  // namespace

std::shared_ptr<const Dataset> tensor_dataset(std::vector<NamedTensor> inputs, Tensor labels,
                                              std::vector<std::string> classes) {
  std::vector<ModalityInfo> modalities;
  std::vector<Tensor> values;
  for (NamedTensor& input : inputs) {
    const std::string type = input.type.empty() ? type_of(input.values) : input.type;
    modalities.push_back({std::move(input.name), type, input.values.sizes().slice(1).vec()});
    values.push_back(data::holds_integers(type) ? input.values : input.values.to(at::kFloat));
  }
  const int64_t largest = labels.numel() == 0 ? -1 : labels.max().item<int64_t>();
  if (classes.empty()) {
    for (int64_t c = 0; c <= largest; ++c) classes.push_back(std::to_string(c));
  }
  return std::make_shared<TensorDataset>(std::move(modalities), std::move(classes), std::move(values),
                                         std::move(labels));
}

std::shared_ptr<const Dataset> make_dataset(FunctionDataset functions) {
  return std::make_shared<Functions>(std::move(functions));
}

}  // namespace pdmp

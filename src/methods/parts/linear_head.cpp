#include "methods/parts/linear_head.h"

#include <fmt/format.h>

#include "pdmp/error.h"

namespace pdmp::methods {

std::vector<Tensor> linear_blocks(Model& model) {
  std::vector<Tensor> blocks(static_cast<size_t>(model.modalities()));
  for (const OwnedParameter& parameter : model.ownership()) {
    if (!parameter.name.starts_with("fusion.")) continue;
    if (parameter.value.dim() == 1 && parameter.value.size(0) == model.classes()) continue;  // a bias
    if (parameter.in_encoder || !parameter.owner) return {};
    Tensor& block = blocks[static_cast<size_t>(*parameter.owner)];
    const std::vector<int64_t> expected = {model.classes(), model.encoder(*parameter.owner).width()};
    if (block.defined() || parameter.value.sizes() != at::IntArrayRef(expected)) return {};
    block = parameter.value;
  }
  for (const Tensor& block : blocks) {
    if (!block.defined()) return {};
  }
  return blocks;
}

void expect_replaceable_fusion(Model& model, const std::string& method) {
  if (!linear_blocks(model).empty()) return;
  throw Error(ErrorKind::usage,
              fmt::format("{} has a head of its own in place of the fusion: expected `fusion` concat or sum, found one "
                          "that joins the modalities in another way",
                          method));
}

std::vector<Feature> encode_all(Model& model, const Batch& batch) {
  if (static_cast<int64_t>(batch.inputs.size()) != model.modalities()) {
    throw Error(ErrorKind::data, fmt::format("model: expected a batch of {} modalities, found {}", model.modalities(),
                                             batch.inputs.size()));
  }
  std::vector<Feature> features;
  for (int64_t m = 0; m < model.modalities(); ++m) {
    features.push_back(model.encode(m, batch.inputs[static_cast<size_t>(m)], batch.present.select(1, m)));
  }
  return features;
}

}  // namespace pdmp::methods

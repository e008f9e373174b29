// Parameter groups of a method's own parts.
#include "train/step/own_parts.h"

#include <optional>
#include <unordered_set>
#include <utility>

namespace pdmp::training {

std::vector<ParameterGroup> with_own_parts(std::vector<ParameterGroup> groups, const torch::nn::Module* parts) {
  if (parts == nullptr) return groups;
  std::unordered_set<const void*> known;
  for (const ParameterGroup& group : groups) {
    for (const Tensor& parameter : group.parameters) known.insert(parameter.unsafeGetTensorImpl());
  }
  ParameterGroup own{.name = "method", .modality = std::nullopt, .parameters = {}};
  for (const Tensor& parameter : parts->parameters()) {
    if (!known.contains(parameter.unsafeGetTensorImpl())) own.parameters.push_back(parameter);
  }
  if (!own.parameters.empty()) groups.push_back(std::move(own));
  return groups;
}

}  // namespace pdmp::training

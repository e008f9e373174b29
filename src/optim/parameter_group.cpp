#include "pdmp/optimizer.h"

namespace pdmp {

std::vector<ParameterGroup> default_groups(const Model& model) {
  std::vector<ParameterGroup> groups;
  for (int64_t m = 0; m < model.modalities(); ++m) {
    groups.push_back({.name = model.infos()[static_cast<size_t>(m)].name, .modality = m, .parameters = {}});
  }
  groups.push_back({.name = "shared", .modality = std::nullopt, .parameters = {}});
  for (const OwnedParameter& parameter : model.ownership()) {
    const size_t group = parameter.owner ? static_cast<size_t>(*parameter.owner) : groups.size() - 1;
    groups[group].parameters.push_back(parameter.value);
  }
  return groups;
}

}  // namespace pdmp

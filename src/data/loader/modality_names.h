// Names of the modalities of a data set or a model, in its order.
#pragma once

#include <string>
#include <vector>

#include "pdmp/dataset.h"

namespace pdmp::data {

inline std::vector<std::string> modality_names(const std::vector<ModalityInfo>& modalities) {
  std::vector<std::string> names;
  for (const ModalityInfo& modality : modalities) names.push_back(modality.name);
  return names;
}

}  // namespace pdmp::data

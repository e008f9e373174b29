// One modality has nothing to be balanced with: what every method says of such a run.
#pragma once

#include <fmt/format.h>
#include <string>

#include "pdmp/model.h"

namespace pdmp::methods {

inline std::string one_modality_note(const Model& model, const std::string& method) {
  return fmt::format("one modality ('{}'): {} is joint training", model.infos()[0].name, method);
}

}  // namespace pdmp::methods

#include <algorithm>

#include "pdmp/optimizer.h"

namespace pdmp {

const Tensor* Archive::find(const std::string& name) const {
  const auto found =
      std::find_if(tensors.begin(), tensors.end(), [&](const auto& entry) { return entry.first == name; });
  return found == tensors.end() ? nullptr : &found->second;
}

}  // namespace pdmp

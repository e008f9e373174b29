#include "pdmp/model.h"

namespace pdmp {

std::unique_ptr<FusionOptions> concat_options();

const std::vector<FusionInfo>& fusion_table() {
  static const std::vector<FusionInfo> table = {
      {"concat", "one linear layer over all features side by side; a block of it belongs to each modality",
       concat_options},
  };
  return table;
}

}  // namespace pdmp

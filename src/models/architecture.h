// What a model is made of: its modules, the shape of what each puts out, parameters, owners and work, measured in one
// forward pass.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pdmp/model.h"

namespace pdmp::models {

// A module with parameters of its own. Where these have different owners, each of them is a row by itself.
struct ModuleRow {
  std::string name;             // as in the weights file, without the parameter's name unless that is the row
  std::vector<int64_t> output;  // batch of one first; frames count as samples. Empty: the pass did not come by
  int64_t parameters = 0;
  std::optional<int64_t> owner;  // modality, or shared
  int64_t flops = 0;             // of all its calls in the pass
};

struct Architecture {
  std::vector<ModuleRow> rows;           // in the order of named_parameters()
  int64_t flops_without_parameters = 0;  // products of features with each other: attention
};

// Sends one sample with every modality through `model`, in evaluation mode, to the fused logits. FLOPs are twice the
// multiply-adds of convolutions and matrix products; everything else counts as none. The model is left as it was.
Architecture measure_architecture(Model& model);

}  // namespace pdmp::models

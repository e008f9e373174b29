// Weights an encoder starts from instead of random ones: options every encoder has besides its own.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "pdmp/options.h"
#include "pdmp/torch.h"

namespace pdmp::models {

struct PretrainedOptions {
  std::string weights;              // a safetensors file with torchvision's names, or of a run; empty: none
  std::string channels = "strict";  // strict | average
  void describe(OptionList& list);  // weights, weights-channels
};

// Fills `encoder` from the file, where there is one. The file's classifier (fc.*, classifier.*) is left out, and it
// need not count batches. Error{data} in one line with everything that is missing, unknown or of another shape,
// Error{io} where the file can't be read. Of the weights of a run (checkpoints/best/weights.safetensors) those of the
// encoder of `modality` are taken.
void load_pretrained(torch::nn::Module& encoder, const PretrainedOptions& options, const std::string& modality);

// The encoder's spec with another path of its weights.
using PathChange = std::function<std::filesystem::path(const std::filesystem::path&)>;
std::string with_weights(const std::string& spec, const PathChange& change);

// The encoder's spec with the path of its weights absolute: it means the same in any folder.
std::string with_absolute_weights(const std::string& spec);

}  // namespace pdmp::models

// The tensors of a module by name, and how a file's are put in their place.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/files/checked_file.h"
#include "pdmp/torch.h"

namespace pdmp::models {

// Parameters, then buffers, in the order of registration.
std::vector<std::pair<std::string, Tensor>> state_of(const torch::nn::Module& module);

// Copies `found` into the tensors of the same names; all fit or none is touched. Error{data}: "<where>: expected
// <what>, found 2 missing (a, b); 1 unknown (c); <advice>".
void copy_state(torch::nn::Module& module, std::map<std::string, Tensor> found, const std::string& where,
                const std::string& what, const std::string& advice);

// As save_weights, with the digest of the file.
FileDigest write_weights(const torch::nn::Module& module, const std::string& path);
// As load_weights, of a file that was read already; `path` is named in errors.
void load_weights_of(torch::nn::Module& module, const std::string& path, const std::string& file);

}  // namespace pdmp::models

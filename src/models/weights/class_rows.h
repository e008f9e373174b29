// Weights for other classes than they were trained on: entries that belong to a class follow its name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pdmp/torch.h"

namespace pdmp::models {

// What two lists of classes have in common.
struct SharedClasses {
  SharedClasses(const std::vector<std::string>& now, const std::vector<std::string>& before);

  int64_t count_now, count_before;
  std::vector<int64_t> positions_now, positions_before;  // of the shared classes, in the order of `now`
  std::vector<std::string> added, dropped;
};

// The dimension that has an entry a class: the one in which `larger`, the same tensor of a module made for one class
// more, is longer. Nothing where there is none.
std::optional<int64_t> class_dimension(const Tensor& tensor, const Tensor& larger);

// Whether `source` has the shape of `target`, but for the number of classes along `dimension`.
bool fits_but_for_classes(const Tensor& target, const Tensor& source, std::optional<int64_t> dimension,
                          const SharedClasses& classes);

// Copies `source`, which fits; along `dimension` only the entries of shared classes, the others of `target` stay.
void copy_but_for_classes(const Tensor& target, const Tensor& source, std::optional<int64_t> dimension,
                          const SharedClasses& classes);

// The parameters and buffers of `source` into those of `target` with the same names. `larger`: a module made like
// `target` for one class more. False, with nothing copied, where the names differ. Error{data} with tensor and shapes
// where one does not fit; `where` begins it.
bool copy_state_but_for_classes(torch::nn::Module& target, const torch::nn::Module& source,
                                const torch::nn::Module& larger, const SharedClasses& classes,
                                const std::string& where);

}  // namespace pdmp::models

// What a model is fed, as something people can look at.
#pragma once

#include <string>
#include <vector>

#include "data/manifest/manifest.h"
#include "pdmp/tensor.h"

namespace pdmp::data {

struct InputPicture {
  Tensor pixels;                 // (H, W, 3) uint8
  int64_t across = 1, down = 1;  // pixels that one value takes
};

// One input of modality `entry`, not of type text. Small ones are enlarged by whole factors, so that people see them.
//   image   de-normalised         frames  the same, side by side
//   flow    gray, de-normalised: horizontal motion above vertical, steps side by side
//   audio   gray between its smallest and largest value, frequency up, time to the right
//   others  as audio: rows of the last dimension, the first on top
// More than 1,536 columns of pictures go on below; what else is larger than 2,048 is averaged down.
InputPicture picture_of_input(const ModalityEntry& entry, const Tensor& input);

// The text an input of type `text` holds, up to where it was cut.
std::string text_of_input(const Tensor& input);

constexpr int64_t kPictureGap = 4;  // white pixels between pictures

// One below the other, flush left on white.
Tensor stack_pictures(const std::vector<Tensor>& pictures);

}  // namespace pdmp::data

// What a model is fed, as something people can look at.
#pragma once

#include <string>
#include <vector>

#include "data/manifest.h"
#include "pdmp/torch.h"

namespace pdmp {

// One input of modality `entry` -> (H, W, 3) uint8; undefined for text, which is no picture.
//   image   de-normalised         frames  the same, side by side
//   flow    grey, de-normalised: horizontal motion above vertical, steps side by side
//   audio   grey between its smallest and largest value, frequency up, time to the right
//   vector  bars from zero        others  as audio: rows of the last dimension, the first on top; small ones enlarged
// More than 4,096 columns of pictures go on below; what else is larger than 2,048 is averaged down.
Tensor picture_of_input(const ModalityEntry& entry, const Tensor& input);

// The text an input of type `text` holds, up to where it was cut.
std::string text_of_input(const Tensor& input);

constexpr int64_t kPictureGap = 4;  // white pixels between pictures

// One below the other, flush left on white.
Tensor stack_pictures(const std::vector<Tensor>& pictures);

}  // namespace pdmp

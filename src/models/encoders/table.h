// What the encoders share: how they refuse data and options they cannot take, and which of them fits what.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "models/weights/pretrained.h"
#include "pdmp/error.h"
#include "pdmp/model.h"

namespace pdmp::models {

// What a spec says: the encoder's own options, and those every encoder has.
struct EncoderSetup {
  std::unique_ptr<EncoderOptions> own;
  PretrainedOptions pretrained;
};
EncoderSetup read_encoder_spec(const std::string& spec, const ModalityInfo& modality);  // Error{usage} names both

// Error{usage}: modality, its type and shape, what `encoder` takes (its row of the table), which one fits.
Error unfit_input(const std::string& encoder, const ModalityInfo& modality);
// A list option of sizes: at least one, all whole and >= 1, or Error{usage}. `option`: "mlp:hidden".
std::vector<int64_t> whole_numbers(const std::string& option, const std::vector<double>& values,
                                   const ModalityInfo& modality);
// "64x48" = height 64, width 48. Error{usage}; `where` begins the message.
std::array<int64_t, 2> height_and_width(const std::string& text, const std::string& where);

constexpr int64_t kTextSymbols = 257;  // of text: 0 = padding, then the 256 bytes

// Pictures, spectrograms and frames: what a 2-D convolutional network takes, (C, H, W) or (C, T, H, W).
bool is_pictures(const ModalityInfo& modality);
// unfit_input for anything but pictures of whatever type: shapes of rank 3 and 4.
void expect_pictures(const std::string& encoder, const ModalityInfo& modality);
// Spec of an encoder whose feature has `width` numbers, for a modality that is not pictures: text_cnn, conv1d or mlp.
std::string encoder_of_width(const ModalityInfo& modality, int64_t width);

}  // namespace pdmp::models

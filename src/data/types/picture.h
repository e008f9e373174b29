// What types made of pictures share: settings, and the way from a picture file to a normalised tensor.
#pragma once

#include <filesystem>
#include <vector>

#include "data/features/crop.h"
#include "data/features/resize.h"
#include "data/modality_type.h"
#include "data/types/decoded.h"
#include "data/types/settings.h"

namespace pdmp {

struct PictureSettings {
  int64_t size = 224, channels = 3;
  std::vector<double> mean, deviation;  // per channel
  double min_scale = 0.08;              // area of a random crop in training; 1: no crop
  int64_t enlarged = 0;                 // > 0: instead, training cuts `size` out of a square of this size
  int64_t rotation = 0;                 // degrees; with `enlarged`: that square is turned by up to so many, either way
  double flip = 0.5;                    // probability of a mirrored picture in training
  Interpolation interpolation = Interpolation::bilinear;
  bool bgr = false;  // blue first
};

// Reads "size", "mean", "std", "interpolation", "augment" ("none" or {"min_scale": , "flip": , or instead of min_scale
// "resize": , "rotation": }) and, of three channels, "channel_order"; the defaults are those of `settings`. Flow, which
// has two channels, is neither enlarged nor turned.
void read_picture_settings(Settings& source, PictureSettings& settings);

// Mean and deviation of ImageNet for 3 channels, 0.5 and 0.5 for any other number.
void use_usual_normalisation(PictureSettings& settings);

// (H, W, C) uint8 -> (size, size, C) uint8. Training (`augment` given): random crop and resize, or resize, turn and cut
// out; then perhaps flip. Else resize. Channels last of all come in the order asked for.
Tensor fit_picture(const Tensor& picture, const PictureSettings& settings, RandomStream* augment);
// What the sample cache keeps of a picture: in training what was decoded, of which every epoch wants another part; in
// evaluation what fit_picture makes of it. And the way from that to (C, size, size) float32.
KeptPicture kept_picture(const PictureSettings& settings, const RandomStream* augment);
Tensor finish_picture(const Tensor& kept, const PictureSettings& settings, RandomStream* augment);

// File of a cell -> (C, size, size) float32: through both, or without a cache the same numbers from no more than the
// part of the file that is wanted.
Tensor load_picture(const Cell& cell, const std::filesystem::path& path, const PictureSettings& settings,
                    RandomStream* augment);

}  // namespace pdmp

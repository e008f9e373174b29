// What types made of pictures share: settings, and the way from a picture file to a normalised tensor.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "data/features/crop.h"
#include "data/features/resize.h"
#include "data/types/decoded.h"
#include "data/types/modality_type.h"
#include "data/types/settings.h"

namespace pdmp::data {

struct PictureSize {
  int64_t height = 0, width = 0;
};

struct PictureSettings {
  PictureSize size{224, 224};
  int64_t channels = 3;
  std::optional<FixedCrop> crop;        // of every picture, before anything else
  std::vector<double> mean, deviation;  // per channel
  double min_scale = 0.08;              // area of a random crop in training; 1: no crop
  PictureSize enlarged;                 // not 0: instead, training cuts `size` out of the picture of this size
  int64_t rotation = 0;                 // degrees; with `enlarged`: it is turned by up to so many, either way
  double flip = 0.5;                    // probability of a mirrored picture in training
  Interpolation interpolation = Interpolation::bilinear;
  bool bgr = false;  // blue first
};

// Reads "size", "crop", "mean", "std", "interpolation", "augment" ("none" or {"min_scale": , "flip": , or instead of
// min_scale "resize": , "rotation": }) and, of three channels, "channel_order"; the defaults are those of `settings`.
// Flow, which has two channels, is not cropped beforehand, enlarged or turned.
void read_picture_settings(Settings& source, PictureSettings& settings);

// Mean and deviation of ImageNet for 3 channels, 0.5 and 0.5 for any other number.
void use_usual_normalisation(PictureSettings& settings);

// (H, W, C) uint8 of the file `path` -> (height, width, C) uint8. Training (`augment` given): random crop and resize,
// or resize, turn and cut out; then perhaps flip. Else resize. All of it within the fixed crop, where there is one.
// Channels last of all come in the order asked for. Error{data} naming the file where it is too small for that crop.
Tensor fit_picture(const Tensor& picture, const std::filesystem::path& path, const PictureSettings& settings,
                   RandomStream* augment);
// What the sample cache keeps of a picture: in training what was decoded, of which every epoch wants another part; in
// evaluation what fit_picture makes of it. And the way from that to (C, height, width) float32.
KeptPicture kept_picture(const std::filesystem::path& path, const PictureSettings& settings,
                         const RandomStream* augment);
Tensor finish_picture(const Tensor& kept, const std::filesystem::path& path, const PictureSettings& settings,
                      RandomStream* augment);

// File of a cell -> (C, height, width) float32: through both, or without a cache the same numbers from no more than the
// part of the file that is wanted.
Tensor load_picture(const Cell& cell, const std::filesystem::path& path, const PictureSettings& settings,
                    RandomStream* augment);

}  // namespace pdmp::data

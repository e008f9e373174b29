// What types made of pictures share: settings, and the way from a picture file to a normalised tensor.
#pragma once

#include <filesystem>
#include <vector>

#include "data/features/crop.h"
#include "data/features/resize.h"
#include "data/types/settings.h"

namespace pdmp {

struct PictureSettings {
  int64_t size = 224, channels = 3;
  std::vector<double> mean, deviation;  // per channel
  double min_scale = 0.08;              // area of a random crop in training; 1: no crop
  double flip = 0.5;                    // probability of a mirrored picture in training
  Interpolation interpolation = Interpolation::bilinear;
};

// Reads "size", "mean", "std", "interpolation" and "augment" ("none" or {"min_scale": , "flip": }); the defaults are
// those of `settings`.
void read_picture_settings(Settings& source, PictureSettings& settings);

// Mean and deviation of ImageNet for 3 channels, 0.5 and 0.5 for any other number.
void use_usual_normalisation(PictureSettings& settings);

// (H, W, C) uint8 -> (size, size, C) uint8. Training (`augment` given): random crop, resize, perhaps flip; else resize.
Tensor fit_picture(const Tensor& picture, const PictureSettings& settings, RandomStream* augment);
// File -> (C, size, size) float32.
Tensor load_picture(const std::filesystem::path& path, const PictureSettings& settings, RandomStream* augment);

}  // namespace pdmp

// Decoders and encoders with tensors, as tests compare them.
#pragma once

#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include "data/decode/audio/audio.h"
#include "data/decode/image/image.h"
#include "data/decode/video/video.h"
#include "data/encode/encode_jpeg.h"
#include "data/encode/encode_png.h"
#include "data/types/tensors.h"
#include "pdmp/torch.h"

namespace pdmp {

// (H, W, channels) uint8
inline Tensor image_tensor(const std::filesystem::path& path, int64_t channels = 3, const data::ChoosePart& part = {},
                           const data::FileLimits& limits = {}) {
  return data::tensor_of(data::decode_image(path, channels, part, limits));
}

inline std::vector<Tensor> tensors_of(const std::vector<data::Pixels>& frames) {
  std::vector<Tensor> tensors;
  for (const data::Pixels& frame : frames) tensors.push_back(data::tensor_of(frame));
  return tensors;
}

// (H, W, 3) uint8 each
inline std::vector<Tensor> frame_tensors(const std::filesystem::path& path, const std::vector<int64_t>& indices) {
  return tensors_of(data::decode_frames(path, indices));
}

struct AudioTensor {
  Tensor samples;  // (n) float32
  int64_t rate = 0;
};

inline AudioTensor audio_tensor(const std::filesystem::path& path, std::optional<double> start = {},
                                std::optional<double> end = {}, const data::FileLimits& limits = {}) {
  data::Audio audio = data::decode_audio(path, start, end, limits);
  return {data::tensor_of(std::move(audio.samples)), audio.rate};
}

}  // namespace pdmp

namespace pdmp::data {

// picture (H, W, C) uint8
inline void write_png(const std::filesystem::path& path, const Tensor& picture) { write_png(path, pixels_of(picture)); }
inline void write_jpeg(const std::filesystem::path& path, const Tensor& picture, int quality = 95) {
  write_jpeg(path, pixels_of(picture), quality);
}

}  // namespace pdmp::data

namespace pdmp {

using data::write_jpeg;
using data::write_png;

}  // namespace pdmp

// Pictures and sound like those of a camera and a microphone, for files to read.
#pragma once

#include "pdmp/torch.h"

namespace pdmp {

// A smooth scene (height, width, 3), 0 to 255.
inline Tensor scene(int64_t height, int64_t width) {
  const Tensor coarse = torch::rand({1, 3, height / 15, width / 15}) * 255;
  return torch::upsample_bicubic2d(coarse, {height, width}, false)[0].permute({1, 2, 0});
}

// With a little noise on it, as bytes.
inline Tensor as_bytes(const Tensor& picture) {
  return (picture + torch::randn(picture.sizes()) * 3).clamp(0, 255).to(torch::kUInt8).contiguous();
}

// A tone in noise, (seconds * rate) float32.
inline Tensor sound(double seconds, int64_t rate) {
  const Tensor time = torch::arange(static_cast<int64_t>(seconds * static_cast<double>(rate)), torch::kFloat32);
  return (torch::sin(time * 0.05) * 0.3 + torch::randn_like(time) * 0.05).clamp(-1, 1);
}

}  // namespace pdmp

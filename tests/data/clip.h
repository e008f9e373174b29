// Test clips whose frames tell their own number after lossy coding.
#pragma once

#include <cstdint>
#include <vector>

#include "pdmp/torch.h"

namespace pdmp::testing {

// (count, height, width, 3): frame t shows the bits of t as seven bright or dark stripes, then a stripe of colour.
inline Tensor numbered_clip(int64_t count, int64_t height = 64, int64_t width = 96) {
  Tensor frames = torch::empty({count, height, width, 3}, torch::kUInt8);
  for (int64_t t = 0; t < count; ++t) {
    for (int64_t x = 0; x < width; ++x) {
      const int64_t stripe = x * 8 / width;
      frames[t].select(1, x).fill_(stripe == 7 ? 128 : ((t >> stripe) & 1) != 0 ? 220 : 30);
      if (stripe == 7) frames[t].select(1, x).select(1, 0).fill_(200);
    }
  }
  return frames;
}

// t of such a frame (H, W, 3), up to 127.
inline int64_t number_of(const Tensor& frame) {
  int64_t number = 0;
  for (int64_t stripe = 0; stripe < 7; ++stripe) {
    const int64_t x = (2 * stripe + 1) * frame.size(1) / 16;
    if (frame[frame.size(0) / 2][x][1].item<int64_t>() > 125) number |= int64_t{1} << stripe;
  }
  return number;
}

// Which frames of such a clip a sample of the type `frames`, (3, T, H, W) of the clip's own size, shows.
inline std::vector<int64_t> numbers_in(const Tensor& sample) {
  const Tensor deviation = torch::tensor({0.229, 0.224, 0.225}).reshape({3, 1, 1, 1});
  const Tensor mean = torch::tensor({0.485, 0.456, 0.406}).reshape({3, 1, 1, 1});
  const Tensor bytes = ((sample * deviation + mean) * 255).round().permute({1, 2, 3, 0});
  std::vector<int64_t> numbers;
  for (int64_t t = 0; t < bytes.size(0); ++t) numbers.push_back(number_of(bytes[t]));
  return numbers;
}

}  // namespace pdmp::testing

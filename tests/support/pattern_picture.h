// A picture that every implementation of resizing can be asked about, and how to look at one.
#pragma once

#include <cstdint>
#include <vector>

#include "pdmp/torch.h"

namespace pdmp::testing {

using Pixel = std::vector<int64_t>;

// (height, width, 3) uint8: p(y, x, c) = (7 x + 13 y + 31 c + 5 ((x y) mod 17)) mod 256.
inline Tensor pattern(int64_t height, int64_t width) {
  const Tensor y = torch::arange(height).reshape({-1, 1, 1}), x = torch::arange(width).reshape({1, -1, 1}),
               c = torch::arange(3);
  return ((7 * x + 13 * y + 31 * c + 5 * ((x * y) % 17)) % 256).to(torch::kUInt8).contiguous();
}

inline int64_t byte_sum(const Tensor& picture) { return picture.to(torch::kInt64).sum().item<int64_t>(); }

// All numbers in order.
inline Pixel values(const Tensor& tensor) {
  const Tensor numbers = tensor.to(torch::kInt64).contiguous();
  return {numbers.data_ptr<int64_t>(), numbers.data_ptr<int64_t>() + numbers.numel()};
}

inline Pixel pixel(const Tensor& picture, int64_t y, int64_t x) { return values(picture[y][x]); }

}  // namespace pdmp::testing

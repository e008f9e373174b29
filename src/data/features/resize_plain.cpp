#include "data/features/resize_plain.h"

#include <ATen/ops/empty.h>
#include <algorithm>
#include <cmath>
#include <vector>

#include "pdmp/tensor.h"

namespace pdmp::data {
namespace {

// A place of the output between two of the input: their positions, and their weights in 1/2048.
struct Place {
  int64_t low, high;
  int32_t low_weight, high_weight;
};

std::vector<Place> make_places(int64_t input, int64_t output) {
  constexpr float kOne = 2048;
  const double scale = static_cast<double>(input) / static_cast<double>(output);
  std::vector<Place> places;
  for (int64_t j = 0; j < output; ++j) {
    const float place = static_cast<float>((static_cast<double>(j) + 0.5) * scale - 0.5);
    const float floor = std::floor(place), rest = place - floor;
    const auto low = static_cast<int64_t>(floor);
    places.push_back({std::clamp<int64_t>(low, 0, input - 1), std::clamp<int64_t>(low + 1, 0, input - 1),
                      static_cast<int32_t>(std::lrint((1 - rest) * kOne)),
                      static_cast<int32_t>(std::lrint(rest * kOne))});
  }
  return places;
}

}  // namespace

Tensor resize_plain(const Tensor& picture, int64_t height, int64_t width) {
  const int64_t rows = picture.size(0), channels = picture.size(2), row = width * channels;
  const std::vector<Place> across = make_places(picture.size(1), width), down = make_places(rows, height);
  std::vector<int32_t> wide(static_cast<size_t>(rows * row));  // input rows as wide as the output, times 2048
  int32_t* out = wide.data();
  for (int64_t y = 0; y < rows; ++y) {
    const uint8_t* in = picture.data_ptr<uint8_t>() + y * picture.stride(0);
    for (const Place& place : across) {
      for (int64_t c = 0; c < channels; ++c) {
        *out++ = in[place.low * channels + c] * place.low_weight + in[place.high * channels + c] * place.high_weight;
      }
    }
  }
  Tensor result = at::empty({height, width, channels}, at::kByte);
  uint8_t* target = result.data_ptr<uint8_t>();
  for (const Place& place : down) {
    const int32_t* low = wide.data() + place.low * row;
    const int32_t* high = wide.data() + place.high * row;
    // The shifts, and that each half is cut off by itself, are OpenCV's.
    for (int64_t i = 0; i < row; ++i) {
      const int32_t sum = ((place.low_weight * (low[i] >> 4)) >> 16) + ((place.high_weight * (high[i] >> 4)) >> 16);
      *target++ = static_cast<uint8_t>((sum + 2) >> 2);
    }
  }
  return result;
}

}  // namespace pdmp::data

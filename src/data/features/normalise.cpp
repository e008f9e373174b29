#include "data/features/normalise.h"

#include <ATen/ops/empty.h>
#include <array>

#include "pdmp/tensor.h"

namespace pdmp::data {

Tensor normalise(const Tensor& picture, const std::vector<double>& mean, const std::vector<double>& deviation) {
  const Tensor pixels = picture.contiguous();
  const int64_t channels = pixels.size(2), count = pixels.size(0) * pixels.size(1);
  Tensor result = at::empty({channels, pixels.size(0), pixels.size(1)}, at::kFloat);
  for (int64_t c = 0; c < channels; ++c) {
    const float m = static_cast<float>(mean[static_cast<size_t>(c)]),
                d = static_cast<float>(deviation[static_cast<size_t>(c)]);
    std::array<float, 256> value{};  // a byte has 256 values: each is computed once, in the order PyTorch would
    for (size_t i = 0; i < value.size(); ++i) value[i] = (static_cast<float>(i) / 255.0f - m) / d;
    const uint8_t* in = pixels.data_ptr<uint8_t>() + c;
    float* out = result.data_ptr<float>() + c * count;
    for (int64_t i = 0; i < count; ++i) out[i] = value[in[i * channels]];
  }
  return result;
}

}  // namespace pdmp::data

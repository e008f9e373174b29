#include "data/types/tensors.h"

#include <ATen/ops/from_blob.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <memory>
#include <utility>

#include "pdmp/error.h"
#include "pdmp/tensor.h"

namespace pdmp::data {

Tensor tensor_of(const Pixels& pixels) {
  const auto release = [bytes = pixels.bytes()](void*) {};
  return at::from_blob(pixels.data(), {pixels.height(), pixels.width(), pixels.channels()}, release, at::kByte);
}

Tensor tensor_of(std::vector<float> samples) {
  const auto kept = std::make_shared<std::vector<float>>(std::move(samples));
  const auto count = static_cast<int64_t>(kept->size());
  return at::from_blob(
      kept->data(), {count}, [kept](void*) {}, at::kFloat);
}

Pixels pixels_of(const Tensor& picture) {
  if (picture.dim() != 3 || picture.scalar_type() != at::kByte) {
    throw Error(ErrorKind::data, fmt::format("an image is (height, width, channels) bytes, not {} of shape ({})",
                                             c10::toString(picture.scalar_type()), fmt::join(picture.sizes(), ", ")));
  }
  const Tensor pixels = picture.contiguous();
  const std::shared_ptr<uint8_t> bytes(pixels.data_ptr<uint8_t>(), [pixels](uint8_t*) {});
  return {pixels.size(0), pixels.size(1), pixels.size(2), bytes};
}

}  // namespace pdmp::data

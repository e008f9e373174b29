#include "data/inspect/input_picture.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/adaptive_avg_pool2d.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>
#include <algorithm>

#include "data/types/picture.h"
#include "pdmp/tensor.h"

namespace pdmp::data {
namespace {

constexpr int kWhite = 255;
constexpr int64_t kWidestRow = 1536, kLargest = 2048;       // of frames side by side; of anything else
constexpr int64_t kImageSide = 512, kFrameSide = 160;       // what the longer side may be enlarged to
constexpr int64_t kValuesWidth = 512, kValuesHeight = 192;  // and the sides of what is drawn from few numbers

// Mean, deviation and order of channels as the types image, frames and flow read them.
PictureSettings normalisation_of(const ModalityEntry& entry, int64_t channels) {
  constexpr double kFlowDeviation = 0.25;
  PictureSettings settings;
  settings.channels = channels;
  use_usual_normalisation(settings);
  if (entry.type == "flow") settings.deviation.assign(static_cast<size_t>(channels), kFlowDeviation);
  Settings source(entry);
  settings.mean = source.numbers("mean", settings.mean);
  settings.deviation = source.numbers("std", settings.deviation);
  settings.bgr = channels == 3 && source.text("channel_order", "rgb") == "bgr";
  return settings;
}

// (C, ...) float -> (C, ...) uint8.
Tensor denormalise(const ModalityEntry& entry, const Tensor& input) {
  const PictureSettings settings = normalisation_of(entry, input.size(0));
  std::vector<int64_t> shape(static_cast<size_t>(input.dim()), 1);
  shape[0] = input.size(0);
  const Tensor mean = at::tensor(settings.mean).to(at::kFloat).reshape(shape);
  const Tensor deviation = at::tensor(settings.deviation).to(at::kFloat).reshape(shape);
  const Tensor bytes = ((input * deviation + mean) * 255).round().clamp(0, 255).to(at::kByte);
  return settings.bgr ? bytes.flip(0) : bytes;
}

// (H, W) or (C, H, W) of 1 or 3 channels -> (H, W, 3).
Tensor in_colour(const Tensor& bytes) {
  const Tensor channels = bytes.dim() == 2 ? bytes.unsqueeze(0) : bytes;
  return channels.expand({3, channels.size(1), channels.size(2)}).permute({1, 2, 0}).contiguous();
}

Tensor side_by_side(const std::vector<Tensor>& pictures) {
  std::vector<Tensor> parts;
  for (const Tensor& picture : pictures) {
    if (!parts.empty()) parts.push_back(at::full({picture.size(0), kPictureGap, 3}, kWhite, at::kByte));
    parts.push_back(picture);
  }
  return at::cat(parts, 1);
}

// steps (T, S, H, W, 3): T columns of S pictures, in as many lines as the width asks for.
Tensor in_lines(const Tensor& steps) {
  const int64_t count = steps.size(0), fitting = std::max<int64_t>(1, kWidestRow / (steps.size(3) + kPictureGap));
  std::vector<Tensor> lines;
  for (int64_t first = 0; first < count; first += fitting) {
    for (int64_t s = 0; s < steps.size(1); ++s) {
      const Tensor line = steps.narrow(0, first, std::min(fitting, count - first)).select(1, s);
      lines.push_back(side_by_side(line.unbind(0)));
    }
  }
  return stack_pictures(lines);
}

// The largest whole factor with which no side of `height` by `width` is longer than `side`.
int64_t zoom(int64_t height, int64_t width, int64_t side) {
  return std::max<int64_t>(1, side / std::max(height, width));
}

// Dimensions `first` and the next, `down` and `across` times as long.
Tensor repeated(const Tensor& picture, int64_t first, int64_t down, int64_t across) {
  return picture.repeat_interleave(down, first).repeat_interleave(across, first + 1);
}

InputPicture picture_of_image(const ModalityEntry& entry, const Tensor& input) {
  const int64_t factor = zoom(input.size(1), input.size(2), kImageSide);
  return {repeated(in_colour(denormalise(entry, input)), 0, factor, factor), factor, factor};
}

InputPicture picture_of_frames(const ModalityEntry& entry, const Tensor& input) {
  const int64_t factor = zoom(input.size(2), input.size(3), kFrameSide);
  const Tensor bytes = repeated(denormalise(entry, input).permute({1, 2, 3, 0}), 1, factor, factor);  // (T, H, W, C)
  const Tensor colours = bytes.expand({bytes.size(0), bytes.size(1), bytes.size(2), 3});
  return {in_lines(colours.unsqueeze(1)), factor, factor};
}

InputPicture picture_of_flow(const ModalityEntry& entry, const Tensor& input) {
  const int64_t factor = zoom(input.size(2), input.size(3), kFrameSide);
  const Tensor bytes = repeated(denormalise(entry, input).permute({1, 0, 2, 3}), 2, factor, factor);  // (T, 2, H, W)
  return {in_lines(bytes.unsqueeze(-1).expand({bytes.size(0), bytes.size(1), bytes.size(2), bytes.size(3), 3})), factor,
          factor};
}

// (H, W) float, neither side above kLargest.
Tensor averaged_down(const Tensor& values) {
  const int64_t height = std::min(values.size(0), kLargest), width = std::min(values.size(1), kLargest);
  if (height == values.size(0) && width == values.size(1)) return values;
  return at::adaptive_avg_pool2d(values.unsqueeze(0), {height, width}).squeeze(0);
}

// (H, W), smallest value black, largest white; black throughout where they are the same.
InputPicture picture_of_values(const Tensor& values) {
  const Tensor drawn = averaged_down(values);
  const double low = drawn.min().item<double>(), range = drawn.max().item<double>() - low;
  const Tensor shares = range > 0 ? (drawn - low) / range : at::zeros_like(drawn);
  const int64_t down = std::max<int64_t>(1, kValuesHeight / drawn.size(0));
  const int64_t across = std::max<int64_t>(1, kValuesWidth / drawn.size(1));
  return {repeated(in_colour((shares * 255).round().to(at::kByte)), 0, down, across), across, down};
}

// One profile keeps time in the first dimension.
InputPicture picture_of_spectrogram(const ModalityEntry& entry, const Tensor& input) {
  const Tensor values = input[0];
  const bool time_first = entry.settings.value("profile", "") == "fbank_10s";
  return picture_of_values((time_first ? values.t() : values).flip(0));
}

}  // namespace

Tensor stack_pictures(const std::vector<Tensor>& pictures) {
  int64_t width = 0;
  for (const Tensor& picture : pictures) width = std::max(width, picture.size(1));
  std::vector<Tensor> parts;
  for (const Tensor& picture : pictures) {
    if (!parts.empty()) parts.push_back(at::full({kPictureGap, width, 3}, kWhite, at::kByte));
    const int64_t rest = width - picture.size(1);
    parts.push_back(at::cat({picture, at::full({picture.size(0), rest, 3}, kWhite, at::kByte)}, 1));
  }
  return at::cat(parts, 0);
}

InputPicture picture_of_input(const ModalityEntry& entry, const Tensor& input) {
  if (entry.type == "image") return picture_of_image(entry, input);
  if (entry.type == "frames") return picture_of_frames(entry, input);
  if (entry.type == "flow") return picture_of_flow(entry, input);
  if (entry.type == "audio") return picture_of_spectrogram(entry, input);
  return picture_of_values(input.reshape({-1, input.size(-1)}));
}

std::string text_of_input(const Tensor& input) {
  const Tensor bytes = input.contiguous();
  std::string text;
  for (int64_t i = 0; i < bytes.numel() && bytes.data_ptr<int64_t>()[i] != 0; ++i) {
    text += static_cast<char>(bytes.data_ptr<int64_t>()[i] - 1);
  }
  return text;
}

}  // namespace pdmp::data

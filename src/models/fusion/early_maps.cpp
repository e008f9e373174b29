#include "models/fusion/early_maps.h"

#include <algorithm>
#include <fmt/format.h>
#include <optional>

#include "data/types/modality_type.h"
#include "models/encoders/table.h"

namespace pdmp::models {
namespace {

// HxW of the first modality that is seen with eyes. Audio and other tensors follow it, so that maps fit each other.
std::optional<std::string> picture_size(const std::vector<ModalityInfo>& modalities) {
  const auto picture = std::find_if(modalities.begin(), modalities.end(), [](const ModalityInfo& info) {
    return data::holds_pictures(info.type) && info.shape.size() >= 2;
  });
  if (picture == modalities.end()) return std::nullopt;
  const std::vector<int64_t>& shape = picture->shape;
  return fmt::format("{}x{}", shape[shape.size() - 2], shape.back());
}

}  // namespace

void FrontOptions::describe(OptionList& list) {
  list.add("width", &width, "Channels of the first stage of each front; its map has twice as many.")
      .at_least(1)
      .at_most(1024);
  list.add("stem", &stem, "First convolution of each front.").one_of({"3x3", "7x7"});
  list.add("size", &size, "HxW that inputs are resized to; auto: that of the first pictures; empty: as they come.");
  list.add("repeat", &repeat, "Channels that an input of one channel is repeated to; 0 = as it comes.").at_least(0);
}

void FrontOptions::check(const std::string& fusion) const {
  if (size != "auto" && !size.empty()) height_and_width(size, "fusion: " + fusion + ":size");
}

std::string FrontOptions::encoder(const ModalityInfo& modality, const std::vector<ModalityInfo>& modalities,
                                  int64_t se) const {
  if (!is_pictures(modality)) return encoder_of_width(modality, 2 * width);
  std::string spec = fmt::format("resnet18_front:width={}:stem={}", width, stem);
  if (se > 0) spec += fmt::format(":se={}", se);
  const std::string resized = size == "auto" ? picture_size(modalities).value_or("") : size;
  if (!resized.empty()) spec += ":size=" + resized;
  if (repeat > 0 && modality.shape[0] == 1) spec += fmt::format(":repeat={}", repeat);
  return spec;
}

Tensor map_of(const Feature& feature) {
  return feature.map.defined() ? feature.map : feature.pooled.unsqueeze(2).unsqueeze(3);
}

std::vector<Tensor> maps_of(const std::vector<Feature>& features) {
  std::vector<Tensor> maps;
  for (const Feature& feature : features) maps.push_back(map_of(feature));
  return maps;
}

std::vector<Tensor> only(const std::vector<Tensor>& maps, size_t m) {
  std::vector<Tensor> result;
  for (size_t i = 0; i < maps.size(); ++i) result.push_back(i == m ? maps[i] : torch::zeros_like(maps[i]));
  return result;
}

}  // namespace pdmp::models

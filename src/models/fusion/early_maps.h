// What the fusions share that join maps of early layers (se_fusion, mmtm, mmformer; models.md 5 to 7): the encoders
// they ask for, and their view of a modality as a map.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pdmp/model.h"

namespace pdmp::models {

// Options of such a fusion, and the encoder it asks for where none is named.
struct FrontOptions {
  int64_t width = 64;         // channels of a front's first stage; its map has twice as many
  std::string stem = "3x3";   // first convolution of a front: 3x3 | 7x7
  std::string size = "auto";  // HxW that inputs are resized to; auto: that of the first image, frames or flow modality,
                              // each as it comes where there is none; empty: as they come
  int64_t repeat = 3;         // channels that a one-channel input is repeated to; 0 = as it comes

  void describe(OptionList& list);
  // Error{usage} on a size that is none; `fusion` begins the message.
  void check(const std::string& fusion) const;
  // Pictures: resnet18_front with these options and a squeeze-excite gate of reduction `se` (0 = none); anything else:
  // an encoder of the same width.
  std::string encoder(const ModalityInfo& modality, const std::vector<ModalityInfo>& modalities, int64_t se) const;
};

// The map, or the pooled feature as a map (B, d, 1, 1) where the encoder has none.
Tensor map_of(const Feature& feature);
std::vector<Tensor> maps_of(const std::vector<Feature>& features);
// Map m as it is, the others zero: where unimodal logits of these fusions start (models.md 4).
std::vector<Tensor> only(const std::vector<Tensor>& maps, size_t m);

}  // namespace pdmp::models

// One modality of a sample for people: its picture or curves with a title and axes.
#pragma once

#include <string>

#include "data/manifest/manifest.h"
#include "pdmp/tensor.h"

namespace pdmp::data {

struct InputPanel {
  Tensor pixels;         // (H, W, 3) uint8 on white
  std::string drawn_as;  // "picture, 8 times enlarged", "6 curves", "bars", "text"
};

// One input of modality `entry` below `title`. As picture_of_input draws it, with axes; but
//   tensor of one or two dimensions, at most 16 rows   a curve a row over time, each between its own extremes
//   vector                                             bars from zero with the names of the columns
//   text                                               the text, its first lines
InputPanel panel_of_input(const ModalityEntry& entry, const std::string& title, const Tensor& input);

// A dashed box that says why there is nothing.
Tensor panel_of_absence(const std::string& title, const std::string& reason);

Tensor panel_of_heading(const std::string& text);  // one line

// Where a panel's picture lies in it.
constexpr int64_t kPanelTitle = 28, kPanelMargin = 72;  // rows above it, columns left of it

}  // namespace pdmp::data

// Where the two pictures of each step of an optical flow are.
#pragma once

#include <filesystem>
#include <utility>
#include <vector>

#include "data/types/modality_type.h"

namespace pdmp::data {

using FlowPair = std::pair<std::filesystem::path, std::filesystem::path>;  // horizontal, vertical

// Steps in order. A cell names one of
//   a folder with folders u and v (or x and y, flow_x and flow_y) of equally many pictures;
//   a folder of pictures flow_x_00001.jpg, flow_y_00001.jpg ... (also u_, v_ or x_, y_), paired by the rest of the
//   name; two folders, "u/clip;v/clip"; files in turn, "u1.png;v1.png;u2.png;v2.png".
// Error{data} where there are none or one has no partner.
std::vector<FlowPair> find_flow_pairs(const Cell& cell);

}  // namespace pdmp::data

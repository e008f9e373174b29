// Which way up the frames of a video are to be shown, as its display matrix says.
#pragma once

#include <cstdint>
#include <optional>

struct AVFrame;

namespace pdmp::data {

// The nine numbers of a container's or a frame's display matrix -> the EXIF orientation (CIPA DC-008) that shows the
// frame as ffmpeg's autorotate does, 1 to 8; 0 where the matrix turns by something else than quarters of a circle. A
// matrix without a direction (zeros) changes nothing: 1.
int orientation_of_matrix(const int32_t* matrix);

// The same of the matrix that a decoded frame carries itself (H.264 and HEVC can); nothing where it carries none.
std::optional<int> orientation_of_frame(const AVFrame& frame);

}  // namespace pdmp::data

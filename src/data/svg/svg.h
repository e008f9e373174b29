// SVG files, drawn by librsvg in a process of its own (docs/decisions/0001-svg-in-a-process-of-its-own.md).
#pragma once

#include <optional>
#include <string_view>
#include <utility>

#include "data/decode/pixels.h"
#include "data/files/file_reading.h"

namespace pdmp::data {

// `bytes` of an SVG file -> (H, W, channels) uint8 on white, channels 1 (ITU-R 601 luma) or 3 (RGB), at the size the
// file gives, or `smallest` wide where its longer edge is shorter. What it refers to outside itself is left out.
// Error{data} naming the file where it is damaged, has more than kMaxPixels, crashes the renderer or takes longer than
// kMaxDrawingSeconds of the processor (limits.h). Thread-safe.
Pixels decode_svg(const FileReading& reading, std::string_view bytes, int64_t channels, int32_t smallest);

// Width and height as the file gives them; nothing where decode_svg would refuse it.
std::optional<std::pair<int64_t, int64_t>> svg_size(const FileReading& reading, std::string_view bytes);

}  // namespace pdmp::data

// How wide the lines of a report may be.
#pragma once

#include <cstdint>

namespace pdmp::cli {

constexpr int64_t kNarrowestOutput = 60;  // columns; a narrower terminal gets lines of this width
constexpr int64_t kPipedOutput = 100;     // columns of a pipe or a file

// Columns for a report on standard output: COLUMNS of the environment where that is a whole number above 0, else the
// width of the terminal, else kPipedOutput. Never fewer than kNarrowestOutput.
int64_t output_width();

}  // namespace pdmp::cli

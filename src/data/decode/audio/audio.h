// A recording as mono samples.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "data/files/file_reading.h"

namespace pdmp::data {

struct Audio {
  std::vector<float> samples;  // at least one; integers of b bits divided by 2^(b-1); mean of the channels
  int64_t rate = 0;            // of the file, Hz
};

// Any audio or video file of the containers of sealed_input.h; its best audio stream, from `start` to `end` seconds
// (samples round(start * rate) to round(end * rate) - 1; nothing: from the beginning, to the end). Beside pictures the
// seconds are those of the file's clock (file_clock.h): where the sound begins later, pauses, or ends before the
// pictures and `end`, it is silent. Reading stops at `end`, or at `enough`, behind which nothing is needed; only what
// lies between is kept. Error{data} naming the file where it is missing, empty, cut, damaged, silent of streams, ends
// before `start`, or has more between the two than limits.h allows, or where reading it goes beyond `limits`.
// Thread-safe.
Audio decode_audio(const std::filesystem::path& path, std::optional<double> start = {}, std::optional<double> end = {},
                   const FileLimits& limits = {}, std::optional<double> enough = {});

}  // namespace pdmp::data

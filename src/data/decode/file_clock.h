// One clock for the pictures and the sound of a file.
#pragma once

#include <cstdint>
#include <optional>

struct AVFormatContext;
struct AVStream;

namespace pdmp::data {

// The stream of moving pictures, and of sound, that FFmpeg takes for the best; -1: none. A cover is no moving picture.
int find_pictures(AVFormatContext& format);
int find_sound(AVFormatContext& format);

// Where the clock of a file with moving pictures begins, in seconds of its timestamps: with the earlier of pictures and
// sound, as players and ffmpeg's -ss count. Sound that begins earlier by no more than what its encoder adds in front
// (two of its blocks; some containers do not note it, or twice) does not count. Nothing where no timestamp is known.
// After find_streams (sealed_input.h).
std::optional<double> clock_start(AVFormatContext& format);

// A timestamp of the stream in seconds.
double seconds_at(const AVStream& stream, int64_t timestamp);

}  // namespace pdmp::data

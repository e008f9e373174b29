// What a media file says about itself, without decoding it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "data/files/file_reading.h"

namespace pdmp::data {

struct MediaHeader {
  int64_t width = 0, height = 0;  // of a picture or of the pictures of a video, as stored; 0: it has none
  double fps = 0;                 // of a video; 0: a still picture, or the file does not say
  std::optional<double> sound;    // seconds of the audio stream; nothing: it has none, or does not say
  std::optional<double> video;    // seconds of the video stream; nothing for still pictures
};

// Reads the beginning of the file, and its end where the container keeps the length there. Nothing where FFmpeg knows
// no such format or cannot read the header, or where the limits do not let it be opened: whether all of the file
// decodes is another question. Thread-safe.
std::optional<MediaHeader> read_media_header(const std::filesystem::path& path, const FileLimits& limits = {});

}  // namespace pdmp::data

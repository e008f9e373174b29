// Still pictures of a video in a folder, by the recipes published data sets were made with. Names and choices are
// theirs; the random additions of 1 and 2 are the same at every run.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "data/decode/video/video.h"

namespace pdmp::data {

struct ExtractOptions {
  bool png = false;        // lossless; else JPEG of quality 95
  int64_t per_second = 1;  // recipe 1
  int64_t min_save = 0;    // recipes 1 and 2: where fewer are chosen, frames at random join them, as far as there are
  uint64_t seed = 0;       // of those
};

// Recipe 1: frames 0, f, 2f, ... with f = trunc(fps), at least 1 (`per_second` of every f). Files 00000.jpg, 00029.jpg,
// 00058.jpg, ... are named by the frame. Returns the number of pictures in `folder`, which is made.
//
// All recipes: whole pictures of the same names stay as they are, others appear whole or not at all. Error{data} naming
// the video where it does not decode, Error{io} where a picture cannot be written.
int64_t extract_each_second(const std::filesystem::path& video, const std::filesystem::path& folder,
                            const ExtractOptions& options = {});

// Recipe 2: of recipe 1 with one frame a second only seconds start ... end, both included; `min_save` is filled from
// the frames between start * f and end * f. Error{data} where nothing of the video lies there.
int64_t extract_segment(const std::filesystem::path& video, const std::filesystem::path& folder, int64_t start,
                        int64_t end, const ExtractOptions& options = {.min_save = 10});

// Recipe 3: frame_00001.jpg ... frame_00010.jpg, the middles of ten seconds: frame round((i + 0.5) fps). What lies
// behind the end of a shorter clip wraps around within its last second.
int64_t extract_middles(const std::filesystem::path& video, const std::filesystem::path& folder,
                        const ExtractOptions& options = {});

// The choices alone; ascending but for recipe 3, whose order is that of the files. `name`: whose random numbers.
std::vector<int64_t> each_second(const VideoInfo& info, const std::string& name, const ExtractOptions& options);
std::vector<int64_t> segment_seconds(const VideoInfo& info, int64_t start, int64_t end, const std::string& name,
                                     const ExtractOptions& options);
std::vector<int64_t> middles(const VideoInfo& info);

}  // namespace pdmp::data

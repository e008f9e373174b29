// Where a clip's sound and pictures lie in a download.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace pdmp::data {

struct Medium {
  std::filesystem::path file;  // found; where nothing is, where it was looked for first
  std::string problem;         // why it cannot be used, "" where it can: "is not there"
};

// One sample of a data set with sound and pictures.
struct Clip {
  std::string id, split, group;
  int64_t label = 0;
  std::optional<int64_t> start, end;  // seconds of the event in its recording
  Medium audio, visual;
  std::string left_out;  // why the data set does without it, "" where it does not
};

// Paths a clip's media may have, the best first.
struct ClipPlaces {
  std::vector<std::filesystem::path> recordings, videos, pictures;  // pictures: folders
  bool sound_in_videos = true;
};

// Those of `folders` below `raw` that are there; "" is `raw` itself.
std::vector<std::filesystem::path> folders_below(const std::filesystem::path& raw,
                                                 const std::vector<std::string>& folders);

// Sound: the first recording, else the video where its sound will do. Pictures: the first folder unless `videos_only`,
// else the video; a folder with some but fewer than `min_pictures` pictures is a problem. Pointers of Git LFS and empty
// files are told apart from missing ones.
void find_media(Clip& clip, const ClipPlaces& places, bool videos_only, int64_t min_pictures);

// Reads the headers of the videos that give sound: one without sound, or that is no video, becomes a problem. Shows
// progress; Error{interrupted} after Ctrl-C.
void check_sound(std::vector<Clip>& clips);

}  // namespace pdmp::data

#include "data/importers/shared/clip_media.h"

#include <fmt/format.h>
#include <system_error>

#include "base/progress.h"
#include "base/signal.h"
#include "data/decode/header/media_header.h"
#include "data/decode/video/video.h"
#include "data/importers/shared/imported_set.h"
#include "data/loader/parallel.h"
#include "data/types/cell_paths.h"
#include "pdmp/error.h"

namespace pdmp::data {
namespace {

namespace fs = std::filesystem;

constexpr const char* kNotThere = "is not there";

// The first usable file; else the first that has another problem than to be missing, else the first of all.
Medium first_file(const std::vector<fs::path>& files) {
  Medium best;
  for (const fs::path& file : files) {
    Medium found{file, medium_problem(file)};
    if (found.problem.empty()) return found;
    if (best.file.empty() || (best.problem == kNotThere && found.problem != kNotThere)) best = found;
  }
  return best;
}

int64_t count_pictures(const fs::path& folder) {
  std::error_code code;
  if (!fs::is_directory(folder, code)) return 0;
  try {
    return static_cast<int64_t>(list_pictures(folder).size());
  } catch (const Error&) {
    return 0;  // none in it
  }
}

Medium find_pictures(const ClipPlaces& places, bool videos_only, int64_t min_pictures) {
  if (!videos_only) {
    for (const fs::path& folder : places.pictures) {
      const int64_t count = count_pictures(folder);
      if (count == 0) continue;
      if (count >= min_pictures) return {folder, ""};
      return {folder, fmt::format("has {} of the at least {} pictures", count, min_pictures)};
    }
  }
  Medium video = first_file(places.videos);
  const bool folders_only = places.videos.empty() && !places.pictures.empty();
  if (video.file.empty()) video = {folders_only ? places.pictures.front() : fs::path("(no video)"), kNotThere};
  return video;
}

}  // namespace

std::vector<fs::path> folders_below(const fs::path& raw, const std::vector<std::string>& folders) {
  std::vector<fs::path> found;
  for (const std::string& folder : folders) {
    std::error_code ignored;
    const fs::path path = folder.empty() ? raw : raw / folder;
    if (fs::is_directory(path, ignored)) found.push_back(path);
  }
  return found;
}

void find_media(Clip& clip, const ClipPlaces& places, bool videos_only, int64_t min_pictures) {
  clip.visual = find_pictures(places, videos_only, min_pictures);
  std::vector<fs::path> sound = places.recordings;
  if (places.sound_in_videos) sound.insert(sound.end(), places.videos.begin(), places.videos.end());
  clip.audio = first_file(sound);
  if (clip.audio.file.empty()) clip.audio = {"(no recording)", kNotThere};
}

void check_sound(std::vector<Clip>& clips) {
  std::vector<Clip*> open;
  for (Clip& clip : clips) {
    const bool from_video = clip.audio.problem.empty() && is_video_name(clip.audio.file);
    if (from_video && clip.left_out.empty()) open.push_back(&clip);
  }
  if (open.empty()) return;
  Progress progress("headers", static_cast<int64_t>(open.size()), "video");
  for_each_parallel(static_cast<int64_t>(open.size()), default_workers(), progress, [&](int64_t i) {
    if (interrupted()) {
      throw Error(ErrorKind::interrupted, "stopped while looking at the videos; the same command begins again");
    }
    Clip& clip = *open[static_cast<size_t>(i)];
    const auto header = read_media_header(clip.audio.file);
    if (!header) {
      clip.audio.problem = "is no video that can be read";
      if (clip.visual.file == clip.audio.file) clip.visual.problem = clip.audio.problem;
    } else if (!header->sound) {
      clip.audio.problem = "has no sound";
    }
  });
}

}  // namespace pdmp::data

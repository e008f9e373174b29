// VGGSound as people have it, small: the list with CRLF and quoted labels, videos or stills with recordings.
#pragma once

#include <array>
#include <vector>

#include "data/importers/clip_miniature.h"

namespace pdmp::testing {

struct VggSoundClip {
  std::string video, label, split;
  int64_t start = 0, content = 0;
};

inline std::vector<VggSoundClip> vggsound_clips() {
  std::vector<VggSoundClip> clips;
  const std::array<const char*, 3> labels = {"zebra braying", "air horn", "alligators, crocodiles hissing"};
  for (size_t i = 0; i < labels.size(); ++i) {
    for (int64_t clip = 0; clip < 4; ++clip) {
      clips.push_back({fmt::format("--_video{}_{}", i, clip), labels[i], clip < 3 ? "train" : "test", 30 * clip,
                       static_cast<int64_t>(i) + 1});
    }
  }
  return clips;
}

inline void write_vggsound_list(const std::filesystem::path& raw) {
  std::string list;
  for (const VggSoundClip& clip : vggsound_clips()) {
    const bool comma = clip.label.find(',') != std::string::npos;
    list += fmt::format("{},{},{},{}\r\n", clip.video, clip.start, comma ? "\"" + clip.label + "\"" : clip.label,
                        clip.split);
  }
  write_list(raw / "vggsound.csv", list);
}

// VGGSound_final/video/<id>_<start:06d>.mp4
inline void write_vggsound_videos(const std::filesystem::path& raw) {
  write_vggsound_list(raw);
  for (const VggSoundClip& clip : vggsound_clips()) {
    write_class_video(raw / "VGGSound_final/video" / fmt::format("{}_{:06d}.mp4", clip.video, clip.start), clip.content,
                      4);
  }
}

// Folders of stills whose names end in .mp4; starts padded as ARL has them, or not as OGM-GE has them.
inline void write_vggsound_stills(const std::filesystem::path& raw, bool padded) {
  write_vggsound_list(raw);
  for (const VggSoundClip& clip : vggsound_clips()) {
    const std::string stem =
        padded ? fmt::format("{}_{:06d}", clip.video, clip.start) : fmt::format("{}_{}", clip.video, clip.start);
    write_class_stills(raw / "vggsound/video" / (clip.split + "-set-img/Image-01-FPS") / (stem + ".mp4"), clip.content,
                       4);
    write_class_wav(raw / "vggsound/audio" / (clip.split + "-audios") / (clip.split + "-set") / (stem + ".wav"),
                    clip.content, 2);
  }
}

}  // namespace pdmp::testing

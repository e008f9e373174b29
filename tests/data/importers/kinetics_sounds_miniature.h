// Kinetics-Sounds as people have it, small: Kinetics-400 with annotations, OGM-GE's lists, or ARL's folders.
#pragma once

#include <array>
#include <vector>

#include "data/importers/clip_miniature.h"

namespace pdmp::testing {

struct KineticsClip {
  std::string video, label;  // id of 11 characters
  int64_t start = 0, content = 0;
  bool test = false;
  std::string stem() const { return fmt::format("{}_{:06d}_{:06d}", video, start, start + 10); }
};

// Three classes all lists have, and one that only ks33 has (in the middle of its numbering).
inline std::vector<KineticsClip> kinetics_clips() {
  std::vector<KineticsClip> clips;
  const std::array<const char*, 4> labels = {"blowing nose", "bowling", "tapping pen", "finger snapping"};
  for (size_t i = 0; i < labels.size(); ++i) {
    for (int64_t clip = 0; clip < 4; ++clip) {
      clips.push_back({fmt::format("-_{:02d}_clip00", 4 * i + static_cast<size_t>(clip)), labels[i], 7 * clip,
                       static_cast<int64_t>(i), clip == 3});
    }
  }
  return clips;
}

// k400/{train,val}/<stem>.mp4 and annotations; labels with spaces come in quotes.
inline void write_kinetics_videos(const std::filesystem::path& raw) {
  const std::string header = "label,youtube_id,time_start,time_end,split,is_cc\n";
  std::string train = header + "abseiling,-aaaaaaaaaa,0,10,train,0\n", val = header;
  for (const KineticsClip& clip : kinetics_clips()) {
    const std::string split = clip.test ? "val" : "train";
    (clip.test ? val : train) +=
        fmt::format("\"{}\",{},{},{},{},0\n", clip.label, clip.video, clip.start, clip.start + 10, split);
    write_class_video(raw / "k400" / split / (clip.stem() + ".mp4"), clip.content, 4);
  }
  write_list(raw / "k400/annotations/train.csv", train);
  write_list(raw / "k400/annotations/val.csv", val);
}

// my_train.txt with whole stems, my_test.txt with starts without zeros; CRLF. Of the classes ks31 has.
inline void write_kinetics_lists(const std::filesystem::path& folder) {
  std::string train, test;
  for (const KineticsClip& clip : kinetics_clips()) {
    if (clip.label == "finger snapping") continue;
    const int64_t label = clip.label == "blowing nose" ? 0 : clip.label == "bowling" ? 2 : 29;
    train += clip.test ? "" : fmt::format("{},10,{}\r\n", clip.stem(), label);
    test += clip.test ? fmt::format("{}_{},10,{}\r\n", clip.video, clip.start, label) : "";
  }
  write_list(folder / "my_train.txt", train);
  write_list(folder / "my_test.txt", test);
}

// visual/train_img/Image-01-FPS/<class>/<stem>/ and audio/train/<class>/<stem>.wav; the test split is Kinetics' val.
inline void write_kinetics_folders(const std::filesystem::path& raw) {
  for (const KineticsClip& clip : kinetics_clips()) {
    std::string folder = clip.label;
    for (char& c : folder) c = c == ' ' ? '_' : c;
    write_class_stills(
        raw / "kinect_sound/visual" / (clip.test ? "val_img" : "train_img") / "Image-01-FPS" / folder / clip.stem(),
        clip.content, 4);
    write_class_wav(raw / "kinect_sound/audio" / (clip.test ? "test" : "train") / folder / (clip.stem() + ".wav"),
                    clip.content, 2);
  }
}

}  // namespace pdmp::testing

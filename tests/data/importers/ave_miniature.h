// AVE as it is downloaded, small: ten-second MP4 files and the three lists, with a header, a video of two events, one
// that is in train and in test, and an event of no length.
#pragma once

#include "data/importers/clip_miniature.h"

namespace pdmp::testing {

inline void write_ave(const std::filesystem::path& raw) {
  const auto root = raw / "AVE_Dataset";
  std::string train = "Category&VideoID&Quality&StartTime&EndTime\n", val, test;
  const auto add = [&](std::string& list, const std::string& category, int64_t label, const std::string& video,
                       const std::string& seconds) {
    list += category + "&" + video + "&good&" + seconds + "\n";
    if (!std::filesystem::exists(root / "AVE" / (video + ".mp4"))) {
      write_class_video(root / "AVE" / (video + ".mp4"), label, 10);
    }
  };
  const auto add_class = [&](const std::string& category, int64_t label, const std::string& word) {
    for (int i = 0; i < 3; ++i)
      add(train, category, label, fmt::format("-{}{}_train", word, i), i == 0 ? "0&10" : "2&5");
    add(val, category, label, "-" + word + "_val", "0&10");
    add(test, category, label, "-" + word + "_test", "6&8");
  };
  add_class("Church bell", 0, "bell");
  add_class("Male speech, man speaking", 1, "man");
  add(train, "Banjo", 17, "two_events0", "0&5");
  add(train, "Mandolin", 27, "two_events0", "5&10");
  add(train, "Banjo", 17, "in_train_and_test", "0&3");
  add(test, "Mandolin", 27, "in_train_and_test", "0&3");
  add(train, "Church bell", 0, "no_length00", "0&0");
  write_list(root / "trainSet.txt", train);
  write_list(root / "valSet.txt", val);
  write_list(root / "testSet.txt", test);
}

}  // namespace pdmp::testing

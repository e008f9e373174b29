// UCF-101 as it is downloaded, small: videos that move by class, the official lists, flow in both public layouts.
#pragma once

#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <string>
#include <vector>

#include "data/encode/encode_jpeg.h"
#include "pdmp/torch.h"
#include "support/media/encode_video.h"
#include "support/media/tensors.h"

namespace pdmp::testing {

// Classes with clips, and their places in classInd.txt. The others are called Class1 ... here.
inline const std::vector<std::pair<int64_t, std::string>>& ucf101_classes() {
  static const std::vector<std::pair<int64_t, std::string>> classes = {
      {1, "ApplyEyeMakeup"}, {35, "Hammering"}, {36, "HammerThrow"}, {37, "HandstandPushups"}};
  return classes;
}

struct Ucf101Clip {
  std::string folder, name;  // "HandstandPushups", "v_HandStandPushups_g01_c01"
  int64_t number = 0;        // of the class, from 1
  bool test = false;
};

// Two clips of each of three groups a class; group 1 is the test.
inline std::vector<Ucf101Clip> ucf101_clips() {
  std::vector<Ucf101Clip> clips;
  for (const auto& [number, folder] : ucf101_classes()) {
    const std::string word = folder == "HandstandPushups" ? "HandStandPushups" : folder;
    for (const int64_t group : {1, 8, 9}) {
      for (const int64_t clip : {1, 2}) {
        clips.push_back({folder, fmt::format("v_{}_g{:02d}_c{:02d}", word, group, clip), number, group == 1});
      }
    }
  }
  return clips;
}

inline void write_text(const std::filesystem::path& file, const std::string& text) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << text;
}

// With a byte-order mark and CRLF, as classInd.txt comes.
inline void write_ucf101_lists(const std::filesystem::path& folder, size_t classes = 101) {
  std::string names = "\xEF\xBB\xBF", train, test;
  for (size_t c = 1; c <= classes; ++c) {
    std::string name = fmt::format("Class{}", c);
    for (const auto& [number, known] : ucf101_classes()) name = number == static_cast<int64_t>(c) ? known : name;
    names += fmt::format("{} {}\r\n", c, name);
  }
  for (const Ucf101Clip& clip : ucf101_clips()) {
    const std::string path = clip.folder + "/" + clip.name + ".avi";
    (clip.test ? test : train) += clip.test ? path + "\r\n" : fmt::format("{} {}\r\n", path, clip.number);
  }
  write_text(folder / "classInd.txt", names);
  write_text(folder / "trainlist01.txt", train);
  write_text(folder / "testlist01.txt", test);
}

inline Tensor ucf101_frames(int64_t number, int64_t count) {
  Tensor frames = torch::full({count, 24, 32, 3}, 30, torch::kUInt8);
  for (int64_t t = 0; t < count; ++t) frames[t].narrow(1, (3 * t + number) % 24, 8).fill_(120 + number);
  return frames;
}

inline void write_ucf101_videos(const std::filesystem::path& raw) {
  for (const Ucf101Clip& clip : ucf101_clips()) {
    std::filesystem::create_directories(raw / "UCF-101" / clip.folder);
    write_video(raw / "UCF-101" / clip.folder / (clip.name + ".avi"), ucf101_frames(clip.number, 8), {});
  }
}

inline void write_grey_jpeg(const std::filesystem::path& file, int64_t value) {
  std::filesystem::create_directories(file.parent_path());
  write_jpeg(file, torch::full({24, 32, 3}, value, torch::kUInt8));
}

// jpegs_256/VIDEO/frame000001.jpg and tvl1_flow/{u,v}/VIDEO/frame000001.jpg; folders of one class are spelt otherwise.
inline void write_ucf101_two_stream(const std::filesystem::path& folder) {
  for (const Ucf101Clip& clip : ucf101_clips()) {
    std::string name = clip.name;
    if (const size_t at = name.find("HandStand"); at != std::string::npos) name[at + 4] = 's';
    const Tensor frames = ucf101_frames(clip.number, 5);
    for (int64_t t = 0; t < 5; ++t) {
      const std::string file = fmt::format("frame{:06d}.jpg", t + 1);
      std::filesystem::create_directories(folder / "jpegs_256" / name);
      write_jpeg(folder / "jpegs_256" / name / file, frames[t]);
      if (t == 4) continue;
      write_grey_jpeg(folder / "tvl1_flow/u" / name / file, 127 + clip.number);
      write_grey_jpeg(folder / "tvl1_flow/v" / name / file, 127);
    }
  }
}

// rawframes/CLASS/VIDEO/{img,flow_x,flow_y}_00001.jpg
inline void write_ucf101_rawframes(const std::filesystem::path& raw) {
  for (const Ucf101Clip& clip : ucf101_clips()) {
    const auto folder = raw / "rawframes" / clip.folder / clip.name;
    const Tensor frames = ucf101_frames(clip.number, 20);
    for (int64_t t = 0; t < 20; ++t) {
      write_grey_jpeg(folder / fmt::format("flow_x_{:05d}.jpg", t + 1), 127 + clip.number);
      write_grey_jpeg(folder / fmt::format("flow_y_{:05d}.jpg", t + 1), 127);
      write_jpeg(folder / fmt::format("img_{:05d}.jpg", t + 1), frames[t]);
    }
  }
}

}  // namespace pdmp::testing

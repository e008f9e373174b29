// Media that tell their class, for miniatures of public data sets: a colour that grows brighter, and a tone.
#pragma once

#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <string>

#include "data/encode/encode_jpeg.h"
#include "pdmp/torch.h"
#include "support/media/encode_video.h"
#include "support/media/encode_wav.h"
#include "support/media/tensors.h"

namespace pdmp::testing {

inline Tensor class_frames(int64_t label, int64_t count, int64_t height = 36, int64_t width = 48) {
  Tensor frames = torch::empty({count, height, width, 3}, torch::kUInt8);
  for (int64_t t = 0; t < count; ++t) {
    for (int64_t c = 0; c < 3; ++c) frames[t].select(2, c).fill_(((label >> c) & 1) != 0 ? 200 - t % 20 : 40 + t % 20);
  }
  return frames;
}

inline Tensor class_tone(int64_t label, double seconds, int64_t rate) {
  const auto count = static_cast<int64_t>(seconds * static_cast<double>(rate));
  const double turn = 2 * 3.141592653589793 * (200.0 + 300.0 * static_cast<double>(label)) / static_cast<double>(rate);
  return 0.3 * torch::sin(torch::arange(count, torch::kFloat32) * turn);
}

// 10 frames a second; sound unless told.
inline void write_class_video(const std::filesystem::path& file, int64_t label, double seconds, bool sound = true) {
  std::filesystem::create_directories(file.parent_path());
  VideoEncoding encoding;
  encoding.fps = 10;
  encoding.audio_rate = file.extension() == ".flv" ? 11025 : 16000;
  if (sound) encoding.audio = class_tone(label, seconds, encoding.audio_rate);
  write_video(file, class_frames(label, static_cast<int64_t>(seconds * 10)), encoding);
}

inline void write_class_wav(const std::filesystem::path& file, int64_t label, double seconds) {
  std::filesystem::create_directories(file.parent_path());
  write_wav(file, class_tone(label, seconds, 16000), 16000);
}

// One picture a second of a clip with 29 frames a second: 00000.jpg, 00029.jpg ...
inline void write_class_stills(const std::filesystem::path& folder, int64_t label, int64_t count) {
  std::filesystem::create_directories(folder);
  const Tensor frames = class_frames(label, count);
  for (int64_t t = 0; t < count; ++t) write_jpeg(folder / fmt::format("{:05d}.jpg", 29 * t), frames[t]);
}

inline void write_list(const std::filesystem::path& file, const std::string& text) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << text;
}

inline const std::string& lfs_pointer() {
  static const std::string pointer =
      "version https://git-lfs.github.com/spec/v1\noid sha256:" + std::string(64, 'a') + "\nsize 81234\n";
  return pointer;
}

}  // namespace pdmp::testing

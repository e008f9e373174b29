// Somebody's own media in the layouts generic importers read: pictures and tones that tell the class.
#pragma once

#include <cmath>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <string>

#include "data/encode/encode_jpeg.h"
#include "pdmp/torch.h"
#include "support/media/encode_wav.h"
#include "support/media/tensors.h"

namespace pdmp::testing {

inline void write_own_picture(const std::filesystem::path& file, int64_t label) {
  std::filesystem::create_directories(file.parent_path());
  write_jpeg(file, torch::full({24, 32, 3}, 60 + 90 * label, torch::kUInt8));
}

inline void write_own_tone(const std::filesystem::path& file, int64_t label) {
  std::filesystem::create_directories(file.parent_path());
  write_wav(file, 0.5 * torch::sin(torch::arange(8000) * (0.2 + 0.5 * static_cast<double>(label))), 16000);
}

inline void write_own_text(const std::filesystem::path& file, const std::string& text) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << text;
}

// Two classes, three samples each a split: RAW/train/picture/cat/0.jpg where `split_first`, else RAW/picture/train/...
inline void write_own_folders(const std::filesystem::path& raw, bool split_first) {
  for (const std::string split : {"train", "validation", "test"}) {
    for (int64_t label = 0; label < 2; ++label) {
      for (int64_t i = 0; i < 3; ++i) {
        const auto place = [&](const std::string& modality) {
          return (split_first ? raw / split / modality : raw / modality / split) / (label == 0 ? "cat" : "dog");
        };
        write_own_picture(place("picture") / fmt::format("{}.jpg", i), label);
        write_own_tone(place("sound") / fmt::format("{}.wav", i), label);
        write_own_text(place("caption") / fmt::format("{}.txt", i), "number " + std::to_string(i) + "\r\n");
      }
    }
  }
}

// train.csv and test.csv without header, wav/ID.wav and frames/SPLIT/ID/1.jpg, 2.jpg; labels are the numbers 0 and 2.
inline void write_own_lists(const std::filesystem::path& raw) {
  for (const std::string split : {"train", "test"}) {
    std::string list = "\xEF\xBB\xBF";
    for (int64_t i = 0; i < 4; ++i) {
      const std::string id = fmt::format("{}{}", split, i);
      list += fmt::format("{},{}\r\n", id, 2 * (i % 2));
      write_own_tone(raw / "wav" / (id + ".wav"), i % 2);
      for (int64_t t = 1; t <= 2; ++t) write_own_picture(raw / "frames" / split / id / fmt::format("{}.jpg", t), i % 2);
    }
    write_own_text(raw / (split + ".csv"), list);
  }
}

// imagefolder with a metadata.csv in the folder of each split: a picture, a recording, a caption.
inline void write_own_huggingface(const std::filesystem::path& raw) {
  for (const std::string split : {"train", "test"}) {
    std::string table = "file_name,speech_file_name,label,caption\n";
    for (int64_t i = 0; i < 4; ++i) {
      write_own_picture(raw / split / fmt::format("{}.jpg", i), i % 2);
      write_own_tone(raw / split / "speech" / fmt::format("{}.wav", i), i % 2);
      table += fmt::format("{}.jpg,{},{},\"one, {}\"\n", i, i == 3 ? "" : fmt::format("speech/{}.wav", i),
                           i % 2 == 0 ? "cat" : "dog", i);
    }
    write_own_text(raw / split / "metadata.csv", table);
  }
}

// One member of a ustar archive.
inline std::string tar_member(const std::string& name, const std::string& content, char type = '0') {
  std::string header(512, '\0');
  const auto put = [&](size_t at, const std::string& text) { header.replace(at, text.size(), text); };
  put(0, name.substr(0, 100));
  put(100, "0000644");
  put(124, fmt::format("{:011o}", content.size()));
  put(136, "00000000000");
  put(148, "        ");
  header[156] = type;
  put(257, std::string("ustar\0", 6) + "00");
  uint64_t sum = 0;
  for (const char c : header) sum += static_cast<uint8_t>(c);
  put(148, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
  return header + content + std::string((512 - content.size() % 512) % 512, '\0');
}

inline std::string tar_end() { return std::string(1024, '\0'); }

inline std::string own_file(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

// train-000000.tar, train-000001.tar and test-000000.tar with pictures, tones, captions and .cls or .json.
inline void write_own_shards(const std::filesystem::path& raw, const std::filesystem::path& scratch) {
  for (const std::string shard : {"train-000000", "train-000001", "test-000000"}) {
    std::string tar;
    for (int64_t i = 0; i < 2; ++i) {
      const std::string key = fmt::format("./clips/{:03d}", i);
      write_own_picture(scratch / "a.jpg", i);
      write_own_tone(scratch / "a.wav", i);
      tar += tar_member(key + ".rgb.jpg", own_file(scratch / "a.jpg"));
      tar += tar_member(key + ".wav", own_file(scratch / "a.wav"));
      tar += tar_member(key + ".txt", "a caption\n");
      tar += i == 0 ? tar_member(key + ".cls", "0\n") : tar_member(key + ".json", R"({"label": 1, "width": 32})");
    }
    write_own_text(raw / (shard + ".tar"), tar + tar_end());
  }
}

}  // namespace pdmp::testing

// CeFA as it is downloaded, small: faces whose colour, depth and infrared tell live from attacked.
#pragma once

#include <filesystem>
#include <fmt/format.h>
#include <string>

#include "data/encode/encode_jpeg.h"
#include "pdmp/torch.h"
#include "support/media/tensors.h"

namespace pdmp::testing {

// Writes one video of `frames` triples below `subject_folder`.
inline void write_cefa_video(const std::filesystem::path& subject_folder, const std::string& name,
                             const std::string& colour_folder, int64_t frames = 2) {
  const bool live = name.back() == '1';
  int64_t modality = 0;
  for (const std::string& folder : {colour_folder, std::string("depth"), std::string("ir")}) {
    const auto target = subject_folder / name / folder;
    std::filesystem::create_directories(target);
    for (int64_t i = 1; i <= frames; ++i) {
      Tensor picture = torch::full({40 + modality, 36, 3}, live ? 60 : 180, torch::kUInt8);
      picture.narrow(0, 4 * i, 6).fill_(modality * 80 + 20);
      write_jpeg(target / fmt::format("{:04d}.jpg", i), picture);
    }
    ++modality;
  }
}

// Six subjects of every ethnicity, two a split, with every kind of recording and some that belong to no protocol.
inline void write_cefa_miniature(const std::filesystem::path& raw, const std::string& colour_folder = "profile") {
  const char* races[] = {"AF", "CA", "EA"};
  for (int64_t race = 1; race <= 3; ++race) {
    for (const int64_t subject : {0, 199, 200, 299, 300, 499}) {
      const std::string code = races[race - 1];
      const std::string card = subject == 0 ? "-10293847" : "";  // some folders end in the number of an identity card
      const auto folder = raw / "Ethnicity" / code / fmt::format("{}-{:03d}{}", code, subject, card);
      for (const char* rest : {"1_1_1", "3_1_2", "3_2_2", "3_1_3", "3_1_4", "2_1_1", "1_3_1"}) {
        write_cefa_video(folder, fmt::format("{}_{:03d}_{}", race, subject, rest), colour_folder);
      }
    }
  }
}

}  // namespace pdmp::testing

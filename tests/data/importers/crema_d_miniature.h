// CREMA-D as it is downloaded, small: FLV and WAV by stem, the lists with byte-order mark and CRLF.
#pragma once

#include <array>

#include "data/importers/clip_miniature.h"

namespace pdmp::testing {

inline constexpr std::array<const char*, 6> kCremaDEmotions = {"NEU", "HAP", "SAD", "FEA", "DIS", "ANG"};

// "1001_DFA_ANG_XX": four train clips (actors 1001 to 1004) and one test clip (actor 1001 too) an emotion.
inline std::string crema_d_stem(size_t label, int actor, const char* sentence) {
  return fmt::format("{}_{}_{}_XX", actor, sentence, kCremaDEmotions[label]);
}

inline void write_crema_d(const std::filesystem::path& raw) {
  std::string train = "\xEF\xBB\xBF", test = "\xEF\xBB\xBF";
  for (size_t label = 0; label < kCremaDEmotions.size(); ++label) {
    for (int clip = 0; clip < 5; ++clip) {
      const std::string stem = crema_d_stem(label, clip < 4 ? 1001 + clip : 1001, clip < 4 ? "DFA" : "TIE");
      (clip < 4 ? train : test) += stem + "," + kCremaDEmotions[label] + "\r\n";
      // About as long as the shortest of the original, which are 1.3 s.
      write_class_wav(raw / "AudioWAV" / (stem + ".wav"), static_cast<int64_t>(label), 1.3);
      write_class_video(raw / "VideoFlash" / (stem + ".flv"), static_cast<int64_t>(label), 1.3);
    }
  }
  write_list(raw / "train.csv", train);
  write_list(raw / "test.csv", test);
}

}  // namespace pdmp::testing

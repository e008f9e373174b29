// What is in Tux Paint's folder of stamps: objects with a picture, a caption and spoken captions.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace pdmp::data {

struct Stamp {
  std::string name;                                     // "animals/birds/crow", below the folder
  std::string category;                                 // "animals"
  std::filesystem::path picture;                        // .png, else .svg
  std::string caption;                                  // English, "" where there is none
  std::map<std::string, std::filesystem::path> speech;  // language ("en", "pt_BR") -> .ogg or .wav
  std::string group;                                    // near copies share it: the first name among them
};

struct StampSelection {
  bool alphabets = false;    // symbols/alphabets: 158 near copies
  int64_t min_objects = 40;  // categories with fewer are left out
};

// Sorted by name. Mirrored and flipped pictures are the same object and left out. X.ogg (a sound effect, or the word of
// a letter) is no spoken caption: X_desc*.ogg is. Error{io} where the folder holds no stamps.
std::vector<Stamp> find_stamps(const std::filesystem::path& folder, const StampSelection& selection);

}  // namespace pdmp::data

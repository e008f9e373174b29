// What is on both sides of a split, so that a score would measure memory.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/loader/media_files.h"

namespace pdmp::data {

// The same bytes in two splits; the same path where both use one file.
struct SharedContent {
  std::string split, path, other_split, other_path;  // paths relative to the data set
};

struct SharedGroup {
  std::string group;
  std::vector<std::string> splits;  // two or three, in the order train, val, test
};

struct Leakage {
  std::vector<SharedContent> contents;  // one of each content and pair of splits, by path
  std::vector<SharedGroup> groups;      // by name
  std::vector<std::string> unread;      // files that could not be compared, with the reason
  bool found() const { return !contents.empty() || !groups.empty(); }
};

// Compares by SHA-256; only files whose size occurs in two splits are read, with `workers` threads. Empty files do not
// count. (An id is never on both sides: reading the manifest refuses a second one.)
Leakage find_leakage(const Manifest& manifest, const std::vector<MediaFile>& files, int64_t workers);

}  // namespace pdmp::data

// Which content a file had when it was last read, told without reading it again: as git's index does it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "data/files/file_reading.h"

namespace pdmp::data {

// What changes when a file does. The inode's own time catches writers who set the other back.
struct FileIdentity {
  int64_t size = 0, modified = 0, changed = 0;  // bytes; nanoseconds
  uint64_t inode = 0;
  bool operator==(const FileIdentity&) const = default;
};

// Nothing where there is no such regular file.
std::optional<FileIdentity> identify_file(const std::filesystem::path& path);

// A file written to within two seconds before it is looked at may be written to again without another time, which file
// systems count in ticks: its identity says nothing about its content then. `now`: seconds.
bool is_settled(const FileIdentity& identity, int64_t now);

struct FileContent {
  FileIdentity identity;
  std::string hash;      // SHA-256, hex
  bool settled = false;  // the identity may stand for the content from now on
};

// SHA-256 of the file, read block by block. Error{data} as InputFile.
std::string sha256_of_file(const std::filesystem::path& path, const FileLimits& limits);

// Reads the file. Nothing where that fails or the file changes meanwhile; Error{interrupted} alone gets through.
std::optional<FileContent> hash_file(const std::filesystem::path& path, int64_t now, const FileLimits& limits = {});

// Whether the file still has that content; one that was not settled is read again.
bool has_content(const std::filesystem::path& path, const FileContent& content, const FileLimits& limits = {});

}  // namespace pdmp::data

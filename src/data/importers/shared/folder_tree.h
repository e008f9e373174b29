// The folders of a download with their media, read once.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace pdmp::data {

struct FolderTree {
  std::filesystem::path path;
  std::string name;
  std::vector<std::filesystem::path> files;  // sorted; of any kind
  std::vector<FolderTree> folders;           // sorted

  int64_t direct_media() const;   // files that some modality type reads
  int64_t direct_images() const;  // pictures among them
  bool has_media() const;         // here or below
  int64_t count_files() const;    // here and below
};

// Down to folders that no layout has. What programs leave behind is left out: hidden files and folders, __MACOSX,
// Thumbs.db and the like. Error{io} where a folder cannot be read.
FolderTree read_folder_tree(const std::filesystem::path& folder);

// Whether a name belongs to an operating system or archiver (hidden files, Thumbs.db, __MACOSX) and not to data.
bool is_leftover(const std::filesystem::path& name);

}  // namespace pdmp::data

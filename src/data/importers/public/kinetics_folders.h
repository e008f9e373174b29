// The folders of a Kinetics archive: of splits, whatever the archive calls them, and of classes in them.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pdmp::data {

struct SplitFolder {
  std::filesystem::path path;
  std::string split;                                     // train | val | test
  std::map<std::string, std::filesystem::path> classes;  // by class_key
};

// "train_img", "videos_val", "k400-validation", "testing": the split that a part of the name says; nothing where none
// or several do.
std::optional<std::string> split_in_name(std::string_view name);

// The same for "Playing_Guitar" and "playing guitar".
std::string class_key(std::string_view label);

// Down to four levels below `raw`, in the order of their paths; with those in them for one kind of media
// (train/audio, train/visual/Image-01-FPS).
std::vector<SplitFolder> find_split_folders(const std::filesystem::path& raw);

}  // namespace pdmp::data

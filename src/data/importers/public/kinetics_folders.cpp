// Finds folders of splits and classes by what their names say.
#include "data/importers/public/kinetics_folders.h"

#include <algorithm>
#include <set>
#include <system_error>

#include "base/text/value_text.h"
#include "data/manifest/metadata.h"

namespace pdmp::data {
namespace {

namespace fs = std::filesystem;

// Without those of other files: there may be half a million.
std::vector<fs::path> folders_in(const fs::path& folder) {
  std::vector<fs::path> folders;
  std::error_code code;
  for (fs::directory_iterator at(folder, code), end; !code && at != end; at.increment(code)) {
    std::error_code ignored;
    if (at->is_directory(ignored) && !at->path().filename().string().starts_with('.')) folders.push_back(at->path());
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

bool is_for_a_medium(const fs::path& folder) {
  static const std::set<std::string> names = {"audio", "audios", "wav",    "frames", "images",
                                              "image", "visual", "videos", "video",  "image-01-fps"};
  return names.contains(lower_case(folder.filename().string()));
}

void add_split(std::vector<SplitFolder>& result, const fs::path& path, const std::string& split) {
  SplitFolder found{path, split, {}};
  std::vector<fs::path> inner;
  for (const fs::path& folder : folders_in(path)) {
    if (is_for_a_medium(folder)) {
      inner.push_back(folder);
    } else {
      found.classes.emplace(class_key(folder.filename().string()), folder);
    }
  }
  result.push_back(std::move(found));
  for (const fs::path& folder : inner) add_split(result, folder, split);
}

void add_splits_below(std::vector<SplitFolder>& result, const fs::path& folder, int levels) {
  for (const fs::path& entry : folders_in(folder)) {
    const std::string name = entry.filename().string();
    if (lower_case(name).starts_with("replacement")) continue;  // of clips of any split
    if (const auto split = split_in_name(name)) {
      add_split(result, entry, *split);
    } else if (levels > 1) {
      add_splits_below(result, entry, levels - 1);
    }
  }
}

}  // namespace

std::optional<std::string> split_in_name(std::string_view name) {
  std::set<std::string> splits;
  for (size_t at = 0; at <= name.size();) {
    const size_t end = std::min(name.find_first_of("_-. ", at), name.size());
    if (const auto split = canonical_split(name.substr(at, end - at))) splits.insert(*split);
    at = end + 1;
  }
  return splits.size() == 1 ? std::optional(*splits.begin()) : std::nullopt;
}

std::string class_key(std::string_view label) {
  std::string key = lower_case(label);
  std::replace_if(
      key.begin(), key.end(), [](char c) { return c == '_' || c == '-'; }, ' ');
  return key;
}

std::vector<SplitFolder> find_split_folders(const fs::path& raw) {
  constexpr int kLevels = 4;
  std::vector<SplitFolder> result;
  add_splits_below(result, raw, kLevels);
  return result;
}

}  // namespace pdmp::data

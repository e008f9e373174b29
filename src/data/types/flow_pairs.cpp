#include "data/types/flow_pairs.h"

#include <fmt/format.h>
#include <map>
#include <string_view>

#include "data/files/media_file.h"
#include "data/types/cell_paths.h"

namespace pdmp::data {
namespace {

namespace fs = std::filesystem;

constexpr const char* kExpected = "pairs of flow pictures, horizontal and vertical";

struct Names {
  const char *horizontal, *vertical;
};
constexpr Names kFolders[] = {{"u", "v"}, {"x", "y"}, {"flow_x", "flow_y"}};
constexpr Names kPrefixes[] = {{"flow_x_", "flow_y_"}, {"u_", "v_"}, {"x_", "y_"}};

std::vector<FlowPair> pair_folders(const fs::path& horizontal, const fs::path& vertical, const FileLimits& limits) {
  const std::vector<fs::path> u = list_pictures(horizontal, limits), v = list_pictures(vertical, limits);
  if (u.size() != v.size()) {
    refuse_media(vertical, fmt::format("as many pictures as in '{}' ({})", horizontal.string(), u.size()),
                 std::to_string(v.size()));
  }
  std::vector<FlowPair> pairs;
  for (size_t i = 0; i < u.size(); ++i) pairs.emplace_back(u[i], v[i]);
  return pairs;
}

std::vector<FlowPair> pair_by_name(const fs::path& folder, const std::vector<fs::path>& pictures, const Names& names) {
  std::map<std::string, fs::path> vertical;
  for (const fs::path& picture : pictures) {
    const std::string name = picture.stem().string();
    if (name.starts_with(names.vertical)) vertical[name.substr(std::string_view(names.vertical).size())] = picture;
  }
  std::vector<FlowPair> pairs;
  for (const fs::path& picture : pictures) {
    const std::string name = picture.stem().string();
    if (!name.starts_with(names.horizontal)) continue;
    const auto partner = vertical.find(name.substr(std::string_view(names.horizontal).size()));
    if (partner == vertical.end()) refuse_media(picture, fmt::format("a partner '{}...'", names.vertical), "none");
    pairs.emplace_back(picture, partner->second);
  }
  if (pairs.size() != vertical.size()) {
    refuse_media(
        folder, kExpected,
        fmt::format("{} '{}...' and {} '{}...'", pairs.size(), names.horizontal, vertical.size(), names.vertical));
  }
  return pairs;
}

std::vector<FlowPair> pairs_in(const fs::path& folder, const FileLimits& limits) {
  for (const Names& names : kFolders) {
    if (fs::is_directory(folder / names.horizontal))
      return pair_folders(folder / names.horizontal, folder / names.vertical, limits);
  }
  const std::vector<fs::path> pictures = list_pictures(folder, limits);
  for (const Names& names : kPrefixes) {
    std::vector<FlowPair> pairs = pair_by_name(folder, pictures, names);
    if (!pairs.empty()) return pairs;
  }
  refuse_media(folder, kExpected, "neither folders u and v nor pictures flow_x_... and flow_y_...");
}

}  // namespace

std::vector<FlowPair> find_flow_pairs(const Cell& cell) {
  const std::vector<fs::path> paths = cell_paths(cell);
  if (paths.size() == 1 && fs::is_directory(paths[0])) return pairs_in(paths[0], cell.limits());
  if (paths.size() == 2 && fs::is_directory(paths[0])) return pair_folders(paths[0], paths[1], cell.limits());
  if (paths.empty() || paths.size() % 2 != 0) {
    refuse_media(cell_path(cell), kExpected, fmt::format("a list of {}", paths.size()));
  }
  std::vector<FlowPair> pairs;
  for (size_t i = 0; i < paths.size(); i += 2) pairs.emplace_back(paths[i], paths[i + 1]);
  return pairs;
}

}  // namespace pdmp::data

#include "data/importers/public/tuxpaint_stamps.h"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <functional>
#include <numeric>
#include <regex>

#include "base/files/file.h"
#include "base/files/sha256.h"
#include "base/text/utf8.h"
#include "base/text/value_text.h"
#include "data/tables/metadata_limits.h"
#include "pdmp/error.h"

namespace pdmp::data {
namespace {

namespace fs = std::filesystem;

using Stamps = std::map<std::string, Stamp>;  // by name

bool is_mirrored(const std::string& name) { return name.ends_with("_mirror") || name.ends_with("_flip"); }

std::string without_extension(const fs::path& file, const fs::path& folder) {
  return file.lexically_relative(folder).replace_extension().generic_string();
}

void add_picture(Stamps& stamps, const fs::path& file, const fs::path& folder) {
  const std::string name = without_extension(file, folder);
  if (is_mirrored(name)) return;
  Stamp& stamp = stamps[name];
  stamp.name = name;
  stamp.category = name.substr(0, name.find('/'));
  if (stamp.picture.empty() || file.extension() == ".png") stamp.picture = file;
}

// First line of X.txt.
std::string read_caption(const fs::path& file) {
  if (!fs::is_regular_file(file)) return "";
  const std::string text = read_regular_file(file, kMostFieldBytes);
  std::string line = text.substr(0, text.find_first_of("\r\n"));
  while (!line.empty() && std::isspace(static_cast<unsigned char>(line.back())) != 0) line.pop_back();
  return find_invalid_utf8(line) ? "" : line;
}

void add_speech(Stamps& stamps, const fs::path& file, const fs::path& folder) {
  static const std::regex pattern("(.+)_desc(?:_([a-z]{2,3}(?:_[A-Z]{2})?))?");
  const std::string path = without_extension(file, folder);
  std::smatch match;
  if (!std::regex_match(path, match, pattern)) return;
  const auto stamp = stamps.find(match[1].str());
  if (stamp == stamps.end()) return;
  fs::path& speech = stamp->second.speech[match[2].matched ? match[2].str() : "en"];
  if (speech.empty() || file.extension() == ".ogg") speech = file;
}

// "plants/flowers/flower7" -> "plants/flowers/flower"; a name of digits alone (a number, a coin) stays.
std::string without_number(std::string name) {
  static const std::regex pattern("(.*[^-_/0-9])[-_]?[0-9]+");
  std::smatch match;
  if (std::regex_match(name, match, pattern)) name = match[1].str();
  return lower_case(name);
}

// What makes two objects near copies: the numbered name, the caption, a picture or a recording byte for byte.
std::vector<std::string> likenesses(const Stamp& stamp) {
  std::vector<std::string> keys = {"name " + without_number(stamp.name)};
  if (!stamp.caption.empty()) keys.push_back("caption " + stamp.caption);
  keys.push_back("file " + sha256_of(read_file(stamp.picture)));
  for (const auto& [language, file] : stamp.speech) keys.push_back("file " + sha256_of(read_file(file)));
  return keys;
}

// Joins objects that share a likeness, and those joined to these.
void assign_groups(std::vector<Stamp>& stamps) {
  std::vector<size_t> parent(stamps.size());
  std::iota(parent.begin(), parent.end(), 0);
  const std::function<size_t(size_t)> root = [&](size_t i) { return parent[i] == i ? i : parent[i] = root(parent[i]); };
  std::map<std::string, size_t> first;
  for (size_t i = 0; i < stamps.size(); ++i) {
    for (const std::string& key : likenesses(stamps[i])) {
      const size_t other = root(first.try_emplace(key, i).first->second);
      const size_t own = root(i);
      parent[std::max(own, other)] = std::min(own, other);
    }
  }
  for (size_t i = 0; i < stamps.size(); ++i) stamps[i].group = stamps[root(i)].name;
}

std::vector<fs::path> files_below(const fs::path& folder) {
  std::vector<fs::path> files;
  try {
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
  } catch (const fs::filesystem_error& error) {
    throw Error(ErrorKind::io, fmt::format("{}: expected a folder of Tux Paint's stamps: {}", folder.string(),
                                           error.code().message()));
  }
  return files;
}

bool is_of(const fs::path& file, std::initializer_list<const char*> extensions) {
  return std::find(extensions.begin(), extensions.end(), file.extension().string()) != extensions.end();
}

std::vector<Stamp> select(Stamps& all, const StampSelection& selection) {
  if (!selection.alphabets) {
    std::erase_if(all, [](const auto& item) { return item.first.starts_with("symbols/alphabets/"); });
  }
  std::map<std::string, int64_t> counts;
  for (const auto& [name, stamp] : all) ++counts[stamp.category];
  std::vector<Stamp> result;
  for (auto& [name, stamp] : all) {
    if (counts[stamp.category] >= selection.min_objects) result.push_back(std::move(stamp));
  }
  return result;
}

}  // namespace

std::vector<Stamp> find_stamps(const fs::path& folder, const StampSelection& selection) {
  const std::vector<fs::path> files = files_below(folder);
  Stamps all;
  for (const fs::path& file : files) {
    if (is_of(file, {".png", ".svg"}) && file.parent_path() != folder) add_picture(all, file, folder);
  }
  for (const fs::path& file : files) {
    if (is_of(file, {".ogg", ".wav"})) add_speech(all, file, folder);
  }
  std::vector<Stamp> stamps = select(all, selection);
  if (stamps.empty()) {
    throw Error(ErrorKind::io,
                fmt::format("{}: expected folders with at least {} stamps each (.png or .svg), found none; "
                            "on Debian they come with the package tuxpaint-stamps-default",
                            folder.string(), selection.min_objects));
  }
  for (Stamp& stamp : stamps) stamp.caption = read_caption(folder / (stamp.name + ".txt"));
  assign_groups(stamps);
  return stamps;
}

}  // namespace pdmp::data

#include "data/importers/shared/media_kind.h"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <set>

#include "base/files/file.h"
#include "base/text/value_text.h"
#include "data/decode/video/video.h"
#include "data/files/file_reading.h"
#include "data/importers/shared/list_file.h"
#include "data/tables/metadata_limits.h"
#include "pdmp/error.h"

namespace pdmp::data {

namespace fs = std::filesystem;

std::string media_type_of_name(const fs::path& name) {
  static const std::map<std::string, std::string> types = {
      {".png", "image"},  {".jpg", "image"}, {".jpeg", "image"}, {".webp", "image"}, {".bmp", "image"},
      {".gif", "image"},  {".tif", "image"}, {".tiff", "image"}, {".ppm", "image"},  {".pgm", "image"},
      {".svg", "image"},  {".wav", "audio"}, {".ogg", "audio"},  {".oga", "audio"},  {".flac", "audio"},
      {".mp3", "audio"},  {".m4a", "audio"}, {".aac", "audio"},  {".opus", "audio"}, {".npy", "tensor"},
      {".npz", "tensor"}, {".txt", "text"}};
  if (is_video_name(name)) return "frames";
  const auto found = types.find(lower_case(name.extension().string()));
  return found == types.end() ? "" : found->second;
}

std::string media_type(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored) ? "frames" : media_type_of_name(path);
}

void ModalityTypes::add(const std::string& name, const std::string& type, const std::string& where) {
  const bool good = std::all_of(name.begin(), name.end(),
                                [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '-'; });
  if (name.empty() || !good) {
    throw Error(ErrorKind::data, fmt::format("{}: expected a modality's name of letters, digits, '_' and '-', found "
                                             "'{}'; rename it",
                                             where, name));
  }
  const auto [found, fresh] = types_.emplace(name, type);
  if (fresh) first_[name] = where;
  if (found->second == type) return;
  throw Error(ErrorKind::data, fmt::format("{}: expected {} as in {}, found {}; a modality has media of one type: give "
                                           "the others a modality of their own",
                                           where, found->second, first_[name], type));
}

nlohmann::json media_entry(const std::string& name, const std::string& type, const std::string& column,
                           const std::string& root) {
  nlohmann::json entry = {{"name", name}, {"type", type}, {"column", column}};
  if (!root.empty() && type != "text") entry["root"] = root;
  if (type == "frames") entry["frames"] = 3;
  return entry;
}

std::string text_cell(const fs::path& file, const fs::path& root) {
  FileLimits limits;
  limits.max_bytes = kMostFieldBytes;
  limits.folders = {fs::canonical(root)};
  std::string text = InputFile(FileReading(file, limits), "a text").read_all();
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

std::vector<std::string> number_classes(const std::vector<ImportedRow>& rows) {
  std::set<std::string> names;
  std::set<int64_t> numbers;
  for (const ImportedRow& row : rows) {
    if (!names.insert(row.label).second) continue;
    const auto number = whole_number(row.label);
    if (number && std::to_string(*number) == row.label) numbers.insert(*number);
  }
  if (numbers.size() != names.size() || numbers.empty()) return {names.begin(), names.end()};
  std::vector<std::string> classes;
  if (const auto most = 2 * static_cast<int64_t>(numbers.size()); numbers.contains(0) && *numbers.rbegin() < most) {
    for (int64_t c = 0; c <= *numbers.rbegin(); ++c) classes.push_back(std::to_string(c));
  } else {
    for (const int64_t number : numbers) classes.push_back(std::to_string(number));
  }
  return classes;
}

}  // namespace pdmp::data

#include "data/types/cell_paths.h"

#include <algorithm>
#include <compare>
#include <set>
#include <system_error>

#include "base/text/value_text.h"
#include "data/files/media_file.h"
#include "data/tables/file_list.h"

namespace pdmp::data {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The run of digits at `at`, which moves behind it; without leading zeros.
std::string_view take_number(const std::string& text, size_t& at) {
  size_t first = at;
  while (at < text.size() && is_digit(text[at])) ++at;
  while (first + 1 < at && text[first] == '0') ++first;
  return std::string_view(text).substr(first, at - first);
}

std::strong_ordering compare_numbers(std::string_view a, std::string_view b) {
  return a.size() != b.size() ? a.size() <=> b.size() : a <=> b;
}

bool is_picture_name(const std::filesystem::path& path) {
  static const std::set<std::string> extensions = {".png",  ".jpg", ".jpeg", ".webp", ".gif", ".tif",
                                                   ".tiff", ".bmp", ".ppm",  ".pgm",  ".svg"};
  return extensions.contains(lower_case(path.extension().string())) && !path.filename().string().starts_with('.');
}

}  // namespace

bool natural_less(const std::string& a, const std::string& b) {
  size_t i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    if (is_digit(a[i]) && is_digit(b[j])) {
      const auto order = compare_numbers(take_number(a, i), take_number(b, j));
      if (order != 0) return order < 0;
    } else if (a[i] != b[j]) {
      return static_cast<unsigned char>(a[i]) < static_cast<unsigned char>(b[j]);
    } else {
      ++i, ++j;
    }
  }
  if ((i < a.size()) != (j < b.size())) return j < b.size();
  return a < b;  // "01" and "1" are the same number: bytes decide, so that the order is total
}

const FileLimits& Cell::limits() const {
  static const FileLimits usual;
  return files != nullptr ? *files : usual;
}

std::filesystem::path cell_path(const Cell& cell) { return cell.directory / cell.text; }

std::vector<std::filesystem::path> cell_paths(const Cell& cell) {
  std::vector<std::filesystem::path> paths;
  for (const std::string& name : split_file_list(cell.text)) paths.push_back(cell.directory / name);
  return paths;
}

std::vector<std::filesystem::path> list_pictures(const std::filesystem::path& folder, const FileLimits& limits) {
  check_place(folder, "a folder of pictures", limits);
  std::error_code code;
  std::vector<std::filesystem::path> pictures;
  for (std::filesystem::directory_iterator at(folder, code), end; !code && at != end; at.increment(code)) {
    if (is_picture_name(at->path())) pictures.push_back(at->path());
  }
  if (code) refuse_media(folder, "a folder of pictures", code.message());
  if (pictures.empty())
    refuse_media(folder, "a folder of pictures", "none in it (.png, .jpg, .webp, .gif, .tif, .bmp, .ppm, .pgm, .svg)");
  std::sort(pictures.begin(), pictures.end(),
            [](const auto& a, const auto& b) { return natural_less(a.filename().string(), b.filename().string()); });
  return pictures;
}

}  // namespace pdmp::data

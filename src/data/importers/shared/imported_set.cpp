#include "data/importers/shared/imported_set.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fstream>
#include <system_error>

#include "base/files/file.h"
#include "base/log.h"
#include "base/text/printable.h"
#include "base/text/utf8.h"
#include "data/files/file_reading.h"
#include "data/tables/csv.h"
#include "data/tables/file_list.h"
#include "pdmp/error.h"

namespace pdmp::data {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSplits[] = {"train", "val", "test"};

// split -> class -> samples
using Counts = std::map<std::string, std::map<std::string, int64_t>>;

int64_t total(const Counts& counts, const std::string& split) {
  int64_t sum = 0;
  if (const auto found = counts.find(split); found != counts.end()) {
    for (const auto& [label, count] : found->second) sum += count;
  }
  return sum;
}

std::string table_of(const ImportedSet& set) {
  std::vector<std::string> fields = {"id", "split", "label", "group"};
  fields.insert(fields.end(), set.columns.begin(), set.columns.end());
  std::string csv = csv_record(fields);
  for (const ImportedRow& row : set.rows) {
    fields = {row.id, row.split, row.label, row.group};
    fields.insert(fields.end(), row.cells.begin(), row.cells.end());
    csv += csv_record(fields);
  }
  return csv;
}

// The line around byte `at`.
std::string line_at(const std::string& text, size_t at) {
  const size_t begin = text.rfind('\n', at) + 1;  // npos + 1 = 0
  return shortened(text.substr(begin, text.find('\n', at) - begin), 200);
}

nlohmann::json counts_json(const ImportedSet& set, const Counts& counts) {
  nlohmann::json splits = nlohmann::json::object();
  for (const char* split : kSplits) {
    const auto expected = set.expected.find(split);
    const int64_t found = total(counts, split);
    if (found == 0 && expected == set.expected.end()) continue;
    nlohmann::json entry = {{"found", found}, {"classes", nlohmann::json::object()}};
    if (const auto by_class = counts.find(split); by_class != counts.end()) entry["classes"] = by_class->second;
    if (expected != set.expected.end()) entry["expected"] = expected->second;
    splits[split] = entry;
  }
  nlohmann::json json = {{"splits", splits}, {"missing", set.missing}};
  if (!set.left_out.empty()) json["left_out"] = set.left_out;
  if (!set.filtered.empty()) json["filtered"] = set.filtered;
  return json;
}

void report(const ImportedSet& set, const Counts& counts) {
  for (const char* split : kSplits) {
    const int64_t found = total(counts, split);
    const auto expected = set.expected.find(split);
    if (expected != set.expected.end()) {
      log_info(fmt::format("{}: {} samples (expected {})", split, found, expected->second));
    } else if (found > 0) {
      log_info(fmt::format("{}: {} samples", split, found));
    }
  }
  if (set.val_fraction) log_info(fmt::format("{:g} % of train are for validation", 100 * *set.val_fraction));
  if (set.missing.empty()) return;
  constexpr size_t kNamed = 5;
  const auto end = set.missing.begin() + static_cast<std::ptrdiff_t>(std::min(kNamed, set.missing.size()));
  log_warning(fmt::format("{} missing or unusable, all named in counts.json: {}", set.missing.size(),
                          fmt::join(set.missing.begin(), end, "; ")));
}

// "; 24 missing or unusable, the first: ...; 12 outside of protocol 4@5": what became of all.
std::string losses(const ImportedSet& set) {
  std::string text;
  if (!set.missing.empty()) {
    text += fmt::format("; {} missing or unusable, the first: {}", set.missing.size(), set.missing.front());
  }
  if (!set.left_out.empty()) {
    text += fmt::format("; {} left out, the first: {}", set.left_out.size(), set.left_out.front());
  }
  for (const auto& [rule, count] : set.filtered) text += fmt::format("; {} {}", count, rule);
  return text;
}

// A sample that lacks every modality is none.
void drop_empty_rows(ImportedSet& set) {
  std::erase_if(set.rows, [&](const ImportedRow& row) {
    const bool empty = std::all_of(row.cells.begin(), row.cells.end(), [](const std::string& c) { return c.empty(); });
    if (empty) ++set.filtered["samples without any medium"];
    return empty;
  });
}

}  // namespace

void write_imported(ImportedSet set, const ImporterOutput& output) {
  drop_empty_rows(set);
  if (set.rows.empty() || set.modalities.empty()) {
    throw Error(ErrorKind::data,
                fmt::format("{}: expected samples with media in the download, found none{}", set.name, losses(set)));
  }
  Counts counts;
  for (const ImportedRow& row : set.rows) ++counts[row.split][row.label];
  const std::string table = table_of(set);
  if (const auto at = find_invalid_utf8(table)) {
    throw Error(ErrorKind::data, fmt::format("{}: expected names of files and classes in UTF-8, found '{}'; rename it",
                                             set.name, line_at(table, *at)));
  }
  write_file_atomically(output.directory() / "metadata.csv", table);
  write_json(output.directory() / "counts.json", counts_json(set, counts));
  nlohmann::json json = {{"name", set.name}, {"classes", set.classes}, {"modalities", set.modalities}};
  if (!set.live_class.empty()) json["live_class"] = set.live_class;
  if (set.val_fraction) {
    json["val_fraction"] = *set.val_fraction;
    json["val_seed"] = static_cast<uint64_t>(set.seed);
  }
  output.finish(json);
  report(set, counts);
}

std::string cell_below(const fs::path& base, const fs::path& path) {
  const fs::path relative = path.lexically_relative(base);
  const bool below = !relative.empty() && *relative.begin() != "..";
  return (below ? relative : path).generic_string();
}

std::string file_cell(const fs::path& base, const fs::path& path) { return escaped_file(cell_below(base, path)); }

std::string place_problem(const fs::path& file, const fs::path& root) {
  std::error_code code;
  const fs::path real = fs::weakly_canonical(file, code), folder = fs::canonical(root, code);
  if (!code && is_inside(real, folder)) return "";
  return fmt::format("lies outside '{}'; copy or link the whole folder there", root.string());
}

fs::path common_folder(const fs::path& a, const fs::path& b) {
  fs::path common;
  auto one = a.begin(), other = b.begin();
  for (; one != a.end() && other != b.end() && *one == *other; ++one, ++other) common /= *one;
  return common;
}

fs::path media_root(const fs::path& path) {
  const fs::path normal = fs::absolute(path).lexically_normal();
  return normal.has_filename() ? normal : normal.parent_path();
}

std::vector<fs::path> sorted_entries(const fs::path& folder) {
  std::error_code code;
  std::vector<fs::path> entries;
  for (fs::directory_iterator at(folder, code), end; !code && at != end; at.increment(code)) {
    if (!at->path().filename().string().starts_with('.')) entries.push_back(at->path());
  }
  if (code) throw Error(ErrorKind::io, fmt::format("cannot read folder '{}': {}", folder.string(), code.message()));
  std::sort(entries.begin(), entries.end());
  return entries;
}

std::string medium_problem(const fs::path& file) {
  constexpr std::string_view kPointer = "version https://git-lfs";
  constexpr uintmax_t kLongestPointer = 1024;
  std::error_code code;
  if (!fs::is_regular_file(file, code)) return "is not there";
  const uintmax_t size = fs::file_size(file, code);
  if (code) return code.message();
  if (size == 0) return "is empty";
  if (size > kLongestPointer) return "";
  std::string start(kPointer.size(), '\0');
  std::ifstream(file, std::ios::binary).read(start.data(), static_cast<std::streamsize>(start.size()));
  return start == kPointer ? "is a Git LFS pointer (run `git lfs pull` in the download)" : "";
}

}  // namespace pdmp::data

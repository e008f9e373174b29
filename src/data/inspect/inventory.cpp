#include "data/inspect/inventory.h"

#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <optional>
#include <unordered_set>

#include "data/decode/header/media_header.h"
#include "data/loader/parallel.h"

namespace pdmp::data {
namespace {

using Headers = std::vector<std::optional<MediaHeader>>;

// Arrays have no header worth a count: their shape is that of the modality.
bool has_header(const ModalityEntry& entry) { return entry.type != "tensor"; }

Headers read_headers(const Manifest& manifest, const std::vector<MediaFile>& files, int64_t workers) {
  Headers headers(files.size());
  std::vector<size_t> wanted;
  for (size_t i = 0; i < files.size(); ++i) {
    if (has_header(manifest.modalities[files[i].modality])) wanted.push_back(i);
  }
  if (wanted.empty()) return headers;
  Progress progress("headers", static_cast<int64_t>(wanted.size()), "file");
  for_each_parallel(static_cast<int64_t>(wanted.size()), workers, progress, [&](int64_t i) {
    const size_t position = wanted[static_cast<size_t>(i)];
    headers[position] = read_media_header(files[position].path, manifest.limits(files[position].modality));
  });
  return headers;
}

// What a sample sees of `seconds`.
double cut(double seconds, const ManifestRow& row) {
  const double end = std::min(row.end.value_or(seconds), seconds);
  return std::max(0.0, end - row.start.value_or(0));
}

// Collects the numbers of one modality.
class Numbers {
 public:
  explicit Numbers(bool sound) : sound_(sound) {}

  // False where the header does not say what it should.
  bool add(const Manifest& manifest, const MediaFile& file, const std::optional<MediaHeader>& header) {
    if (!header) return false;
    const std::optional<double>& seconds = sound_ ? header->sound : header->video;
    if (seconds) {
      for (const size_t row : file.rows) seconds_.push_back(cut(*seconds, manifest.rows[row]));
    }
    if (sound_) return seconds.has_value();
    if (header->width < 1) return false;
    width_.push_back(static_cast<double>(header->width));
    height_.push_back(static_cast<double>(header->height));
    return true;
  }

  void finish(ModalityInventory& result) {
    result.seconds = spread_of(std::move(seconds_));
    result.width = spread_of(std::move(width_));
    result.height = spread_of(std::move(height_));
  }

 private:
  bool sound_;
  std::vector<double> seconds_, width_, height_;
};

std::map<std::string, CellCounts> count_cells(const Manifest& manifest, const MediaFiles& media, size_t m) {
  std::map<std::string, CellCounts> cells;
  for (const ManifestRow& row : manifest.rows) {
    ++cells[row.split].samples;
    if (row.cells[m].empty()) ++cells[row.split].empty;
  }
  for (const MissingFile& missing : media.missing) {
    if (missing.modality == m) ++cells[manifest.rows.split(missing.row)].missing;
  }
  return cells;
}

void add_files(const Manifest& manifest, const MediaFiles& media, const Headers& headers, size_t m,
               ModalityInventory& result) {
  constexpr size_t kNamed = 5;
  Numbers numbers(result.type == "audio");
  for (size_t i = 0; i < media.files.size(); ++i) {
    const MediaFile& file = media.files[i];
    if (file.modality != m) continue;
    ++result.files;
    result.bytes += file.bytes;
    if (!has_header(manifest.modalities[m]) || numbers.add(manifest, file, headers[i])) continue;
    ++result.unread;
    if (result.unread_files.size() < kNamed) {
      const std::filesystem::path below = file.path.lexically_relative(manifest.directory);
      result.unread_files.push_back(below.empty() ? file.path.string() : below.string());
    }
  }
  numbers.finish(result);
}

// Of a modality whose cells are the samples themselves.
void add_unparsed(const Manifest& manifest, size_t m, const ModalityType& type, ModalityInventory& result) {
  constexpr size_t kNamed = 5;
  if (cell_files(result.type) != CellFiles::none) return;
  for (const ManifestRow& row : manifest.rows) {
    if (row.cells[m].empty() || load_problem(type, cell_of(manifest, row, m), result.shape, nullptr).empty()) continue;
    ++result.unparsed;
    if (result.unparsed_cells.size() < kNamed)
      result.unparsed_cells.push_back(fmt::format("{}:{}", row.file, row.line));
  }
}

}  // namespace

Spread spread_of(std::vector<double> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const size_t half = values.size() / 2;
  const double median = values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
  return {static_cast<int64_t>(values.size()), values.front(), median, values.back()};
}

Inventory take_inventory(const Manifest& manifest, const MediaFiles& media, int64_t workers) {
  Inventory result;
  result.splits = splits_of(manifest);
  for (const std::string& split : result.splits) result.counts[split].resize(manifest.classes.size());
  for (size_t i = 0; i < manifest.rows.size(); ++i) {
    ++result.counts.at(manifest.rows.split(i))[static_cast<size_t>(manifest.rows.label(i))];
  }
  const Headers headers = read_headers(manifest, media.files, workers);
  for (size_t m = 0; m < manifest.modalities.size(); ++m) {
    const ModalityEntry& entry = manifest.modalities[m];
    ModalityInventory modality;
    modality.name = entry.name;
    modality.type = entry.type;
    const std::unique_ptr<ModalityType> type = make_modality_type(entry);
    modality.shape = first_shape(manifest, m, *type);
    modality.cells = count_cells(manifest, media, m);
    add_files(manifest, media, headers, m, modality);
    add_unparsed(manifest, m, *type, modality);
    result.modalities.push_back(std::move(modality));
  }
  std::unordered_set<std::string> paths;
  for (const MediaFile& file : media.files) {
    if (!paths.insert(file.path.string()).second) continue;
    ++result.files;
    result.bytes += file.bytes;
  }
  return result;
}

}  // namespace pdmp::data

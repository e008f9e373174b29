#include "data/manifest/manifest.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <numeric>
#include <unordered_map>

#include "base/files/json_file.h"
#include "base/log.h"
#include "data/manifest/cell_places.h"
#include "data/manifest/class_labels.h"
#include "data/manifest/dataset_json.h"
#include "data/manifest/metadata.h"
#include "data/manifest/row_reader.h"
#include "data/manifest/stratified.h"
#include "pdmp/error.h"
#include "pdmp/random.h"

namespace pdmp::data {
namespace {

[[noreturn]] void fail(const Manifest& manifest, const ManifestRow& row, const std::string& message) {
  const std::string file = (manifest.directory / row.file).string();
  throw Error(ErrorKind::data, fmt::format("{}:{}: {}", file, row.line, message), {.file = file, .line = row.line});
}

// Fills manifest.rows. Returns the distinct labels as they are written; a row's label is a position among them.
std::vector<std::string> read_rows(Manifest& manifest, const std::vector<MetadataTable>& tables,
                                   const ColumnNames& columns) {
  std::vector<std::string> labels;
  std::unordered_map<std::string, int64_t> positions;
  size_t count = 0;
  for (const MetadataTable& table : tables) count += table.rows.size();
  manifest.rows.reserve(count);
  for (const MetadataTable& table : tables) {
    const RowReader reader(table, manifest.modalities, columns);
    for (const MetadataTable::Row& row : table.rows) {
      ManifestRow result = reader.read(row, static_cast<int64_t>(manifest.rows.size()) + 1);
      const auto [label, fresh] = positions.try_emplace(reader.label(row), static_cast<int64_t>(labels.size()));
      if (fresh) labels.push_back(label->first);
      result.label = label->second;
      manifest.rows.add(result);
    }
  }
  if (manifest.rows.empty()) {
    throw Error(ErrorKind::data,
                fmt::format("{}: expected at least one sample, found only a header", tables.front().file.string()));
  }
  return labels;
}

void check_ids(const Manifest& manifest) {
  const ManifestRows& rows = manifest.rows;
  std::vector<size_t> order(rows.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return std::pair(rows.id(a), a) < std::pair(rows.id(b), b); });
  size_t again = rows.size(), first = 0;  // the earliest row whose id was there before, and where
  for (size_t i = 1; i < order.size(); ++i) {
    if (rows.id(order[i]) != rows.id(order[i - 1]) || order[i] >= again) continue;
    again = order[i];
    first = order[i - 1];
  }
  if (again == rows.size()) return;
  fail(manifest, rows[again],
       fmt::format("'id': '{}' is also the id of {} line {}; give every sample its own", rows.id(again),
                   rows[first].file, rows[first].line));
}

std::vector<std::string> sorted(std::vector<std::string> labels) {
  std::sort(labels.begin(), labels.end());
  return labels;
}

// The first few of many, for messages.
std::string classes_text(const std::vector<std::string>& classes) {
  constexpr size_t kNamed = 20;
  if (classes.size() <= kNamed) return fmt::format("{}", fmt::join(classes, ", "));
  return fmt::format("{} and {} more", fmt::join(classes.begin(), classes.begin() + kNamed, ", "),
                     classes.size() - kNamed);
}

// From positions in `labels` to classes.
void assign_labels(Manifest& manifest, const std::vector<std::string>& labels) {
  const ClassIndex index(manifest.classes);
  std::vector<std::optional<int64_t>> classes;
  for (const std::string& label : labels) classes.push_back(index.find(label));
  for (size_t i = 0; i < manifest.rows.size(); ++i) {
    const auto position = static_cast<size_t>(manifest.rows.label(i));
    const std::string& label = labels[position];
    if (label.empty()) fail(manifest, manifest.rows[i], "'label': expected a class, found an empty cell");
    if (!classes[position]) {
      fail(manifest, manifest.rows[i],
           fmt::format("'label': expected one of the classes {}, found '{}'{}", classes_text(manifest.classes), label,
                       index.advice(label)));
    }
    manifest.rows.set_label(i, *classes[position]);
  }
}

// Its position; -1 where there is none.
int64_t find_live_class(const Manifest& manifest, const std::string& live) {
  if (live.empty()) return -1;
  const auto found = std::find(manifest.classes.begin(), manifest.classes.end(), live);
  if (found != manifest.classes.end()) return found - manifest.classes.begin();
  throw Error(ErrorKind::data,
              fmt::format("{}: 'live_class': expected one of the classes {}, found '{}'",
                          (manifest.directory / "dataset.json").string(), classes_text(manifest.classes), live));
}

void take_validation(Manifest& manifest, double fraction, uint64_t seed) {
  if (manifest.rows.has_split("val")) {
    throw Error(ErrorKind::data, fmt::format("{}: there is a val split and a 'val_fraction'; remove one of them",
                                             (manifest.directory / "dataset.json").string()));
  }
  std::vector<size_t> rows;
  std::vector<int64_t> labels;
  std::vector<std::string> groups;
  for (size_t i = 0; i < manifest.rows.size(); ++i) {
    if (manifest.rows.split(i) != "train") continue;
    rows.push_back(i);
    labels.push_back(manifest.rows.label(i));
    groups.push_back(manifest.rows[i].group);
  }
  RandomStream random = random_stream(seed, "val_split");
  const std::vector<bool> chosen = stratified_subset(labels, groups, fraction, random);
  for (size_t i = 0; i < rows.size(); ++i) {
    if (chosen[i]) manifest.rows.set_split(rows[i], "val");
  }
}

void warn(const Manifest& manifest, const std::string& what, const std::vector<std::string>& classes) {
  if (classes.empty()) return;
  constexpr size_t kNamed = 10;
  const size_t named = std::min(kNamed, classes.size());
  std::string text = fmt::format("{}", fmt::join(classes.begin(), classes.begin() + static_cast<int64_t>(named), ", "));
  if (classes.size() > named) text += fmt::format(" and {} more", classes.size() - named);
  log_warning(fmt::format("{}: {}: {}", manifest.directory.string(), what, text));
}

// Classes that training or scores can say little about.
void warn_of_thin_classes(const Manifest& manifest) {
  std::vector<std::map<std::string, int64_t>> counts(manifest.classes.size());
  for (size_t i = 0; i < manifest.rows.size(); ++i) {
    ++counts[static_cast<size_t>(manifest.rows.label(i))][manifest.rows.split(i)];
  }
  std::vector<std::string> empty, single, untrained;
  for (size_t c = 0; c < counts.size(); ++c) {
    int64_t total = 0;
    for (const auto& [split, count] : counts[c]) total += count;
    if (total == 0) {
      empty.push_back(manifest.classes[c]);
    } else if (counts[c]["train"] == 0) {
      untrained.push_back(manifest.classes[c]);
    } else if (total == 1) {
      single.push_back(manifest.classes[c]);
    }
  }
  warn(manifest, "classes without any sample", empty);
  warn(manifest, "classes with a single sample, which stays in training, so that no score speaks of them", single);
  if (manifest.rows.has_split("train")) warn(manifest, "classes without a training sample", untrained);
}

void warn_of_look_alikes(const Manifest& manifest) {
  constexpr size_t kNamed = 5;
  const std::vector<LookAlike> pairs = find_look_alikes(manifest.classes);
  if (pairs.empty()) return;
  std::string text;
  for (size_t i = 0; i < std::min(kNamed, pairs.size()); ++i) {
    text += fmt::format("{}{} and {} differ in {} alone", i > 0 ? "; " : "", spelled(pairs[i].first),
                        spelled(pairs[i].second), pairs[i].difference);
  }
  if (pairs.size() > kNamed) text += fmt::format("; and {} more pairs", pairs.size() - kNamed);
  log_warning(
      fmt::format("{}: classes that look alike count as different ones: {}; correct the labels where they "
                  "mean one class",
                  manifest.directory.string(), text));
}

}  // namespace

const FileLimits& Manifest::limits(size_t modality) const {
  static const FileLimits usual;
  return modality < files.size() ? files[modality] : usual;
}

DatasetJson read_dataset_json(const std::filesystem::path& directory, const FileOptions& files) {
  const auto file = directory / "dataset.json";
  if (!std::filesystem::exists(file)) {
    throw Error(
        ErrorKind::io,
        fmt::format("{}: expected a data set, a folder with dataset.json, found {}; `pdmp prepare` makes "
                    "one",
                    directory.string(), std::filesystem::exists(directory) ? "no dataset.json" : "no such folder"));
  }
  std::string content;
  read_description(file, limits_of_folder(directory, files), kDescriptionLimits.bytes,
                   [&](std::string_view block) { content += block; });
  return parse_dataset_json(parse_json_file(file, content, kDescriptionLimits), file);
}

Manifest read_manifest(const std::filesystem::path& directory, uint64_t seed, const FileOptions& files) {
  DatasetJson json = read_dataset_json(directory, files);
  Manifest manifest{directory, json.name, json.missing, std::move(json.classes), std::move(json.modalities), {}, {}};
  manifest.files = limits_of_cells(directory, manifest.modalities, files);
  const std::vector<std::string> labels =
      read_rows(manifest, read_metadata(directory, json.metadata, limits_of_folder(directory, files), json.columns),
                json.columns);
  check_ids(manifest);
  if (manifest.classes.empty()) manifest.classes = sorted(labels);
  assign_labels(manifest, labels);
  if (manifest.classes.size() < 2) {
    throw Error(ErrorKind::data, fmt::format("{}: expected at least two classes, found only '{}'", directory.string(),
                                             manifest.classes.front()));
  }
  manifest.live_class = find_live_class(manifest, json.live_class);
  if (json.val_fraction) take_validation(manifest, *json.val_fraction, json.val_seed.value_or(seed));
  warn_of_look_alikes(manifest);
  warn_of_thin_classes(manifest);
  return manifest;
}

}  // namespace pdmp::data

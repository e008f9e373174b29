// Hashes of what a data set holds, and how two of them differ.
#include "data/loader/content_hash.h"

#include <algorithm>
#include <fmt/format.h>
#include <xxhash.h>

#include "base/files/digest.h"
#include "data/loader/media_files.h"
#include "data/types/modality_type.h"
#include "pdmp/error.h"

namespace pdmp::data {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr int kFormatVersion = 1;
constexpr int64_t kMostBlocks = 1024;
constexpr size_t kMostFiles = 1000;
constexpr const char* kOwnHash = "content_hash";

void add_number(Digest& digest, int64_t number) {
  digest.add({reinterpret_cast<const char*>(&number), sizeof(number)});
}

void add_text(Digest& digest, std::string_view text) {
  add_number(digest, static_cast<int64_t>(text.size()));
  digest.add(text);
}

void add_seconds(Digest& digest, const std::optional<double>& seconds) {
  const double value = seconds.value_or(-1);
  digest.add({reinterpret_cast<const char*>(&value), sizeof(value)});
}

int64_t block_size(int64_t rows) {
  int64_t size = 1;
  while (rows > size * kMostBlocks) size *= 2;
  return size;
}

struct SplitDigests {
  int64_t samples = 0;
  uint64_t members = 0;  // a sum, so that the order does not matter
  Digest ids, labels, groups;

  void add(const std::string& id, int64_t label, const std::string& group) {
    ++samples;
    members += XXH3_64bits(id.data(), id.size());
    add_text(ids, id);
    add_number(labels, label);
    add_text(groups, group);
  }

  ContentHash::Split hash() {
    return {samples, ids.hex(), labels.hex(), groups.hex(), fmt::format("{:016x}", members)};
  }
};

void add_row(Digest& digest, const ManifestRow& row, const std::string& split) {
  add_text(digest, row.id);
  add_text(digest, split);
  add_number(digest, row.label);
  add_text(digest, row.group);
  for (const std::string& cell : row.cells) add_text(digest, cell);
  add_seconds(digest, row.start);
  add_seconds(digest, row.end);
}

std::string settings_hash(const ModalityEntry& entry) {
  json settings = entry.settings;
  if (settings.is_object()) {
    for (const char* source : {"name", "column", "columns", "path", "root", "ext"}) settings.erase(source);
  }
  return digest_of(entry.type + settings.dump());
}

int64_t bytes_of(const fs::path& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) {
    const fs::directory_iterator entries(path, error);
    return error ? -1 : static_cast<int64_t>(std::distance(entries, fs::directory_iterator()));
  }
  const auto bytes = fs::file_size(path, error);
  return error ? -1 : static_cast<int64_t>(bytes);
}

int64_t bytes_of(const ModalityType& type, const Cell& cell) {
  try {
    int64_t all = 0;
    for (const fs::path& path : type.files(cell)) {
      const int64_t bytes = bytes_of(path);
      if (bytes < 0) return -1;
      all += bytes;
    }
    return all;
  } catch (const std::exception&) {
    return -1;  // whoever reads the cell says what is wrong with it
  }
}

bool names_files(const ModalityType& type, const Manifest& manifest, size_t m) {
  for (const ManifestRow& row : manifest.rows) {
    if (row.cells[m].empty()) continue;
    try {
      return !type.files(cell_of(manifest, row, m)).empty();
    } catch (const std::exception&) {
      return false;
    }
  }
  return false;
}

// Every n-th cell that names files.
std::vector<ContentHash::FileSize> sample_files(const Manifest& manifest) {
  std::vector<ContentHash::FileSize> files;
  const size_t rows = manifest.rows.size();
  for (size_t m = 0; m < manifest.modalities.size(); ++m) {
    const auto type = make_modality_type(manifest.modalities[m]);
    if (!names_files(*type, manifest, m)) continue;
    const size_t share = kMostFiles / manifest.modalities.size();
    const size_t step = share == 0 ? rows : (rows + share - 1) / share;
    for (size_t r = 0; r < rows && files.size() < kMostFiles; r += step) {
      const ManifestRow row = manifest.rows[r];
      if (row.cells[m].empty()) continue;
      files.push_back({manifest.modalities[m].name, row.cells[m], bytes_of(*type, cell_of(manifest, row, m))});
    }
  }
  return files;
}

void hash_rows(const Manifest& manifest, ContentHash& hash) {
  std::map<std::string, SplitDigests> splits;
  std::vector<Digest> cells(manifest.modalities.size());
  Digest times, samples;
  hash.rows = static_cast<int64_t>(manifest.rows.size());
  const int64_t size = block_size(hash.rows);
  Digest block;
  for (int64_t r = 0; r < hash.rows; ++r) {
    const ManifestRow row = manifest.rows[static_cast<size_t>(r)];
    splits[row.split].add(row.id, row.label, row.group);
    for (size_t m = 0; m < cells.size(); ++m) add_text(cells[m], row.cells[m]);
    add_seconds(times, row.start);
    add_seconds(times, row.end);
    add_row(samples, row, row.split == "test" ? row.split : "");
    add_row(block, row, row.split);
    if ((r + 1) % size == 0 || r + 1 == hash.rows) {
      constexpr size_t kDigits = 16;
      hash.blocks.push_back(block.hex().substr(0, kDigits));
      block = Digest();
    }
  }
  for (auto& [name, split] : splits) hash.splits[name] = split.hash();
  for (size_t m = 0; m < cells.size(); ++m) {
    hash.modalities[manifest.modalities[m].name] = {settings_hash(manifest.modalities[m]), cells[m].hex()};
  }
  hash.times = times.hex();
  hash.samples = samples.hex();
}

void add_inputs(const Dataset& samples, std::vector<Digest>& inputs) {
  const int64_t step = samples.size() / static_cast<int64_t>(kMostFiles) + 1;
  for (int64_t i = 0; i < samples.size(); i += step) {
    const Sample sample = samples.get(i, nullptr);
    for (size_t m = 0; m < inputs.size(); ++m) {
      const Tensor input = sample.inputs[m].contiguous();
      add_number(inputs[m], sample.present[m] ? 1 : 0);
      inputs[m].add({static_cast<const char*>(input.const_data_ptr()), input.nbytes()});
    }
  }
}

std::string with_first(const std::string& change, const ContentHash& before, const ContentHash& now,
                       const Manifest* manifest) {
  const int64_t size = block_size(now.rows);
  if (manifest == nullptr || block_size(before.rows) != size) return change;
  const size_t shared = std::min(before.blocks.size(), now.blocks.size());
  for (size_t b = 0; b < shared; ++b) {
    if (before.blocks[b] == now.blocks[b]) continue;
    const ManifestRow row = manifest->rows[b * static_cast<size_t>(size)];
    return fmt::format("{} (first {} '{}', {}:{})", change, size == 1 ? "at sample" : "soon after sample", row.id,
                       row.file, row.line);
  }
  return change;
}

// Ids and splits; true where the rows are the same in the same order.
bool compare_rows(const ContentHash& before, const ContentHash& now, std::vector<std::string>& changes) {
  const size_t known = changes.size();
  std::map<std::string, std::pair<ContentHash::Split, ContentHash::Split>> splits;
  for (const auto& [name, split] : before.splits) splits[name].first = split;
  for (const auto& [name, split] : now.splits) splits[name].second = split;
  for (const auto& [name, pair] : splits) {
    const auto& [old, fresh] = pair;
    if (old.samples != fresh.samples) {
      changes.push_back(fmt::format("{} had {} samples, has {}", name, old.samples, fresh.samples));
    } else if (old.members != fresh.members) {
      changes.push_back(fmt::format("{} has other samples", name));
    } else if (old.ids != fresh.ids) {
      changes.push_back(fmt::format("the samples of {} are in another order", name));
    }
  }
  return changes.size() == known;
}

}  // namespace

ContentHash content_hash(const Manifest& manifest) {
  ContentHash hash;
  Digest classes;
  for (const std::string& name : manifest.classes) add_text(classes, name);
  add_text(classes, manifest.missing);
  hash.classes = classes.hex();
  hash_rows(manifest, hash);
  hash.files = sample_files(manifest);
  return hash;
}

ContentHash content_hash(const TrainingData& data) {
  ContentHash hash;
  Digest classes, samples;
  for (const std::string& name : data.train->classes()) add_text(classes, name);
  hash.classes = classes.hex();
  hash.times = Digest().hex();
  const std::vector<ModalityInfo>& modalities = data.train->modalities();
  std::vector<Digest> inputs(modalities.size());
  for (const auto& [name, split] : {std::pair{"train", data.train}, {"val", data.val}, {"test", data.test}}) {
    if (!split) continue;
    SplitDigests digests;
    for (int64_t i = 0; i < split->size(); ++i) {
      digests.add(split->id(i), split->label(i), "");
      add_text(samples, split->id(i));
      add_number(samples, split->label(i));
    }
    hash.splits[name] = digests.hash();
    add_inputs(*split, inputs);
  }
  for (size_t m = 0; m < modalities.size(); ++m) {
    Digest settings;
    add_text(settings, modalities[m].type);
    for (const int64_t size : modalities[m].shape) add_number(settings, size);
    hash.modalities[modalities[m].name] = {settings.hex(), inputs[m].hex()};
  }
  hash.samples = samples.hex();
  return hash;
}

json to_json(const ContentHash& hash) {
  json splits = json::object(), modalities = json::object(), files = json::array();
  for (const auto& [name, split] : hash.splits) {
    splits[name] = {{"samples", split.samples},
                    {"ids", split.ids},
                    {"labels", split.labels},
                    {"groups", split.groups},
                    {"members", split.members}};
  }
  for (const auto& [name, modality] : hash.modalities) {
    modalities[name] = {{"settings", modality.settings}, {"cells", modality.cells}};
  }
  for (const auto& file : hash.files) files.push_back(file.bytes);
  json value = {{"format_version", kFormatVersion},
                {"classes", hash.classes},
                {"times", hash.times},
                {"splits", splits},
                {"modalities", modalities},
                {"samples", hash.samples},
                {"rows", hash.rows},
                {"blocks", hash.blocks},
                {"file_bytes", files}};
  value[kOwnHash] = digest_of(value.dump());
  return value;
}

ContentHash content_hash_from(const json& value, const std::string& where) {
  ContentHash hash;
  try {
    json rest = value;
    const auto own = rest.at(kOwnHash).get<std::string>();
    rest.erase(kOwnHash);
    if (own != digest_of(rest.dump())) throw Error(ErrorKind::data, "its own hash does not fit");
    for (const auto& [name, split] : rest.at("splits").items()) {
      hash.splits[name] = {split.at("samples"), split.at("ids"), split.at("labels"), split.at("groups"),
                           split.at("members")};
    }
    for (const auto& [name, modality] : rest.at("modalities").items()) {
      hash.modalities[name] = {modality.at("settings"), modality.at("cells")};
    }
    rest.at("classes").get_to(hash.classes);
    rest.at("times").get_to(hash.times);
    rest.at("samples").get_to(hash.samples);
    rest.at("rows").get_to(hash.rows);
    rest.at("blocks").get_to(hash.blocks);
    for (const json& bytes : rest.at("file_bytes")) hash.files.push_back({"", "", bytes.get<int64_t>()});
  } catch (const std::exception& error) {
    throw Error(ErrorKind::data, fmt::format("{}: expected the hashes of the data set, found damage: {}; remove the "
                                             "file to go on without knowing whether the data are the same",
                                             where, error.what()));
  }
  return hash;
}

std::vector<std::string> content_changes(const ContentHash& before, const ContentHash& now, const Manifest* manifest,
                                         const std::vector<std::string>& modalities) {
  std::vector<std::string> changes;
  if (before.classes != now.classes) changes.emplace_back("the classes or 'missing' of dataset.json");
  const bool same_rows = compare_rows(before, now, changes);
  if (same_rows) {
    for (const auto& [name, split] : before.splits) {
      if (split.labels != now.splits.at(name).labels) changes.push_back("labels of " + name);
      if (split.groups != now.splits.at(name).groups) changes.push_back("groups of " + name);
    }
    if (before.times != now.times) changes.emplace_back("start or end of clips");
  }
  for (const std::string& name : modalities) {
    const auto old = before.modalities.find(name), fresh = now.modalities.find(name);
    if (old == before.modalities.end() || fresh == now.modalities.end()) {
      changes.push_back(fmt::format("modality '{}'", name));
      continue;
    }
    if (old->second.settings != fresh->second.settings) {
      changes.push_back(fmt::format("settings of '{}' in dataset.json", name));
    }
    if (same_rows && old->second.cells != fresh->second.cells) changes.push_back(fmt::format("cells of '{}'", name));
  }
  if (!changes.empty()) {
    changes.back() = with_first(changes.back(), before, now, manifest);
    return changes;
  }
  for (size_t i = 0; i < std::min(before.files.size(), now.files.size()); ++i) {
    const ContentHash::FileSize& file = now.files[i];
    if (before.files[i].bytes == file.bytes) continue;
    if (std::find(modalities.begin(), modalities.end(), file.modality) == modalities.end()) continue;
    changes.push_back(fmt::format("the size of '{}' (it was {}, is {})", file.cell, before.files[i].bytes, file.bytes));
    break;
  }
  return changes;
}

}  // namespace pdmp::data

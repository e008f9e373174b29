#include <ATen/ops/zeros.h>
#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "base/log.h"
#include "data/cache/cell_cache.h"
#include "data/cache/sample_cache.h"
#include "data/loader/media_files.h"
#include "data/manifest/manifest.h"
#include "data/types/modality_type.h"
#include "pdmp/dataset.h"
#include "pdmp/error.h"
#include "pdmp/options.h"
#include "pdmp/tensor.h"

namespace pdmp::data {
namespace {

constexpr size_t kNamed = 5;  // failures a message names

// One modality of a split.
struct Stream {
  size_t entry = 0;  // position in the manifest
  std::unique_ptr<ModalityType> type;
  int64_t cells = 0;  // not empty, in this split
};

// Nothing where all files are there.
std::optional<std::filesystem::path> missing_file(const ModalityType& type, const Cell& cell) {
  for (const std::filesystem::path& file : type.files(cell)) {
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored)) return file;
  }
  return std::nullopt;
}

// From the first cell of any split that tells it, so that all splits agree.
std::vector<int64_t> find_shape(const Manifest& manifest, const Stream& stream) {
  std::optional<Error> problem;
  for (const ManifestRow& row : manifest.rows) {
    if (row.cells[stream.entry].empty()) continue;
    const Cell cell = cell_of(manifest, row, stream.entry);
    try {
      return stream.type->shape(&cell);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) throw;
      if (!problem)
        problem = Error(error.kind(), fmt::format("{}: {}", sample_place(row), error.what()), error.details());
    }
  }
  if (problem) throw *problem;
  return stream.type->shape(nullptr);
}

class MediaDataset : public Dataset {
 public:
  MediaDataset(std::shared_ptr<const Manifest> manifest, std::string split, std::vector<Stream> streams,
               double max_undecodable, int64_t cache_bytes, std::shared_ptr<SampleCache> sample_cache)
      : manifest_(std::move(manifest)),
        split_(std::move(split)),
        streams_(std::move(streams)),
        max_undecodable_(max_undecodable),
        cache_(cache_bytes),
        sample_cache_(std::move(sample_cache)) {
    for (const Stream& stream : streams_) {
      const ModalityEntry& entry = manifest_->modalities[stream.entry];
      infos_.push_back({entry.name, entry.type, find_shape(*manifest_, stream)});
    }
    for (size_t r = 0; r < manifest_->rows.size(); ++r) {
      if (manifest_->rows.split(r) == split_) add_row(r);
    }
    report_missing_files();
  }

  int64_t size() const override { return static_cast<int64_t>(rows_.size()); }
  const std::vector<ModalityInfo>& modalities() const override { return infos_; }
  const std::vector<std::string>& classes() const override { return manifest_->classes; }
  int64_t live_class() const override { return manifest_->live_class; }
  int64_t label(int64_t index) const override { return manifest_->rows.label(position(index)); }
  std::string id(int64_t index) const override { return std::string(manifest_->rows.id(position(index))); }

  Sample get(int64_t index, RandomStream* augment) const override {
    std::vector<int64_t> all(streams_.size());
    for (size_t m = 0; m < all.size(); ++m) all[m] = static_cast<int64_t>(m);
    return get_modalities(index, all, augment);
  }

  Sample get_modalities(int64_t index, const std::vector<int64_t>& wanted, RandomStream* augment) const override {
    const ManifestRow row = manifest_->rows[position(index)];
    Sample sample;
    sample.label = row.label;
    // One stream a modality, so that its augmentation does not depend on the others; or one a group, so that it does.
    const uint64_t seed = augment != nullptr ? augment->next() : 0;
    for (const int64_t m : wanted) {
      const ModalityInfo& info = infos_.at(static_cast<size_t>(m));
      const std::string& group = manifest_->modalities[streams_[static_cast<size_t>(m)].entry].augment_with;
      RandomStream random = random_stream(seed, group.empty() ? info.name : group);
      Tensor input = load(static_cast<size_t>(m), index, row, augment != nullptr ? &random : nullptr);
      sample.present.push_back(input.defined());
      const auto type = holds_integers(info.type) ? at::kLong : at::kFloat;
      sample.inputs.push_back(input.defined() ? std::move(input) : at::zeros(info.shape, type));
    }
    return sample;
  }

  std::vector<DecodeFailure> failures() const override {
    const std::lock_guard lock(mutex_);
    std::vector<DecodeFailure> result;
    for (const auto& [cell, failure] : failures_) result.push_back(failure);
    return result;
  }

 private:
  size_t position(int64_t index) const { return rows_.at(static_cast<size_t>(index)); }

  // Takes a row of the split in, unless it lacks a modality and such rows are skipped.
  void add_row(size_t position) {
    const ManifestRow row = manifest_->rows[position];
    bool complete = true;
    std::vector<std::pair<size_t, DecodeFailure>> missing;
    for (size_t m = 0; m < streams_.size(); ++m) {
      const Cell cell = cell_of(*manifest_, row, streams_[m].entry);
      if (cell.text.empty()) {
        complete = false;
        refuse_absent(row, infos_[m].name, "has no value");
        continue;
      }
      ++streams_[m].cells;
      if (const auto file = missing_file(*streams_[m].type, cell)) {
        complete = false;
        refuse_absent(row, infos_[m].name, fmt::format("names '{}', which is not there", file->string()));
        const std::string reason = fmt::format("{}: '{}': no such file", sample_place(row), file->string());
        missing.push_back({m, {infos_[m].name, file->string(), reason}});
      }
    }
    // A skipped row has no index of its own: a negative one keeps its failures apart.
    const bool skipped = !complete && manifest_->missing == "skip";
    const auto index = skipped ? -1 - static_cast<int64_t>(position) : size();
    for (auto& [m, failure] : missing) failures_.emplace(std::pair(m, index), std::move(failure));
    if (!skipped) rows_.push_back(position);
  }

  void refuse_absent(const ManifestRow& row, const std::string& modality, const std::string& what) const {
    if (manifest_->missing != "error") return;
    const std::string file = (manifest_->directory / row.file).string();
    throw Error(ErrorKind::data,
                fmt::format("{}:{}: modality '{}' {}; mend it, or set 'missing' to mask or skip in dataset.json", file,
                            row.line, modality, what),
                {.file = file, .line = row.line});
  }

  void report_missing_files() const {
    const std::lock_guard lock(mutex_);
    for (size_t m = 0; m < streams_.size(); ++m) {
      if (count(m) == 0) continue;
      check_limit(m);
      log_warning(fmt::format("split '{}', modality '{}': {} of {} files are missing and count as absent: {}", split_,
                              infos_[m].name, count(m), streams_[m].cells, fmt::join(named(m), "; ")));
    }
  }

  // Undefined where the cell is empty or does not decode.
  Tensor load(size_t m, int64_t index, const ManifestRow& row, RandomStream* augment) const {
    Cell cell = cell_of(*manifest_, row, streams_[m].entry);
    cell.cache = sample_cache_.get();
    if (cell.text.empty() || has_failed(m, index)) return {};
    const CellCache::Key key(m, index, augment != nullptr);
    if (Tensor kept = cache_.find(key); kept.defined()) return kept;
    try {
      const std::string random = augment != nullptr ? augment->save() : "";
      Tensor input = streams_[m].type->load(cell, augment);
      if (input.sizes() == at::IntArrayRef(infos_[m].shape)) {
        // Who draws no random number says the same next time.
        if (augment == nullptr || augment->save() == random) cache_.keep(key, input);
        return input;
      }
      throw Error(ErrorKind::data, fmt::format("expected shape ({}), found ({})", fmt::join(infos_[m].shape, ", "),
                                               fmt::join(input.sizes(), ", ")));
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) throw;
      refuse_absent(row, infos_[m].name, fmt::format("does not decode: {}", error.what()));
      add_failure(m, index, {infos_[m].name, cell.text, fmt::format("{}: {}", sample_place(row), error.what())});
    }
    return {};
  }

  bool has_failed(size_t m, int64_t index) const {
    const std::lock_guard lock(mutex_);
    return failures_.contains({m, index});
  }

  void add_failure(size_t m, int64_t index, DecodeFailure failure) const {
    const std::lock_guard lock(mutex_);
    failures_.try_emplace({m, index}, std::move(failure));
    check_limit(m);
  }

  // The three below want the lock.
  int64_t count(size_t m) const {
    return std::count_if(failures_.begin(), failures_.end(), [m](const auto& item) { return item.first.first == m; });
  }

  std::vector<std::string> named(size_t m) const {
    std::vector<std::string> result;
    for (const auto& [cell, failure] : failures_) {
      if (cell.first != m || result.size() == kNamed) continue;
      result.push_back(failure.reason);
    }
    return result;
  }

  void check_limit(size_t m) const {
    const int64_t failed = count(m);
    if (static_cast<double>(failed) <= max_undecodable_ * static_cast<double>(streams_[m].cells)) return;
    throw Error(
        ErrorKind::data,
        fmt::format("split '{}', modality '{}': {} of {} cells do not decode, more than the allowed {:g} %: {}; "
                    "mend or empty these cells, or allow more with `max-undecodable`",
                    split_, infos_[m].name, failed, streams_[m].cells, 100 * max_undecodable_,
                    fmt::join(named(m), "; ")));
  }

  std::shared_ptr<const Manifest> manifest_;
  std::string split_;
  std::vector<Stream> streams_;
  double max_undecodable_;
  std::vector<ModalityInfo> infos_;                  // as streams_
  std::vector<size_t> rows_;                         // of the manifest
  mutable CellCache cache_;                          // in memory
  const std::shared_ptr<SampleCache> sample_cache_;  // on disk; may be null
  mutable std::mutex mutex_;
  mutable std::map<std::pair<size_t, int64_t>, DecodeFailure> failures_;  // by (modality, index)
};

std::vector<Stream> make_streams(const Manifest& manifest, const std::vector<std::string>& names) {
  std::vector<std::string> known;
  for (const ModalityEntry& entry : manifest.modalities) known.push_back(entry.name);
  std::vector<Stream> streams;
  std::set<std::string> seen;
  for (const std::string& name : names.empty() ? known : names) {
    const auto found = std::find(known.begin(), known.end(), name);
    if (found == known.end()) {
      throw Error(ErrorKind::usage, fmt::format("unknown modality '{}' of {}{}", name, manifest.directory.string(),
                                                suggestion(name, known)));
    }
    if (!seen.insert(name).second) throw Error(ErrorKind::usage, fmt::format("modality '{}' is asked for twice", name));
    const auto position = static_cast<size_t>(found - known.begin());
    streams.push_back({position, make_modality_type(manifest.modalities[position]), 0});
  }
  return streams;
}

// "train (120), test (40)".
std::string split_counts(const Manifest& manifest) {
  std::map<std::string, int64_t> counts;
  for (size_t i = 0; i < manifest.rows.size(); ++i) ++counts[manifest.rows.split(i)];
  std::vector<std::string> texts;
  for (const auto& [split, count] : counts) texts.push_back(fmt::format("{} ({})", split, count));
  return fmt::format("{}", fmt::join(texts, ", "));
}

}  // namespace

std::shared_ptr<const Dataset> open_split(const std::shared_ptr<const Manifest>& manifest, const std::string& split,
                                          const std::vector<std::string>& modalities, double max_undecodable,
                                          int64_t cache_bytes, std::shared_ptr<SampleCache> cache) {
  auto data = std::make_shared<MediaDataset>(manifest, split, make_streams(*manifest, modalities), max_undecodable,
                                             cache_bytes, std::move(cache));
  if (data->size() == 0) {
    throw Error(ErrorKind::data, fmt::format("{}: split '{}' has no samples; samples per split: {}{}",
                                             manifest->directory.string(), split, split_counts(*manifest),
                                             manifest->missing == "skip" ? " (with those that lack a modality and are "
                                                                           "skipped)"
                                                                         : ""));
  }
  return data;
}

}  // namespace pdmp::data

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/log.h"
#include "data/cache/sample_cache.h"
#include "data/manifest/manifest.h"
#include "data/types/modality_type.h"
#include "pdmp/error.h"
#include "pdmp/run.h"
#include "run/run_data.h"

namespace pdmp {
namespace {

// One data set after the other.
class Joined : public Dataset {
 public:
  Joined(std::shared_ptr<const Dataset> first, std::shared_ptr<const Dataset> second)
      : first_(std::move(first)), second_(std::move(second)) {}

  int64_t size() const override { return first_->size() + second_->size(); }
  const std::vector<ModalityInfo>& modalities() const override { return first_->modalities(); }
  const std::vector<std::string>& classes() const override { return first_->classes(); }
  int64_t live_class() const override { return first_->live_class(); }
  int64_t label(int64_t index) const override { return part(index).label(within(index)); }
  std::string id(int64_t index) const override { return part(index).id(within(index)); }
  Sample get(int64_t index, RandomStream* augment) const override { return part(index).get(within(index), augment); }
  std::vector<DecodeFailure> failures() const override {
    std::vector<DecodeFailure> all = first_->failures();
    const std::vector<DecodeFailure> more = second_->failures();
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

 private:
  const Dataset& part(int64_t index) const { return index < first_->size() ? *first_ : *second_; }
  int64_t within(int64_t index) const { return index < first_->size() ? index : index - first_->size(); }

  std::shared_ptr<const Dataset> first_, second_;
};

// The names asked for, in the manifest's order.
std::vector<std::string> chosen_modalities(const data::Manifest& manifest, const std::vector<std::string>& wanted) {
  std::vector<std::string> names, chosen;
  for (const data::ModalityEntry& entry : manifest.modalities) names.push_back(entry.name);
  for (const std::string& name : wanted) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    throw Error(ErrorKind::usage,
                fmt::format("`modalities`: {} has no modality '{}'{}", (manifest.directory / "dataset.json").string(),
                            name, suggestion(name, names)));
  }
  for (const std::string& name : names) {
    if (wanted.empty() || std::find(wanted.begin(), wanted.end(), name) != wanted.end()) chosen.push_back(name);
  }
  return chosen;
}

// Where the cells of a modality come from, in words.
std::string source_of(const data::ModalityEntry& entry) {
  if (!entry.path.empty()) return fmt::format("path '{}'", entry.path);
  if (!entry.columns.empty()) return fmt::format("columns {}", fmt::join(entry.columns, ", "));
  return fmt::format("column '{}'", entry.column);
}

bool has_cell(const data::Manifest& manifest, const std::string& split, size_t modality) {
  for (size_t r = 0; r < manifest.rows.size(); ++r) {
    if (manifest.rows.split(r) == split && !manifest.rows[r].cells[modality].empty()) return true;
  }
  return false;
}

// Nothing can be learned of a modality that no sample of train has. Elsewhere scores say nothing of it.
void report_empty_modalities(const data::Manifest& manifest, const DataOptions& options,
                             const std::vector<std::string>& modalities) {
  for (size_t m = 0; m < manifest.modalities.size(); ++m) {
    const data::ModalityEntry& entry = manifest.modalities[m];
    if (std::find(modalities.begin(), modalities.end(), entry.name) == modalities.end()) continue;
    for (const char* split : {"train", "val", "test"}) {
      if (!manifest.rows.has_split(split) || has_cell(manifest, split, m)) continue;
      const std::string found = fmt::format("{}: modality '{}': every cell of {} is empty in split '{}'",
                                            manifest.directory.string(), entry.name, source_of(entry), split);
      if (options.trains && split == std::string("train")) {
        throw Error(ErrorKind::data, found + "; fill some, or name the other modalities with `modalities`");
      }
      log_warning(found + "; scores there are without it");
    }
  }
}

// Null where none is asked for or none of the modalities would use it, or where it cannot be used: then everything is
// decoded as it is needed.
std::shared_ptr<data::SampleCache> open_cache(const DataOptions& options, const data::Manifest& manifest,
                                              const std::vector<std::string>& modalities) {
  if (options.cache.empty() || options.cache == "off") return nullptr;
  const auto uses = [&](const data::ModalityEntry& entry) {
    return std::find(modalities.begin(), modalities.end(), entry.name) != modalities.end() &&
           data::make_modality_type(entry)->uses_cache();
  };
  if (std::none_of(manifest.modalities.begin(), manifest.modalities.end(), uses)) return nullptr;
  try {
    return std::make_shared<data::SampleCache>(options.cache, data::cache_limit(options.cache_gib));
  } catch (const Error& error) {
    log_warning(fmt::format("`cache`: {}; this run goes on without", error.what()));
    return nullptr;
  }
}

TrainingData open_splits(const DataOptions& options, const std::shared_ptr<const data::Manifest>& manifest) {
  const std::vector<std::string> modalities = chosen_modalities(*manifest, options.modalities);
  report_empty_modalities(*manifest, options, modalities);
  const std::shared_ptr<data::SampleCache> cache = open_cache(options, *manifest, modalities);
  const auto open = [&](const std::string& split) -> std::shared_ptr<const Dataset> {
    // A training split must be there: open_split says so where it is not.
    if (split != "train" && !manifest->rows.has_split(split)) return nullptr;
    return data::open_split(manifest, split, modalities, options.max_undecodable, data::kCacheBytes, cache);
  };
  return {.train = open("train"), .val = open("val"), .test = open("test")};
}

// Samples in memory, of the modalities asked for.
TrainingData with_modalities(const DataOptions& options) {
  TrainingData data = options.in_memory;
  if (options.modalities.empty()) return data;
  for (std::shared_ptr<const Dataset>* split : {&data.train, &data.val, &data.test}) {
    if (*split) *split = select_modalities(*split, options.modalities);
  }
  return data;
}

}  // namespace

runs::RunData::RunData(const DataOptions& options, uint64_t seed) : options_(options) {
  if (options.in_memory.train) return;
  if (options.data.empty()) throw Error(ErrorKind::usage, "`data` is missing: name the folder of dataset.json");
  manifest_ = std::make_shared<const data::Manifest>(data::read_manifest(options.data, seed, options.files));
}

TrainingData runs::RunData::open() const {
  TrainingData data = manifest_ ? open_splits(options_, manifest_) : with_modalities(options_);
  if (options_.val == "none" && data.val) {
    data.train = std::make_shared<Joined>(data.train, data.val);
    data.val = nullptr;
  }
  return data;
}

TrainingData load_data(const DataOptions& options, uint64_t seed) { return runs::RunData(options, seed).open(); }

}  // namespace pdmp

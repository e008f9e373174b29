// data.json of a run directory: written when the run begins, compared when it goes on.
#include "run/run_data.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/files/file.h"
#include "pdmp/error.h"
#include "train/files/layout.h"

namespace pdmp::runs {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFile = training::run_layout::kData;

data::ContentHash read_content_hash(const fs::path& file) {
  return data::content_hash_from(read_json(file), file.string());
}

std::vector<std::string> used_modalities(const RunOptions& options, const data::ContentHash& before,
                                         const data::ContentHash& now) {
  if (!options.data.modalities.empty()) return options.data.modalities;
  std::vector<std::string> names;
  for (const auto& [name, modality] : now.modalities) names.push_back(name);
  for (const auto& [name, modality] : before.modalities) {
    if (!now.modalities.contains(name)) names.push_back(name);
  }
  return names;
}

}  // namespace

data::ContentHash RunData::hash() const {
  return manifest_ ? data::content_hash(*manifest_) : data::content_hash(options_.in_memory);
}

std::string RunData::name() const { return manifest_ ? manifest_->directory.string() : "samples in memory"; }

void RunData::expect_same(const RunOptions& options, const ResumeAdvice& advice) const {
  const fs::path file = fs::path(options.run) / kFile;
  if (!options.resume || !fs::exists(file)) return;
  const data::ContentHash before = read_content_hash(file), now = hash();
  const auto changes = data::content_changes(before, now, manifest_.get(), used_modalities(options, before, now));
  if (changes.empty()) return;
  throw Error(ErrorKind::data,
              fmt::format("{}: expected the data that {} began with, found others in {}: {}; bring back the old "
                          "data, or choose {}",
                          advice.option, options.run, name(), fmt::join(changes, "; "), advice.other));
}

void RunData::keep_hash(const fs::path& run) const {
  const fs::path file = run / kFile;
  if (!fs::exists(file)) write_json(file, data::to_json(hash()));
}

ModelDescription RunData::describe(const Dataset& train, bool hides) const {
  if (!manifest_) return describe_model(train);
  ModelDescription description = describe_model(train, manifest_->directory);
  description.lacked = lacked_modalities(*manifest_, description.modalities, options_.val == "none", hides);
  return description;
}

void SameData::expect(const RunOptions& options) {
  const fs::path folder = options.data.data;
  if (!options.resume || !fs::exists(fs::path(options.run) / kFile) || !fs::exists(folder / "dataset.json")) return;
  auto& data = data_[{options.data.data, options.train.seed}];
  if (!data) data = std::make_shared<const RunData>(DataOptions(options.data.data), options.train.seed);
  data->expect_same(options, advice_);
}

bool made_of_same_samples(const fs::path& directory, const RunData& data) {
  const fs::path file = directory / kFile;
  return !fs::exists(file) || read_content_hash(file).samples == data.hash().samples;
}

}  // namespace pdmp::runs

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

constexpr const char* kFile = train::run_layout::kData;

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

void expect_same_data(const RunOptions& options, const data::Manifest& manifest, const ResumeAdvice& advice) {
  const fs::path file = fs::path(options.run) / kFile;
  if (!options.resume || !fs::exists(file)) return;
  const data::ContentHash before = read_content_hash(file), now = data::content_hash(manifest);
  const auto changes = data::content_changes(before, now, manifest, used_modalities(options, before, now));
  if (changes.empty()) return;
  throw Error(
      ErrorKind::data,
      fmt::format("{}: expected the data that {} began with, found others in {}: {}; bring back the old "
                  "data, or choose {}",
                  advice.flag, options.run, manifest.directory.string(), fmt::join(changes, "; "), advice.other));
}

void SameData::expect(const RunOptions& options) {
  const fs::path folder = options.data.data;
  if (!options.resume || !fs::exists(fs::path(options.run) / kFile) || !fs::exists(folder / "dataset.json")) return;
  auto& manifest = manifests_[{options.data.data, options.train.seed}];
  if (!manifest) {
    manifest =
        std::make_shared<const data::Manifest>(data::read_manifest(folder, static_cast<uint64_t>(options.train.seed)));
  }
  expect_same_data(options, *manifest, advice_);
}

void keep_content_hash(const fs::path& run, const data::Manifest& manifest) {
  const fs::path file = run / kFile;
  if (!fs::exists(file)) write_json(file, data::to_json(data::content_hash(manifest)));
}

bool made_of_same_samples(const fs::path& directory, const data::Manifest& manifest) {
  const fs::path file = directory / kFile;
  return !fs::exists(file) || read_content_hash(file).samples == data::content_hash(manifest).samples;
}

}  // namespace pdmp::runs

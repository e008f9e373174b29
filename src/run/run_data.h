// Whether a run goes on with the data it began with: data.json of its directory (data/loader/content_hash.h).
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "data/loader/content_hash.h"
#include "pdmp/run.h"
#include "run/files/resume_advice.h"

namespace pdmp::runs {

// load_data in its two steps.
std::shared_ptr<const data::Manifest> load_manifest(const DataOptions& options, uint64_t seed);
TrainingData load_splits(const DataOptions& options, const std::shared_ptr<const data::Manifest>& manifest);

// Error{data} that says what changed, where --resume goes on with a run of other data. A run without data.json passes.
void expect_same_data(const RunOptions& options, const data::Manifest& manifest, const ResumeAdvice& advice = {});

// The same for many runs of one data set, which is read once a seed. Passes where the data set is not there: what is
// finished needs none.
class SameData {
 public:
  explicit SameData(ResumeAdvice advice = {}) : advice_(std::move(advice)) {}
  void expect(const RunOptions& options);

 private:
  ResumeAdvice advice_;
  std::map<std::pair<std::string, int64_t>, std::shared_ptr<const data::Manifest>> manifests_;
};

// Writes data.json where there is none.
void keep_content_hash(const std::filesystem::path& run, const data::Manifest& manifest);

// Whether the run in `directory` was made of the samples of `manifest`, whichever are for validation; true where it
// does not say.
bool made_of_same_samples(const std::filesystem::path& directory, const data::Manifest& manifest);

}  // namespace pdmp::runs

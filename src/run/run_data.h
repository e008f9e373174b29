// Whether a run goes on with the data it began with: data.json of its directory (data/loader/content_hash.h).
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "data/loader/content_hash.h"
#include "pdmp/run.h"
#include "run/files/model_description.h"
#include "run/files/resume_advice.h"

namespace pdmp::runs {

// The data of one run: a data set in a folder, or samples in memory.
class RunData {
 public:
  // Reads the manifest. Error{usage}, {data}, {io} as load_data.
  RunData(const DataOptions& options, uint64_t seed);
  explicit RunData(std::shared_ptr<const data::Manifest> manifest) : manifest_(std::move(manifest)) {}

  TrainingData open() const;  // chosen modalities and splits
  data::ContentHash hash() const;
  std::string name() const;  // folder, or "samples in memory"
  // Error{data} that says what changed, where --resume goes on with a run of other data. A run without data.json
  // passes.
  void expect_same(const RunOptions& options, const ResumeAdvice& advice = {}) const;
  void keep_hash(const std::filesystem::path& run) const;  // writes data.json where there is none
  // `train`: that of `open`. `hides`: the training hides modalities on purpose.
  ModelDescription describe(const Dataset& train, bool hides) const;

 private:
  DataOptions options_;
  std::shared_ptr<const data::Manifest> manifest_;  // null: in memory
};

// The same for many runs of one data set, which is read once a seed. Passes where the data set is not there: what is
// finished needs none.
class SameData {
 public:
  explicit SameData(ResumeAdvice advice = {}) : advice_(std::move(advice)) {}
  void expect(const RunOptions& options);

 private:
  ResumeAdvice advice_;
  std::map<std::pair<std::string, int64_t>, std::shared_ptr<const RunData>> data_;
};

// Whether the run in `directory` was made of these samples, whichever are for validation; true where it does not say.
bool made_of_same_samples(const std::filesystem::path& directory, const RunData& data);

}  // namespace pdmp::runs

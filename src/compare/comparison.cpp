#include "compare/comparison.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sstream>

#include "base/file.h"
#include "base/json_fields.h"
#include "pdmp/error.h"
#include "run/predictions.h"
#include "run/summary.h"

namespace pdmp {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kBootstrapSeed = 0;  // one for all pairs: they are judged on the same resamples

// What is needed of a row's runs beside the row itself, per seed.
struct RowRuns {
  Hits hits;
  std::vector<Beginning> beginnings;
};

[[noreturn]] void fail(const fs::path& file, const std::string& message) {
  throw Error(ErrorKind::data, fmt::format("{}: {}", file.string(), message));
}

// The test samples of the first run that was read; all others must have the same.
class TestSamples {
 public:
  // Which of them the run in `directory` got right.
  std::vector<uint8_t> hits(const fs::path& directory) {
    const fs::path file = directory / "predictions.csv";
    std::vector<Prediction> read = read_predictions(file, "test");
    if (read.empty()) fail(file, "expected predictions of test samples, found none");
    if (samples_.empty()) {
      first_ = file;
      samples_ = read;
    }
    check(read, file);
    std::vector<uint8_t> result;
    for (const Prediction& one : read) result.push_back(one.label == one.prediction ? 1 : 0);
    return result;
  }

 private:
  void check(const std::vector<Prediction>& read, const fs::path& file) const {
    constexpr const char* kAdvice = "; runs are compared on the same test samples only: train again what is older";
    if (read.size() != samples_.size()) {
      fail(file, fmt::format("expected the {} test samples of {}, found {}{}", samples_.size(), first_.string(),
                             read.size(), kAdvice));
    }
    for (size_t i = 0; i < read.size(); ++i) {
      if (read[i].id == samples_[i].id && read[i].label == samples_[i].label) continue;
      fail(file, fmt::format("expected '{}' ({}) as test sample {}, as in {}, found '{}' ({}){}", samples_[i].id,
                             samples_[i].label, i + 1, first_.string(), read[i].id, read[i].label, kAdvice));
    }
  }

  fs::path first_;
  std::vector<Prediction> samples_;
};

struct Timing {
  double epoch_seconds = 0;  // mean; 0 where nothing is known
  int64_t peak_memory = 0;
};

Timing read_timing(const fs::path& file) {
  std::istringstream lines(read_file(file));
  std::string line;
  Timing timing;
  int64_t epochs = 0;
  while (std::getline(lines, line)) {
    try {
      const nlohmann::json value = parse_json(line);
      const JsonFields fields(value, fmt::format("{}:{}", file.string(), epochs + 1),
                              "it is not the timing of an epoch");
      timing.epoch_seconds += fields.get<double>("train_seconds");
      timing.peak_memory = std::max(timing.peak_memory, fields.get<int64_t>("peak_memory_bytes"));
    } catch (const JsonFault& fault) {
      fail(fmt::format("{}:{}", file.string(), epochs + 1),
           fmt::format("not the timing of an epoch: {}", fault.what()));
    }
    ++epochs;
  }
  if (epochs > 0) timing.epoch_seconds /= static_cast<double>(epochs);
  return timing;
}

void add_scores(ComparisonRow& row, const RunSummary& summary, const fs::path& file) {
  if (!summary.test) fail(file, "expected scores of the test split, found none");
  if (summary.modalities != row.modalities) {
    fail(file, fmt::format("expected a model of {}, found one of {}", fmt::join(row.modalities, ", "),
                           fmt::join(summary.modalities, ", ")));
  }
  const Evaluation& test = *summary.test;
  row.accuracy.push_back(test.accuracy);
  row.macro_f1.push_back(test.macro_f1);
  row.calibration_error.push_back(test.calibration_error);
  if (summary.val) row.validation_accuracy.push_back(summary.val->accuracy);
  const std::vector<double> shares = test.shares();
  for (size_t m = 0; m < row.modalities.size(); ++m) {
    row.branch_accuracy[m].push_back(test.unimodal_accuracy[m]);
    row.dependency[m].push_back(shares[m]);
  }
}

RowRuns read_runs(ComparisonRow& row, const std::vector<uint64_t>& seeds, TestSamples& samples) {
  if (row.runs.size() != seeds.size()) {
    throw Error(ErrorKind::data,
                fmt::format("{}: expected {} runs, one a seed, found {}", row.name, seeds.size(), row.runs.size()));
  }
  row.branch_accuracy.resize(row.modalities.size());
  row.dependency.resize(row.modalities.size());
  RowRuns runs;
  for (size_t s = 0; s < seeds.size(); ++s) {
    const fs::path directory = row.runs[s];
    const RunSummary summary = read_summary(directory);
    if (summary.seed != seeds[s]) {
      fail(directory / "summary.json", fmt::format("expected seed {}, found {}", seeds[s], summary.seed));
    }
    add_scores(row, summary, directory / "summary.json");
    for (const char* name : {"timing.jsonl", "predictions.csv"}) check_run_file(directory, name);
    const Timing timing = read_timing(directory / "timing.jsonl");
    row.epoch_seconds.push_back(timing.epoch_seconds);
    row.peak_memory.push_back(timing.peak_memory);
    runs.hits.push_back(samples.hits(directory));
    runs.beginnings.push_back(summary.beginning);
  }
  return runs;
}

void check_beginning(const ComparisonRow& row, const RowRuns& runs, const ComparisonRow& first,
                     const RowRuns& first_runs) {
  for (size_t s = 0; s < row.runs.size(); ++s) {
    const Beginning &own = runs.beginnings[s], &expected = first_runs.beginnings[s];
    const bool weights = own.encoders == expected.encoders;
    if (weights && own.batches == expected.batches) continue;
    fail(row.runs[s], fmt::format("began with other {} than {}, so that more than the method differs; remove the older "
                                  "of the two and compare again",
                                  weights ? "batches" : "encoder weights", first.runs[s]));
  }
}

// Everything that is said of a row beside others of its fusion. `members`: the rows of one fusion, without n/a.
class FusionRows {
 public:
  FusionRows(Comparison& comparison, const std::vector<RowRuns>& runs, std::vector<size_t> members)
      : comparison_(comparison), runs_(runs), members_(std::move(members)) {}

  void check(const std::vector<std::string>& other_batches) const {
    std::optional<size_t> first;
    for (const size_t i : members_) {
      const ComparisonRow& row = comparison_.rows[i];
      if (std::find(other_batches.begin(), other_batches.end(), row.name) != other_batches.end()) continue;
      if (!first) first = i;
      check_beginning(row, runs_[i], comparison_.rows[*first], runs_[*first]);
    }
  }

  void rank() {
    std::vector<double> hits;  // whole numbers: the same for the same mean accuracy
    for (const size_t i : members_) {
      double sum = 0;
      for (const std::vector<uint8_t>& seed : runs_[i].hits) {
        sum += static_cast<double>(std::count(seed.begin(), seed.end(), 1));
      }
      hits.push_back(sum);
    }
    const std::vector<double> places = ranks(hits);
    const auto highest = std::max_element(hits.begin(), hits.end());
    const size_t best = members_[static_cast<size_t>(highest - hits.begin())];
    for (size_t k = 0; k < members_.size(); ++k) {
      ComparisonRow& row = comparison_.rows[members_[k]];
      row.rank = places[k];
      row.best = hits[k] == *highest;
      const Difference behind = difference(best, members_[k]);
      row.indistinguishable = row.best || (behind.low <= 0 && behind.high >= 0);
    }
  }

  void compare_with_reference() {
    std::vector<size_t> others;
    std::optional<size_t> reference;
    for (const size_t i : members_) {
      if (comparison_.rows[i].name == comparison_.reference) {
        reference = i;
      } else {
        others.push_back(i);
      }
    }
    if (!reference) return;
    const double reference_seconds = mean_sd(comparison_.rows[*reference].epoch_seconds).mean;
    for (const size_t i : others) {
      ComparisonRow& row = comparison_.rows[i];
      row.difference = difference(*reference, i);
      for (size_t s = 0; s < row.runs.size(); ++s) {
        row.mcnemar.push_back(mcnemar(runs_[*reference].hits[s], runs_[i].hits[s]));
      }
      row.mcnemar_holm.resize(row.runs.size());
      if (reference_seconds > 0) row.relative_time = mean_sd(row.epoch_seconds).mean / reference_seconds;
    }
    correct(
        others, [](const ComparisonRow& row) { return row.difference->p; },
        [](ComparisonRow& row, double p) { row.p_holm = p; });
    for (size_t s = 0; s < comparison_.seeds.size(); ++s) {
      correct(
          others, [s](const ComparisonRow& row) { return row.mcnemar[s].p; },
          [s](ComparisonRow& row, double p) { row.mcnemar_holm[s] = p; });
    }
  }

 private:
  Difference difference(size_t reference, size_t other) const {
    return paired_bootstrap(runs_[reference].hits, runs_[other].hits, comparison_.resamples, kBootstrapSeed);
  }

  // One family of tests: what `p` says of each of the rows, corrected for there being several.
  template <class P, class Set>
  void correct(const std::vector<size_t>& rows, P p, Set set) {
    std::vector<double> values;
    for (const size_t i : rows) values.push_back(p(comparison_.rows[i]));
    const std::vector<double> corrected = holm(values);
    for (size_t k = 0; k < rows.size(); ++k) set(comparison_.rows[rows[k]], corrected[k]);
  }

  Comparison& comparison_;
  const std::vector<RowRuns>& runs_;
  std::vector<size_t> members_;
};

}  // namespace

void complete(Comparison& comparison, const std::vector<std::string>& other_batches) {
  TestSamples samples;
  std::vector<RowRuns> runs(comparison.rows.size());
  std::vector<std::string> fusions;
  for (size_t i = 0; i < runs.size(); ++i) {
    ComparisonRow& row = comparison.rows[i];
    if (!row.has_scores()) continue;
    runs[i] = read_runs(row, comparison.seeds, samples);
    const bool known = std::find(fusions.begin(), fusions.end(), row.fusion) != fusions.end();
    if (!row.fusion.empty() && !known) fusions.push_back(row.fusion);
  }
  for (const std::string& fusion : fusions) {
    std::vector<size_t> members;
    for (size_t i = 0; i < runs.size(); ++i) {
      const ComparisonRow& row = comparison.rows[i];
      if (row.fusion == fusion && row.has_scores()) members.push_back(i);
    }
    FusionRows judged(comparison, runs, std::move(members));
    judged.check(other_batches);
    judged.rank();
    judged.compare_with_reference();
  }
}

}  // namespace pdmp

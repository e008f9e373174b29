// Reads what the runs of a comparison left.
#include "compare/comparison.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <functional>
#include <set>
#include <sstream>

#include "base/files/digest.h"
#include "base/files/file.h"
#include "base/text/json_fields.h"
#include "compare/judgement.h"
#include "pdmp/error.h"
#include "run/files/predictions.h"
#include "run/files/summary.h"
#include "train/files/layout.h"

namespace pdmp::comparing {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& file, const std::string& message) {
  throw Error(ErrorKind::data, fmt::format("{}: {}", file.string(), message));
}

// The test samples of the first run that was read; all others must have the same.
class TestSamples {
 public:
  // Which of them the run in `directory` got right.
  std::vector<uint8_t> hits(const fs::path& directory) {
    const fs::path file = directory / training::run_layout::kPredictions;
    std::vector<runs::Prediction> read = runs::read_predictions(file, "test");
    if (read.empty()) fail(file, "expected predictions of test samples, found none");
    if (samples_.empty()) {
      first_ = file;
      samples_ = read;
    }
    check(read, file);
    std::vector<uint8_t> result;
    for (const runs::Prediction& one : read) result.push_back(one.label == one.prediction ? 1 : 0);
    return result;
  }

 private:
  void check(const std::vector<runs::Prediction>& read, const fs::path& file) const {
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
  std::vector<runs::Prediction> samples_;
};

struct Timing {
  double epoch_seconds = 0;  // mean; 0 where nothing is known
  int64_t peak_memory = 0;
};

// Hands every line of a file of JSON Lines to `use`. `what` ("the timing of an epoch") is for the message.
void for_each_line(const fs::path& file, const std::string& what, const std::function<void(const JsonFields&)>& use) {
  std::istringstream lines(read_file(file));
  std::string line;
  for (int64_t number = 1; std::getline(lines, line); ++number) {
    const std::string where = fmt::format("{}:{}", file.string(), number);
    try {
      const nlohmann::json value = parse_json(line);
      use(JsonFields(value, where, "it is not " + what));
    } catch (const JsonFault& fault) {
      fail(where, fmt::format("not {}: {}", what, fault.what()));
    }
  }
}

Timing read_timing(const fs::path& file) {
  Timing timing;
  int64_t epochs = 0;
  for_each_line(file, "the timing of an epoch", [&](const JsonFields& fields) {
    timing.epoch_seconds += fields.get<double>("train_seconds");
    timing.peak_memory = std::max(timing.peak_memory, fields.get<int64_t>("peak_memory_bytes"));
    ++epochs;
  });
  if (epochs > 0) timing.epoch_seconds /= static_cast<double>(epochs);
  return timing;
}

// Equal for two runs only where they went the same way: what the selected weights say of every sample, their losses,
// and the training loss of every epoch, which differs from the first step on that another method touches.
std::string trace_of(const fs::path& directory, const TrainingRun& summary) {
  std::string trace = digest_of(read_file(directory / training::run_layout::kPredictions));
  for (const auto& scores : {summary.test, summary.val}) {
    if (scores) trace += fmt::format(" {}", scores->loss());
  }
  for_each_line(directory / training::run_layout::kMetrics, "the numbers of a step or an epoch",
                [&](const JsonFields& fields) {
                  if (fields.get<std::string>("kind") == "epoch")
                    trace += fmt::format(" {}", fields.number_or_nan("train/loss"));
                });
  return trace;
}

void add_scores(ComparisonRow& row, const TrainingRun& summary, const fs::path& file) {
  if (!summary.test) fail(file, "expected scores of the test split, found none");
  if (summary.modalities != row.modalities) {
    fail(file, fmt::format("expected a model of {}, found one of {}", fmt::join(row.modalities, ", "),
                           fmt::join(summary.modalities, ", ")));
  }
  const Evaluation& test = *summary.test;
  for (const auto& [metric, score] : test.scores) row.scores[metric].push_back(score);
  if (summary.val) row.validation_accuracy.push_back(summary.val->accuracy());
  const std::vector<double> shares = test.shares();
  for (size_t m = 0; m < row.modalities.size(); ++m) {
    row.branch_accuracy[m].push_back(test.unimodal_accuracy[m]);
    row.dependency[m].push_back(shares[m]);
  }
}

RowRuns read_runs(ComparisonRow& row, const std::vector<uint64_t>& seeds, const Metric& metric, TestSamples& samples) {
  if (row.runs.size() != seeds.size()) {
    throw Error(ErrorKind::data,
                fmt::format("{}: expected {} runs, one a seed, found {}", row.name, seeds.size(), row.runs.size()));
  }
  row.branch_accuracy.resize(row.modalities.size());
  row.dependency.resize(row.modalities.size());
  RowRuns runs;
  for (size_t s = 0; s < seeds.size(); ++s) {
    const fs::path directory = row.runs[s];
    const TrainingRun summary = read_summary(directory);
    if (summary.seed != seeds[s]) {
      fail(directory / training::run_layout::kSummary,
           fmt::format("expected seed {}, found {}", seeds[s], summary.seed));
    }
    add_scores(row, summary, directory / training::run_layout::kSummary);
    for (const char* name :
         {training::run_layout::kMetrics, training::run_layout::kTiming, training::run_layout::kPredictions})
      runs::check_run_file(directory, name);
    const Timing timing = read_timing(directory / training::run_layout::kTiming);
    row.epoch_seconds.push_back(timing.epoch_seconds);
    row.peak_memory.push_back(timing.peak_memory);
    runs.hits.push_back(samples.hits(directory));
    runs.beginnings.push_back(summary.beginning);
    runs.traces.push_back(trace_of(directory, summary));
    runs.test_merit += metric.merit(summary.test->score(metric.name));
    if (summary.val) runs.validation_merit += metric.merit(summary.val->score(metric.name));
    if (summary.val)
      runs.validation_hits += std::llround(summary.val->accuracy() * static_cast<double>(summary.val->n));
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

// Rows with runs on one fusion must have begun alike.
void check_fusion(const Comparison& comparison, const std::vector<RowRuns>& runs, const std::string& fusion,
                  const std::vector<std::string>& other_batches) {
  std::optional<size_t> first;
  for (size_t i = 0; i < runs.size(); ++i) {
    const ComparisonRow& row = comparison.rows[i];
    if (row.fusion != fusion || !row.has_scores()) continue;
    if (std::find(other_batches.begin(), other_batches.end(), row.name) != other_batches.end()) continue;
    if (!first) first = i;
    check_beginning(row, runs[i], comparison.rows[*first], runs[*first]);
  }
}

}  // namespace

std::vector<const Metric*> shown_metrics(const Comparison& comparison, MetricPlace least) {
  std::vector<const Metric*> shown;
  for (const Metric& metric : metric_table()) {
    const bool is_there = std::any_of(comparison.rows.begin(), comparison.rows.end(),
                                      [&](const ComparisonRow& row) { return !row.score(metric.name).empty(); });
    if (is_there && metric.place <= least) shown.push_back(&metric);
  }
  return shown;
}

std::string test_heading(const Metric& metric) {
  return (metrics::is_accuracy(metric) ? "test " : "") + std::string(metric.heading);
}

std::string mean_text(const std::vector<double>& values) {
  if (values.empty()) return "";
  const metrics::MeanSd summary = metrics::mean_sd(values);
  if (std::isnan(summary.mean)) return "-";
  return values.size() == 1 ? fmt::format("{:.3f}", summary.mean)
                            : fmt::format("{:.3f} ± {:.3f}", summary.mean, summary.sd);
}

nlohmann::json mean_json(const std::vector<double>& values) {
  if (values.empty()) return nullptr;
  const metrics::MeanSd summary = metrics::mean_sd(values);
  return {{"mean", summary.mean}, {"sd", summary.sd}, {"values", values}};
}

bool is_unimodal(const ComparisonRow& row) { return row.fusion.empty(); }

void complete(Comparison& comparison, const std::vector<std::string>& other_batches) {
  TestSamples samples;
  std::vector<RowRuns> runs(comparison.rows.size());
  std::set<std::string> fusions;
  for (size_t i = 0; i < runs.size(); ++i) {
    ComparisonRow& row = comparison.rows[i];
    if (!row.has_scores()) continue;
    runs[i] = read_runs(row, comparison.seeds, find_metric(comparison.select_metric), samples);
    if (!is_unimodal(row)) fusions.insert(row.fusion);
  }
  for (const std::string& fusion : fusions) check_fusion(comparison, runs, fusion, other_batches);
  judge(comparison, runs);
}

}  // namespace pdmp::comparing

#include "compare/execute/comparison_cost.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

#include "base/progress.h"
#include "train/files/layout.h"

namespace pdmp::comparing {
namespace {

namespace fs = std::filesystem;

std::string size_text(int64_t bytes) {
  constexpr int64_t kMebi = int64_t{1} << 20, kGibi = int64_t{1} << 30;
  const auto value = static_cast<double>(bytes);
  return bytes < kGibi ? fmt::format("{:.1f} MiB", value / kMebi) : fmt::format("{:.2f} GiB", value / kGibi);
}

// What share of the joint model a run trains: all modalities one after the other are one joint model.
double share_of(const RunOptions& run, const TrainingData& data) {
  return run.data.modalities.size() == 1 ? 1.0 / static_cast<double>(data.train->modalities().size()) : 1;
}

// An epoch, for each sample as long as in the trial with steps of `step_samples`, times what the method's step takes of
// joint's (docs/methods.md).
double epoch_seconds(const RunOptions& run, const TrainingData& data, const runs::TrialCost& trial,
                     int64_t step_samples) {
  const double sample = trial.step_seconds / static_cast<double>(step_samples);
  const double training = sample * static_cast<double>(data.train->size()) * find_method(run.method.name()).step_factor;
  return (training + trial.evaluation_seconds) * share_of(run, data);
}

runs::RunDisk disk_of(const RunOptions& run, const TrainingData& data, runs::TrialCost trial) {
  const double share = share_of(run, data);
  trial.weight_bytes = std::llround(share * static_cast<double>(trial.weight_bytes));
  trial.state_bytes = std::llround(share * static_cast<double>(trial.state_bytes));
  return runs::disk_of_run(run, data, trial);
}

// The trainings of a comparison, added up one by one.
class Sum {
 public:
  Sum(ComparisonCost& cost, const RunOptions& run, const TrainingData& data)
      : cost_(cost), step_samples_(run.train.step_samples()), data_(data) {}

  void add(const std::vector<GridRun>& runs) {
    for (const GridRun& run : runs) add(run);
  }

  void finish() {
    const int64_t jobs = cost_.plan.jobs;
    cost_.seconds = std::max(longest_, total_ / static_cast<double>(jobs));
    cost_.disk_peak_bytes = cost_.disk_bytes + jobs * extra_;
    cost_.memory_bytes = jobs * cost_.trial.peak_bytes;
  }

 private:
  void add(const GridRun& run) {
    const runs::RunDisk disk = disk_of(run.options, data_, cost_.trial);
    cost_.disk_bytes += disk.finished;
    if (training::run_layout::is_finished(run.options.run)) {
      ++cost_.finished;
      return;
    }
    const double seconds = cost_.trial.start_seconds + epoch_seconds(run.options, data_, cost_.trial, step_samples_) *
                                                           static_cast<double>(run.options.train.epochs);
    extra_ = std::max(extra_, disk.training - disk.finished);
    total_ += seconds;
    longest_ = std::max(longest_, seconds);
  }

  ComparisonCost& cost_;
  int64_t step_samples_;
  const TrainingData& data_;
  int64_t extra_ = 0;  // bytes that a run needs while it trains and not afterwards
  double total_ = 0, longest_ = 0;
};

// At most: it may stop early.
double seconds_of_analysis(const Grid& grid, RunOptions run, const TrainingData& data, const runs::TrialCost& trial) {
  if (!grid.needs_ranking || fs::exists(grid.methods.at(0).options.analysis_file)) return 0;
  const int64_t epochs = run.analysis.epochs > 0 ? run.analysis.epochs : run.train.epochs;
  run.method = "joint";
  return epoch_seconds(run, data, trial, run.train.step_samples()) * static_cast<double>(epochs) *
         run.analysis.subset.front();
}

int64_t trainings(const ComparisonCost& cost) { return cost.alone + cost.methods + cost.search; }

}  // namespace

ComparisonCost cost_of(const Grid& grid, const std::vector<GridRun>& search, const RunOptions& run,
                       const TrainingData& data, const ResourcePlan& plan, const runs::TrialCost& trial) {
  ComparisonCost cost;
  cost.plan = plan;
  cost.trial = trial;
  cost.alone = static_cast<int64_t>(grid.alone.size());
  cost.methods = static_cast<int64_t>(grid.methods.size());
  cost.search = static_cast<int64_t>(search.size());
  Sum sum(cost, run, data);
  for (const auto* runs : {&grid.alone, &grid.methods, &search}) sum.add(*runs);
  sum.finish();
  const auto& rows = grid.comparison.rows;
  cost.not_applicable =
      std::count_if(rows.begin(), rows.end(), [](const ComparisonRow& row) { return !row.refusal.empty(); });
  cost.analysis_seconds = seconds_of_analysis(grid, run, data, trial);
  cost.cache_gib = run.data.cache == "off" ? 0 : run.data.cache_gib;
  return cost;
}

std::string cost_text(const ComparisonCost& cost) {
  std::string text =
      fmt::format("trainings   {} of one modality, {} of methods, {} of a search; {} of these {} are finished\n",
                  cost.alone, cost.methods, cost.search, cost.finished, trainings(cost));
  if (cost.not_applicable > 0) {
    text += fmt::format("            rows that are n/a, without trainings: {}\n", cost.not_applicable);
  }
  text += fmt::format("time        about {}: trainings at once {}, threads of each {}, precision {}\n",
                      format_duration(cost.seconds), cost.plan.jobs, cost.plan.threads, cost.plan.precision);
  if (cost.analysis_seconds > 0) {
    text += fmt::format("            at most about {} of modality analysis before it\n",
                        format_duration(cost.analysis_seconds));
  }
  text += fmt::format("disk        about {} in the end, {} while it trains\n", size_text(cost.disk_bytes),
                      size_text(cost.disk_peak_bytes));
  if (cost.cache_gib > 0) {
    text += fmt::format("            and decoded samples, at most {:g} GiB (--cache-gib)\n", cost.cache_gib);
  }
  text += fmt::format("memory      about {}\n", size_text(cost.memory_bytes));
  return text + fmt::format(
                    "Time, disk and memory are estimates from {} steps of joint ({:.3g} s each); other methods "
                    "take as much longer as docs/methods.md says of their step. Nothing was written.\n",
                    cost.trial.steps, cost.trial.step_seconds);
}

nlohmann::json cost_json(const ComparisonCost& cost) {
  return {{"format_version", 1},
          {"estimate", true},
          {"trainings",
           {{"alone", cost.alone},
            {"methods", cost.methods},
            {"search", cost.search},
            {"total", trainings(cost)},
            {"finished", cost.finished},
            {"not_applicable", cost.not_applicable}}},
          {"jobs", cost.plan.jobs},
          {"threads", cost.plan.threads},
          {"precision", cost.plan.precision},
          {"seconds", cost.seconds},
          {"analysis_seconds", cost.analysis_seconds},
          {"disk_bytes", cost.disk_bytes},
          {"disk_peak_bytes", cost.disk_peak_bytes},
          {"cache_limit_gib", cost.cache_gib},
          {"memory_bytes", cost.memory_bytes},
          {"trial", {{"method", "joint"}, {"steps", cost.trial.steps}, {"step_seconds", cost.trial.step_seconds}}}};
}

}  // namespace pdmp::comparing

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/table.h"
#include "optim/optimizers.h"

namespace pdmp {
namespace {

double constant_factor(const OptimizerOptions&, int64_t, int64_t) { return 1; }

double step_factor(const OptimizerOptions& options, int64_t epoch, int64_t) {
  const auto passed = std::count_if(options.schedule_epochs.begin(), options.schedule_epochs.end(),
                                    [&](double start) { return static_cast<double>(epoch) >= start; });
  return std::pow(options.schedule_factor, static_cast<double>(passed));
}

double cosine_factor(const OptimizerOptions& options, int64_t epoch, int64_t epochs) {
  const auto length = static_cast<double>(std::max<int64_t>(1, epochs - options.warmup_epochs));
  const auto done = static_cast<double>(std::max<int64_t>(0, epoch - options.warmup_epochs));
  const double height = 0.5 * (1 + std::cos(std::numbers::pi * std::min(1.0, done / length)));
  return options.schedule_floor + (1 - options.schedule_floor) * height;
}

struct ScheduleInfo {
  const char* name;
  double (*factor)(const OptimizerOptions& options, int64_t epoch, int64_t epochs);
};

const std::vector<ScheduleInfo>& schedule_table() {
  static const std::vector<ScheduleInfo> table = {
      {"constant", constant_factor}, {"step", step_factor}, {"cosine", cosine_factor}};
  return table;
}

}  // namespace

std::vector<std::string> optim::schedule_names() { return row_names(schedule_table()); }

double schedule_factor(const OptimizerOptions& options, int64_t epoch, int64_t epochs) {
  const double warmup =
      epoch < options.warmup_epochs ? static_cast<double>(epoch + 1) / static_cast<double>(options.warmup_epochs) : 1;
  return warmup * get_row(schedule_table(), options.schedule, "unknown schedule").factor(options, epoch, epochs);
}

}  // namespace pdmp

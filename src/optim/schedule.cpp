#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <numbers>

#include "optim/optimizers.h"
#include "pdmp/error.h"

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

std::vector<std::string> schedule_names() {
  std::vector<std::string> names;
  for (const ScheduleInfo& info : schedule_table()) names.emplace_back(info.name);
  return names;
}

double schedule_factor(const OptimizerOptions& options, int64_t epoch, int64_t epochs) {
  const double warmup =
      epoch < options.warmup_epochs ? static_cast<double>(epoch + 1) / static_cast<double>(options.warmup_epochs) : 1;
  for (const ScheduleInfo& info : schedule_table()) {
    if (options.schedule == info.name) return warmup * info.factor(options, epoch, epochs);
  }
  throw Error(ErrorKind::usage,
              fmt::format("unknown schedule '{}'{}", options.schedule, suggestion(options.schedule, schedule_names())));
}

}  // namespace pdmp

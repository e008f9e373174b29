#include "compare/execute/resource_plan.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <thread>

#include "base/files/checked_file.h"
#include "base/text/json_fields.h"
#include "run/files/choices.h"

namespace pdmp::comparing {
namespace {

constexpr const char* kFile = "layout.json";

// MemAvailable of the kernel; without limit where it does not say.
int64_t available_memory() {
  std::ifstream file("/proc/meminfo");
  std::string name, unit;
  int64_t kibibytes = 0;
  while (file >> name >> kibibytes) {
    if (name == "MemAvailable:") return kibibytes * 1024;
    std::getline(file, unit);
  }
  return std::numeric_limits<int64_t>::max();
}

// The options with what a layout that is there already decided.
RunOptions as_before(RunOptions options, const std::filesystem::path& file) {
  if (!std::filesystem::exists(file)) return options;
  constexpr const char* kAdvice = "remove it to choose again";
  const nlohmann::json before = read_checked_json(file, kAdvice);
  const JsonFields fields(before, file, kAdvice);
  if (options.train.threads == 0) options.train.threads = fields.get<int64_t>("threads");
  if (options.train.precision == "auto") options.train.precision = fields.get<std::string>("precision");
  return options;
}

}  // namespace

int64_t best_jobs(int64_t cores, int64_t threads, int64_t runs, int64_t memory, int64_t memory_of_one) {
  const int64_t for_cores = cores / std::max<int64_t>(1, threads);
  const int64_t for_memory = memory / 10 * 8 / std::max<int64_t>(1, memory_of_one);  // some is for files and others
  return std::max<int64_t>(1, std::min({for_cores, runs, for_memory}));
}

ResourcePlan plan_resources(const RunOptions& options, const Dataset& train, int64_t jobs, int64_t runs,
                            const std::filesystem::path& out) {
  const RunOptions open = as_before(options, out / kFile);
  const int64_t cores = std::max<int64_t>(1, std::thread::hardware_concurrency());
  ResourcePlan plan;
  plan.precision = runs::choose_precision(open, train);
  plan.jobs =
      jobs > 0 ? jobs
               : best_jobs(cores, open.train.threads, runs, available_memory(), runs::memory_of_training(open, train));
  plan.threads = open.train.threads > 0 ? open.train.threads : std::max<int64_t>(1, cores / plan.jobs);
  return plan;
}

void write_resource_plan(const ResourcePlan& plan, const std::filesystem::path& out) {
  write_checked_json(
      out / kFile,
      {{"format_version", 1}, {"jobs", plan.jobs}, {"threads", plan.threads}, {"precision", plan.precision}});
}

}  // namespace pdmp::comparing

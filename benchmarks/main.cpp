// pdmp_bench NAME [--workload W] [--method M] [--precision P] [--threads N] [--steps N]
//
// Prepares one benchmark, measures it and prints a line of JSON; then again for every line on standard input, so that
// compare/bench.py can have programs measure in turn, each of them warm.
#include <fmt/format.h>
#include <iostream>
#include <sys/resource.h>

#include "base/console.h"
#include "base/log.h"
#include "base/text/option_names.h"
#include "bench.h"
#include "cli/arguments.h"
#include "pdmp/error.h"
#include "pdmp/memory.h"

namespace pdmp {

const std::vector<BenchInfo>& bench_table() {
  static const std::vector<BenchInfo> table = {
      {"step", "training steps", prepare_step},
      {"convolutions", "the convolutions of a step alone", prepare_convolutions},
      {"inference", "scoring", prepare_inference},
      {"analysis", "modality analysis, next to a joint training", prepare_analysis},
  };
  return table;
}

namespace {

const BenchInfo& find_bench(const std::string& name) {
  std::string names;
  for (const BenchInfo& info : bench_table()) {
    if (info.name == name) return info;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", info.name);
  }
  throw Error(ErrorKind::usage, fmt::format("pdmp_bench: expected one of {}, found '{}'", names, name));
}

void describe(BenchOptions& options, OptionList& list) {
  std::vector<std::string> workloads;
  for (const Workload& workload : workload_table()) workloads.emplace_back(workload.name);
  list.add("workload", &options.workload, "Inputs and batch size.").one_of(workloads);
  list.add("method", &options.method, "Method of training steps.");
  list.add("precision", &options.precision, "Arithmetic.").one_of({"fp32", "bf16"});
  list.add("threads", &options.threads, "Threads LibTorch computes with.").at_least(1);
  list.add("steps", &options.steps, "Steps of one measurement.").at_least(1);
  list.add("epochs", &options.epochs, "Epochs of the analysis.").at_least(1);
}

int64_t peak_memory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<int64_t>(usage.ru_maxrss) * 1024;
}

void run(const std::vector<std::string>& args) {
  BenchOptions options;
  OptionList list;
  describe(options, list);
  std::vector<std::string> names;
  const cli::CommandHelp help{.name = "pdmp_bench",
                              .summary = "Measures one benchmark, and again for every line on standard input.",
                              .example = "pdmp_bench step --workload pictures",
                              .argument = "NAME",
                              .argument_help = "step, convolutions, inference or analysis",
                              .min_arguments = 1,
                              .max_arguments = 1};
  if (!cli::parse_arguments(list, args, help, std::cout, &names)) return;
  install_console();
  set_log_level(LogLevel::warning);
  const Measure measure = find_bench(names[0]).prepare(options);
  std::string line;
  do {
    nlohmann::json result = measure();
    result["benchmark"] = names[0];
    result["peak_memory_bytes"] = peak_memory();
    std::cout << result.dump() << std::endl;
  } while (std::getline(std::cin, line));
}

}  // namespace
}  // namespace pdmp

int main(int count, char** arguments) {
  pdmp::keep_freed_memory();  // as the program does
  try {
    pdmp::run({arguments + 1, arguments + count});
  } catch (const pdmp::Error& error) {
    fmt::print(stderr, "{}\n", pdmp::with_flags(error.what()));
    return 1;
  }
  return 0;
}

#include <filesystem>
#include <fmt/format.h>

#include "analysis/analysis_file.h"
#include "base/files/checked_file.h"
#include "base/files/file.h"
#include "base/log.h"
#include "base/signal.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "pdmp/error.h"
#include "pdmp/run.h"
#include "run/files/choices.h"
#include "run/files/environment.h"
#include "run/files/paths.h"

namespace pdmp::cli {
namespace {

struct AnalyzeOptions {
  RunOptions run;
  std::string out = "analysis.json", config;
  bool as_json = false;

  void describe(OptionList& list) {
    list.add("out", &out, "File to write; with several subsets, one file each: analysis-0.4.json.");
    list.add("json", &as_json, "Print JSON instead of a table.");
    // Short forms of two of the analysis' own options.
    OptionList own;
    run.analysis.describe(own);
    list.add("subset", &run.analysis.subset, own.at("subset", "").help()).above(0).at_most(1);
    list.add("criterion", &run.analysis.criterion, own.at("criterion", "").help())
        .one_of(own.at("criterion", "").choices());
    list.add("stop", &run.analysis.stop, own.at("stop", "").help()).one_of(own.at("stop", "").choices());
    list.add("config", &config, "TOML file of options, as config.toml of a run directory; flags override it.")
        .internal();
    run.describe(list);
  }
};

// analysis.json -> analysis-0.4.json, where there is more than one.
std::filesystem::path file_of(const std::string& out, double subset, size_t count) {
  std::filesystem::path path = out;
  if (count == 1) return path;
  return path.replace_filename(fmt::format("{}-{}{}", path.stem().string(), subset, path.extension().string()));
}

// An unfinished analysis goes on in the precision it began with.
std::string choose_and_keep_precision(RunOptions options, const Dataset& train) {
  options.resume = true;
  options.train.precision = runs::choose_precision(options, train);
  const std::filesystem::path directory = options.run, file = directory / "environment.json";
  if (!directory.empty() && !std::filesystem::exists(file)) {
    make_directories(directory);
    write_checked_json(file, runs::environment(options.train));
  }
  return options.train.precision;
}

AnalysisResult analyze_subset(const RunOptions& options, const TrainingData& data, double subset) {
  AnalysisOptions one = options.analysis;
  one.subset = {subset};
  std::filesystem::path directory = options.run;
  if (!directory.empty() && options.analysis.subset.size() > 1) directory /= fmt::format("subset-{}", subset);
  return analyze(data, options.model, options.train, one, directory);
}

}  // namespace

int analyze_command(const std::vector<std::string>& args, std::ostream& out) {
  AnalyzeOptions options;
  OptionList list;
  options.describe(list);
  const CommandHelp help{
      "pdmp analyze", "Trains every modality alone and ranks them: which is best in the end, which at the beginning.",
      "pdmp analyze --data mydata --epochs 30 --out analysis.json"};
  if (!parse_arguments(list, args, help, out)) return 0;
  install_interrupt_handler();
  runs::make_paths_absolute(options.run);
  const TrainingData data = load_data(options.run.data, options.run.train.seed);
  options.run.train.precision = choose_and_keep_precision(options.run, *data.train);
  const std::vector<double>& subsets = options.run.analysis.subset;
  nlohmann::json all = nlohmann::json::array();
  for (const double subset : subsets) {
    const AnalysisResult result = analyze_subset(options.run, data, subset);
    const std::filesystem::path file = file_of(options.out, subset, subsets.size());
    write_analysis(result, file);
    all.push_back(analysis::to_json(result));
    if (!options.as_json) out << analysis_table(result);
    log_info("analysis written to " + file.string());
  }
  if (options.as_json) out << json_text(subsets.size() == 1 ? all[0] : all);
  return 0;
}

}  // namespace pdmp::cli

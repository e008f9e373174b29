// Many methods x seeds x fusions on one data set, as one table.
#include <fmt/format.h>

#include "base/signal.h"
#include "base/text/json.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/plugins.h"
#include "cli/print/failures.h"
#include "cli/terminal.h"
#include "compare/execute/comparison_run.h"

namespace pdmp::cli {
namespace {

struct CompareFlags {
  ComparisonOptions options;
  std::string config, method, controls = "on";
  bool best_test = false, as_json = false, dry_run = false, explain = false, wide = false;

  CompareFlags() { options.run.train.keep = "best"; }
};

void describe(CompareFlags& flags, OptionList& list) {
  ComparisonOptions& options = flags.options;
  list.heading("Comparison");
  list.add("methods", &options.methods,
           "Methods to compare, each with settings of its own where wanted (joint,joint:lr=0.015,pdmp:gamma=5). "
           "Brackets or quotes hold a value with commas or colons together, and the shell wants quotes around them: "
           "--methods 'joint,pdmp:coefficients=[audio=15,lips=15]'. all: every method there is.");
  list.add("fusions", &options.fusions, "Fusions to compare them on; none named: that of --fusion.");
  list.add("out", &options.out,
           "Folder for the runs and the tables; finished runs in it are used, unfinished ones go on.");
  list.add("seeds", &options.seeds, "Trainings of each method, from --seed on.").at_least(1).at_most(1000);
  list.add("reference", &options.reference,
           "Row the others are compared with: one of --methods, or a modality alone (alone:picture); none: joint.");
  list.add("controls", &flags.controls,
           "Beside every pdmp two rows with its learning rate in which no modality leads: every encoder, and the whole "
           "model, at gamma times the rate; off: none.")
      .one_of({"on", "off"});
  list.add("jobs", &options.jobs,
           "Trainings at once, each in a process of its own; 0: one per core, less where memory is short.")
      .at_least(0)
      .at_most(256);
  list.add("resamples", &options.resamples, "Resamples of the bootstrap.").at_least(100).at_most(1000000).advanced();
  list.add("tune", &options.tune,
           "Trials of a random search before the comparison, the same number for every method; 0: methods as given.")
      .at_least(0)
      .at_most(1000);
  list.add("tune-lr", &options.tune_lr, "The search draws learning rates from lr / this to lr * this.")
      .at_least(1)
      .at_most(1000)
      .advanced();
  list.add("best-test", &flags.best_test,
           "Choose each run's epoch on the TEST split, as many papers do. Too good to be true; the tables say so.")
      .advanced();
  list.add("json", &flags.as_json, "Print JSON instead of a table.");
  list.add("explain", &flags.explain, "Say below the table what the columns mean, as comparison.md does.");
  list.add("wide", &flags.wide,
           "Tables as wide as they are; else they fit COLUMNS, the terminal, or 100 columns in a pipe.");
  list.add("dry-run", &flags.dry_run,
           "Say how many trainings there would be and estimate time, disk and memory from a few steps; write nothing.")
      .internal();
  list.heading("Data");
  options.run.data.describe(list);
  list.heading("Model");
  options.run.model.describe(list);
  list.heading("Training");
  options.run.train.describe(list);
  list.group("analysis", [&](OptionList& inner) { options.run.analysis.describe(inner); });
  options.run.method.describe_all(list, "methods");
}

int tell_cost(comparing::ComparisonRun& comparison, bool as_json, std::ostream& out) {
  const comparing::ComparisonCost cost = comparison.cost();
  out << (as_json ? json_text(comparing::cost_json(cost)) : comparing::cost_text(cost));
  return 0;
}

}  // namespace

int compare_command(const std::vector<std::string>& args, std::ostream& out) {
  const CommandHelp help{
      "pdmp compare",
      "Trains methods over seeds and fusions on the same splits, batches and initial weights, each modality alone "
      "beside them, and says which differences are more than chance. Runs again, it goes on where it was.",
      "pdmp compare --data mydata --methods joint,ogm_ge,pdmp:gamma=5 --seeds 5 --out comparison"};
  CompareFlags flags;
  OptionList list;
  list.add("config", &flags.config, "TOML file of options, as config.toml of a run directory; flags override it.")
      .internal();
  list.add("method", &flags.method, "What a config file of one run holds; --methods counts here.")
      .internal()
      .advanced();
  describe(flags, list);
  if (!parse_arguments(list, args, help, out)) return 0;
  flags.options.controls = flags.controls == "on";
  if (flags.best_test) flags.options.run.train.select = "best_test";
  install_interrupt_handler();
  flags.options.program = this_program();
  flags.options.program_arguments = plugin_arguments();
  comparing::ComparisonRun run(flags.options, flags.dry_run);
  if (flags.dry_run) return tell_cost(run, flags.as_json, out);
  run.train();
  const Comparison& comparison = run.comparison();
  const TextForm form{flags.wide ? 0 : output_width(), flags.explain};
  out << (flags.as_json ? json_text(comparing::as_json(comparison)) : comparison_text(comparison, form));
  return tell_failures(run.failures());
}

}  // namespace pdmp::cli

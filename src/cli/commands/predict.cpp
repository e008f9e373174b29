// What a trained run says of samples that nobody labelled, or of those of a data set.
#include <algorithm>
#include <fmt/format.h>
#include <unistd.h>
#include <utility>

#include "base/log.h"
#include "base/signal.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/print/prediction_output.h"
#include "cli/run_arguments.h"
#include "pdmp/error.h"
#include "run/predict/row_sources.h"

namespace pdmp::cli {
namespace {

using Inputs = std::vector<std::pair<std::string, std::string>>;  // modality, file or text or numbers

// `text` = "picture=a.png".
std::pair<std::string, std::string> parse_input(const std::string& text) {
  const size_t sign = text.find('=');
  if (sign == std::string::npos || sign == 0 || sign + 1 == text.size()) {
    throw Error(ErrorKind::usage,
                fmt::format("--input: expected MODALITY=VALUE, found '{}'; for example picture=a.png", text));
  }
  return {text.substr(0, sign), text.substr(sign + 1)};
}

// Takes --input out of `args`: its value may hold commas, which separate values elsewhere.
Inputs take_inputs(std::vector<std::string>& args) {
  const std::string flag = "--input";
  Inputs inputs;
  std::vector<std::string> rest;
  for (size_t i = 0; i < args.size(); ++i) {
    if (args[i] == flag && i + 1 < args.size()) {
      inputs.push_back(parse_input(args[++i]));
    } else if (args[i].starts_with(flag + "=")) {
      inputs.push_back(parse_input(args[i].substr(flag.size() + 1)));
    } else {
      rest.push_back(args[i]);
    }
  }
  args = rest;
  return inputs;
}

// Each modality once.
NameMap cells_of(const Inputs& inputs) {
  NameMap cells;
  for (const auto& [name, value] : inputs) {
    if (!cells.emplace(name, value).second) {
      throw Error(ErrorKind::usage, fmt::format("--input: '{}' is given twice; give it once", name));
    }
  }
  return cells;
}

// A progress bar would stand among results on a terminal.
std::string progress_label(const std::string& label) { return isatty(STDOUT_FILENO) == 1 ? "" : label; }

// Samples of a data set with labels and splits, as `pdmp evaluate` reads them.
void predict_split(const TrainedModel& model, RunArguments arguments, PredictionOutput& output) {
  if (arguments.split.empty()) arguments.split = "test";
  model.predict_samples(
      arguments.open(model), [&](const std::vector<Prediction>& batch) { output.add(batch); },
      progress_label(arguments.split));
}

// The exit status: 1 where a row has no prediction.
int predict_rows(const TrainedModel& model, RowRequest request, PredictionOutput& output) {
  request.label = request.data == "-" ? "" : progress_label("predicting");
  const RowCount count = model.predict_rows(request, [&](const std::vector<Prediction>& batch) { output.add(batch); });
  if (count.failed == 0) return 0;
  log_warning(fmt::format("{} of {} rows have no prediction; their results say why", count.failed, count.rows));
  return 1;
}

struct PredictArguments {
  RunArguments run;
  RowRequest rows;
  bool standard_input = false, as_json = false, as_csv = false;
  std::string input;  // for the help; take_inputs has read it

  void describe(OptionList& list) {
    run.split = "";
    run.describe(list,
                 "What to predict: a data set; a folder of media, or of folders called as the modalities; a CSV file "
                 "whose columns are the modalities, with an id or without; a .jsonl file; - for JSON lines on standard "
                 "input. Empty: the data set the run was trained on.",
                 {"", "test", "val", "train", "all"});
    list.add("stdin", &standard_input,
             "One JSON object a line on standard input, one result a line, each at once: as --data -.");
    list.add("input", &input,
             "MODALITY=FILE; the text itself for text, numbers with commas for a vector. Once per modality; "
             "those left out are absent.");
    list.add("root", &rows.roots,
             "Folders in which files of rows may lie besides the folder of the table (standard input: the working "
             "directory), where relative paths begin.");
    list.add("allow-missing", &rows.allow_missing,
             "Predict rows also without a modality that every training sample had.");
    list.add("json", &as_json, "Print JSON, with the probability of every class in the order of the model.");
    list.add("csv", &as_csv, "Print CSV, with the probability of every class in the order of the model.");
  }

  PredictionFormat format() const {
    if (as_csv) return PredictionFormat::csv;
    if (run.data == "-") return PredictionFormat::lines;
    return as_json ? PredictionFormat::json : PredictionFormat::table;
  }

  // --stdin is --data -, and each of --data, --stdin and --input says all of it.
  void settle(const Inputs& inputs) {
    if (!inputs.empty() && (standard_input || !run.data.empty())) {
      throw Error(ErrorKind::usage, "--data and --input contradict each other; give one of them");
    }
    if (standard_input && !run.data.empty() && run.data != "-") {
      throw Error(ErrorKind::usage, "--data and --stdin contradict each other; give one of them");
    }
    if (as_json && as_csv) {
      throw Error(ErrorKind::usage, "--json and --csv contradict each other; give one of them");
    }
    if (standard_input) run.data = "-";
    rows.data = run.data;
    rows.split = run.split;
  }

  // Whether the samples are those of a split, labels and all.
  bool names_split(const TrainedModel& model) const {
    if (run.data.empty()) return run.split != "all";
    if (run.data == "-" || !runs::is_data_set(run.data) || run.split == "all") return false;
    return runs::has_labels(run.data, model.options().data.files, /*and_splits=*/run.split.empty());
  }
};

}  // namespace

int predict_command(const std::vector<std::string>& args, std::ostream& out) {
  const CommandHelp help{"pdmp predict",
                         "Class and probability of new samples: of a folder, a table, lines of JSON, a data set or "
                         "its split, or one sample given by its files.",
                         "pdmp predict --run runs/first --data new/rows.csv --csv > predictions.csv"};
  PredictArguments arguments;
  OptionList list;
  arguments.describe(list);
  std::vector<std::string> flags = args;
  const Inputs inputs = take_inputs(flags);
  if (!parse_arguments(list, flags, help, out)) return 0;
  require(list, help, {"run"});
  install_interrupt_handler();
  arguments.settle(inputs);
  const TrainedModel model = arguments.run.load();
  const auto output = make_prediction_output(arguments.format(), model.classes(), out);
  int status = 0;
  if (!inputs.empty()) {
    output->add({model.predict(cells_of(inputs))});
  } else if (arguments.names_split(model)) {
    predict_split(model, arguments.run, *output);
  } else {
    if (arguments.rows.data.empty()) arguments.rows.data = model.options().data.data;
    status = predict_rows(model, arguments.rows, *output);
  }
  output->finish();
  return status;
}

}  // namespace pdmp::cli

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/run_arguments.h"
#include "cli/text_table.h"

namespace pdmp {
namespace {

nlohmann::json by_modality(const LoadedRun& run, const std::vector<double>& values) {
  nlohmann::json result = nlohmann::json::object();
  for (size_t m = 0; m < values.size(); ++m) result[run.description.modalities[m].name] = values[m];
  return result;
}

nlohmann::json rows_of(const Tensor& confusion) {
  nlohmann::json rows = nlohmann::json::array();
  for (int64_t truth = 0; truth < confusion.size(0); ++truth) {
    nlohmann::json row = nlohmann::json::array();
    for (int64_t found = 0; found < confusion.size(1); ++found) row.push_back(confusion[truth][found].item<int64_t>());
    rows.push_back(row);
  }
  return rows;
}

nlohmann::json json_of(const LoadedRun& run, const std::string& split, const Evaluation& scores) {
  return {{"split", split},
          {"n", scores.n},
          {"loss", scores.loss},
          {"accuracy", scores.accuracy},
          {"macro_f1", scores.macro_f1},
          {"unimodal", by_modality(run, scores.unimodal_accuracy)},
          {"dependency", by_modality(run, scores.shares())},
          {"classes", run.description.classes},
          {"confusion", rows_of(scores.confusion)}};
}

std::string text_of(const LoadedRun& run, const std::string& split, const Evaluation& scores) {
  std::string text = fmt::format("{}: {} samples, accuracy {:.4f}, macro-F1 {:.4f}\n", split, scores.n, scores.accuracy,
                                 scores.macro_f1);
  std::vector<std::vector<std::string>> rows = {{"modality", "branch accuracy", "dependency"}};
  for (size_t m = 0; m < run.description.modalities.size(); ++m) {
    rows.push_back({run.description.modalities[m].name, fmt::format("{:.4f}", scores.unimodal_accuracy[m]),
                    fmt::format("{:.4f}", scores.shares()[m])});
  }
  return text + text_table(rows, true);
}

}  // namespace

int evaluate_command(const std::vector<std::string>& args, std::ostream& out) {
  const CommandHelp help{"pdmp evaluate",
                         "Scores a trained run on a split: accuracy, macro-F1, each modality's branch.",
                         "pdmp evaluate --run runs/first --split test --json"};
  RunArguments arguments;
  bool as_json = false;
  OptionList list;
  arguments.describe(list);
  list.add("json", &as_json, "Print JSON, with the confusion matrix (rows are the truth).");
  if (!parse_arguments(list, args, help, out)) return 0;
  require(list, help, {"run"});
  const LoadedRun run = arguments.load();
  const Evaluation scores = evaluate(*run.model, *run.method, arguments.open(run), run.options.train, arguments.split);
  out << (as_json ? json_of(run, arguments.split, scores).dump(2) + "\n" : text_of(run, arguments.split, scores));
  return 0;
}

}  // namespace pdmp

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/json.h"
#include "base/signal.h"
#include "base/text_table.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/run_arguments.h"
#include "data/dataset_json.h"
#include "metrics/table.h"
#include "pdmp/error.h"

namespace pdmp {
namespace {

// Samples with the same modalities present.
struct Pattern {
  std::vector<std::string> present;
  int64_t n = 0, correct = 0;
  double accuracy() const { return static_cast<double>(correct) / static_cast<double>(n); }
};

std::vector<std::string> modality_names(const LoadedRun& run) {
  std::vector<std::string> names;
  for (const ModalityInfo& modality : run.description.modalities) names.push_back(modality.name);
  return names;
}

// Positions of the modalities to take away. What is left must be something.
std::vector<int64_t> missing_modalities(const LoadedRun& run, const std::vector<std::string>& missing) {
  const std::vector<std::string> names = modality_names(run);
  std::vector<int64_t> positions;
  for (const std::string& name : missing) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
      throw Error(ErrorKind::usage,
                  fmt::format("--missing: the model has no modality '{}'{}", name, suggestion(name, names)));
    }
    const int64_t position = found - names.begin();
    if (std::find(positions.begin(), positions.end(), position) == positions.end()) positions.push_back(position);
  }
  if (positions.size() == names.size()) {
    throw Error(ErrorKind::usage,
                fmt::format("--missing: expected to leave at least one of {}, found all of them taken away; name fewer",
                            fmt::join(names, ", ")));
  }
  return positions;
}

// Those that occur, the modalities of the model first to last: with the first one before without it.
std::vector<Pattern> patterns_of(const LoadedRun& run, const Evaluation& scores) {
  const std::vector<std::string> names = modality_names(run);
  std::map<std::vector<bool>, Pattern, std::greater<>> found;
  for (int64_t i = 0; i < scores.n; ++i) {
    std::vector<bool> key;
    for (size_t m = 0; m < names.size(); ++m) key.push_back(scores.present[i][static_cast<int64_t>(m)].item<bool>());
    Pattern& pattern = found[key];
    ++pattern.n;
    if (scores.predictions[i].item<int64_t>() == scores.labels[i].item<int64_t>()) ++pattern.correct;
  }
  std::vector<Pattern> result;
  for (auto& [key, pattern] : found) {
    for (size_t m = 0; m < names.size(); ++m) {
      if (key[m]) pattern.present.push_back(names[m]);
    }
    result.push_back(pattern);
  }
  return result;
}

nlohmann::json by_modality(const LoadedRun& run, const std::vector<double>& values) {
  nlohmann::json result = nlohmann::json::object();
  for (size_t m = 0; m < values.size(); ++m) result[run.description.modalities[m].name] = values[m];
  return result;
}

// Scores of attack detection by name; none where the data set has no live class.
using AttackScores = std::map<std::string, double>;

AttackScores attack_scores(const LoadedRun& run, const std::string& data, const Evaluation& scores) {
  const std::string live = read_dataset_json(data, run.options.data.files).live_class;
  AttackScores result;
  if (live.empty()) return result;
  const std::vector<std::string>& classes = run.description.classes;
  const int64_t position = std::find(classes.begin(), classes.end(), live) - classes.begin();
  const ClassCounts counts(scores.labels, scores.predictions, scores.classes);
  for (const MetricInfo& metric : metric_table()) {
    if (metric.of_attacks) result[metric.name] = metric.score(counts, position);
  }
  return result;
}

nlohmann::json json_of(const LoadedRun& run, const std::string& split, const std::vector<std::string>& missing,
                       const Evaluation& scores, const AttackScores& attacks) {
  nlohmann::json patterns = nlohmann::json::array();
  for (const Pattern& pattern : patterns_of(run, scores)) {
    patterns.push_back({{"present", pattern.present}, {"n", pattern.n}, {"accuracy", pattern.accuracy()}});
  }
  nlohmann::json result = attacks;
  result.update({{"split", split},
                 {"missing", missing},
                 {"n", scores.n},
                 {"loss", scores.loss},
                 {"accuracy", scores.accuracy},
                 {"macro_f1", scores.macro_f1},
                 {"unimodal", by_modality(run, scores.unimodal_accuracy)},
                 {"dependency", by_modality(run, scores.shares())},
                 {"patterns", patterns},
                 {"classes", run.description.classes},
                 {"confusion", nullptr}});  // print_json puts it in
  return result;
}

// The confusion matrix row by row: of 10,000 classes it is 800 MB as numbers, and more as JSON values.
void print_confusion(const Evaluation& scores, std::ostream& out) {
  std::vector<std::map<int64_t, int64_t>> rows(static_cast<size_t>(scores.classes));  // those that are not 0
  const auto labels = scores.labels.accessor<int64_t, 1>(), predictions = scores.predictions.accessor<int64_t, 1>();
  for (int64_t i = 0; i < scores.n; ++i) ++rows[static_cast<size_t>(labels[i])][predictions[i]];
  out << "[";
  for (size_t truth = 0; truth < rows.size(); ++truth) {
    std::vector<int64_t> counts(rows.size());
    for (const auto& [found, count] : rows[truth]) counts[static_cast<size_t>(found)] = count;
    out << fmt::format("{}\n    [\n      {}\n    ]", truth > 0 ? "," : "", fmt::join(counts, ",\n      "));
  }
  out << "\n  ]";
}

void print_json(const nlohmann::json& result, const Evaluation& scores, std::ostream& out) {
  constexpr std::string_view kKey = "\n  \"confusion\": ", kValue = "null";
  const std::string text = json_text(result);
  const size_t value = text.find(kKey) + kKey.size();  // a line of its own: strings hold no line ends
  out << text.substr(0, value);
  print_confusion(scores, out);
  out << text.substr(value + kValue.size());
}

std::string text_of_patterns(const std::vector<Pattern>& patterns) {
  std::vector<std::vector<std::string>> rows = {{"present", "samples", "accuracy"}};
  std::string note;
  for (const Pattern& pattern : patterns) {
    const bool nothing = pattern.present.empty();
    rows.push_back({nothing ? "nothing" : fmt::format("{}", fmt::join(pattern.present, " + ")),
                    std::to_string(pattern.n), fmt::format("{:.4f}", pattern.accuracy())});
    if (nothing) note = fmt::format("{} samples have no modality left: all of them get the same answer\n", pattern.n);
  }
  return fmt::format("\n{}{}", text_table(rows, true), note);
}

std::string text_of(const LoadedRun& run, const std::string& split, const std::vector<std::string>& missing,
                    const Evaluation& scores, const AttackScores& attacks) {
  std::string text = fmt::format("{}: {} samples, accuracy {:.4f}, macro-F1 {:.4f}\n", split, scores.n, scores.accuracy,
                                 scores.macro_f1);
  if (!attacks.empty()) {
    text += fmt::format(
        "ACER {:.4f}: {:.4f} of the attacks called live (APCER), {:.4f} of the live called attacks (BPCER)\n",
        attacks.at("acer"), attacks.at("apcer"), attacks.at("bpcer"));
  }
  std::vector<std::vector<std::string>> rows = {{"modality", "branch accuracy", "dependency"}};
  for (size_t m = 0; m < run.description.modalities.size(); ++m) {
    rows.push_back({run.description.modalities[m].name, fmt::format("{:.4f}", scores.unimodal_accuracy[m]),
                    fmt::format("{:.4f}", scores.shares()[m])});
  }
  text += text_table(rows, true);
  const std::vector<Pattern> patterns = patterns_of(run, scores);
  return missing.empty() && patterns.size() < 2 ? text : text + text_of_patterns(patterns);
}

}  // namespace

int evaluate_command(const std::vector<std::string>& args, std::ostream& out) {
  const CommandHelp help{"pdmp evaluate",
                         "Scores a trained run on a split: accuracy, macro-F1, each modality's branch, and the "
                         "accuracy by which modalities are there; of attack detection, ACER.",
                         "pdmp evaluate --run runs/first --split test --json"};
  RunArguments arguments;
  std::vector<std::string> missing;
  bool as_json = false;
  OptionList list;
  arguments.describe(list);
  list.add("missing", &missing, "Modalities to take away from every sample, as if they were absent.");
  list.add("json", &as_json, "Print JSON, with the confusion matrix (rows are the truth).");
  if (!parse_arguments(list, args, help, out)) return 0;
  require(list, help, {"run"});
  install_interrupt_handler();
  const LoadedRun run = arguments.load();
  const std::vector<int64_t> taken = missing_modalities(run, missing);
  const PredictionSink unused = [](const Tensor&, const Tensor&) {};
  const Evaluation scores =
      evaluate(*run.model, *run.method, arguments.open(run), run.options.train, arguments.split, taken, unused);
  const std::string& data = arguments.data.empty() ? run.options.data.data : arguments.data;
  const AttackScores attacks = attack_scores(run, data, scores);
  if (as_json) {
    print_json(json_of(run, arguments.split, missing, scores, attacks), scores, out);
  } else {
    out << text_of(run, arguments.split, missing, scores, attacks);
  }
  return 0;
}

}  // namespace pdmp

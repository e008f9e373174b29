// The scores of a trained run on a split: of all samples, of each class, and of parts of the samples.
#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "base/file.h"
#include "base/json.h"
#include "base/signal.h"
#include "base/text_table.h"
#include "cli/arguments.h"
#include "cli/class_tables.h"
#include "cli/command.h"
#include "cli/run_arguments.h"
#include "data/column_values.h"
#include "data/dataset_json.h"
#include "data/types/cell_paths.h"
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

ClassCounts counts_of(const Evaluation& scores) { return {scores.labels, scores.predictions, scores.classes}; }

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

bool is_there(const std::string& modality, const std::vector<std::string>& missing) {
  return std::find(missing.begin(), missing.end(), modality) == missing.end();
}

// null for modalities that were taken away.
nlohmann::json by_modality(const LoadedRun& run, const std::vector<double>& values,
                           const std::vector<std::string>& missing) {
  nlohmann::json result = nlohmann::json::object();
  for (size_t m = 0; m < values.size(); ++m) {
    const std::string& name = run.description.modalities[m].name;
    result[name] = is_there(name, missing) ? nlohmann::json(values[m]) : nlohmann::json();
  }
  return result;
}

// Position of the class that is no attack; nothing where the data set has none.
std::optional<int64_t> live_position(const LoadedRun& run, const std::string& data) {
  const std::string live = read_dataset_json(data, run.options.data.files).live_class;
  if (live.empty()) return std::nullopt;
  const std::vector<std::string>& classes = run.description.classes;
  return std::find(classes.begin(), classes.end(), live) - classes.begin();
}

// Scores by name.
using NamedScores = std::map<std::string, double>;

// Those of attack detection; none where there is no live class.
NamedScores attack_scores(const ClassCounts& counts, std::optional<int64_t> live) {
  NamedScores result;
  for (const MetricInfo& metric : metric_table()) {
    if (metric.of_attacks && live) result[metric.name] = metric.score(counts, *live);
  }
  return result;
}

NamedScores all_scores(const ClassCounts& counts, std::optional<int64_t> live) {
  NamedScores result = attack_scores(counts, live);
  for (const MetricInfo& metric : metric_table()) {
    if (!metric.of_attacks) result[metric.name] = metric.score(counts, 0);
  }
  return result;
}

// Samples with the same text in the column of --by.
struct Group {
  std::string value;
  ClassCounts counts;
  int64_t samples() const { return counts.labels.sum().item<int64_t>(); }
};

// In natural order of their values. `values`: by the id of a sample.
std::vector<Group> groups_of(const std::unordered_map<std::string, std::string>& values, const Dataset& samples,
                             const Evaluation& scores) {
  std::map<std::string, std::vector<int64_t>, decltype(&natural_less)> rows(&natural_less);
  for (int64_t i = 0; i < scores.n; ++i) {
    const auto found = values.find(samples.id(i));
    rows[found == values.end() ? "" : found->second].push_back(i);
  }
  std::vector<Group> groups;
  for (const auto& [value, positions] : rows) {
    const Tensor at = torch::tensor(positions, torch::kInt64);
    groups.push_back({value, ClassCounts(scores.labels.index_select(0, at), scores.predictions.index_select(0, at),
                                         scores.classes)});
  }
  return groups;
}

nlohmann::json json_of_groups(const std::string& column, const std::vector<Group>& groups,
                              std::optional<int64_t> live) {
  nlohmann::json list = nlohmann::json::array();
  for (const Group& group : groups) {
    nlohmann::json entry = all_scores(group.counts, live);
    entry["value"] = group.value;
    entry["n"] = group.samples();
    list.push_back(std::move(entry));
  }
  return {{"column", column}, {"groups", std::move(list)}};
}

std::string text_of_groups(const std::string& column, const std::vector<Group>& groups, std::optional<int64_t> live) {
  constexpr size_t kName = 32;
  std::vector<std::vector<std::string>> rows = {{fitted_name(column, kName), "samples", "accuracy", "macro-F1"}};
  if (live) rows.front().emplace_back("ACER");
  for (const Group& group : groups) {
    rows.push_back({group.value.empty() ? "(empty)" : fitted_name(group.value, kName), std::to_string(group.samples()),
                    fmt::format("{:.4f}", accuracy(group.counts)), fmt::format("{:.4f}", macro_f1(group.counts))});
    if (live) rows.back().push_back(fmt::format("{:.4f}", acer(group.counts, *live)));
  }
  return fmt::format("\n{}", text_table(rows, true));
}

nlohmann::json json_of(const LoadedRun& run, const std::string& split, const std::vector<std::string>& missing,
                       const Evaluation& scores, const NamedScores& attacks) {
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
                 {"unimodal", by_modality(run, scores.unimodal_accuracy, missing)},
                 {"dependency", by_modality(run, scores.shares(), missing)},
                 {"patterns", patterns},
                 {"classes", run.description.classes},
                 {"per_class", class_json(run.description.classes, counts_of(scores))},
                 {"confusion", nullptr}});  // print_json puts it in
  return result;
}

void print_json(const nlohmann::json& result, const Evaluation& scores, std::ostream& out) {
  constexpr std::string_view kKey = "\n  \"confusion\": ", kValue = "null";
  const std::string text = json_text(result);
  const size_t value = text.find(kKey) + kKey.size();  // a line of its own: strings hold no line ends
  out << text.substr(0, value);
  print_confusion_json(scores.classes, scores.labels, scores.predictions, out);
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
                    const Evaluation& scores, const NamedScores& attacks) {
  std::string text = fmt::format("{}: {} samples, accuracy {:.4f}, macro-F1 {:.4f}\n", split, scores.n, scores.accuracy,
                                 scores.macro_f1);
  if (!attacks.empty()) {
    text += fmt::format(
        "ACER {:.4f}: {:.4f} of the attacks called live (APCER), {:.4f} of the live called attacks (BPCER)\n",
        attacks.at("acer"), attacks.at("apcer"), attacks.at("bpcer"));
  }
  std::vector<std::vector<std::string>> rows = {{"modality", "branch accuracy", "dependency"}};
  for (size_t m = 0; m < run.description.modalities.size(); ++m) {
    const std::string& name = run.description.modalities[m].name;
    if (is_there(name, missing)) {
      rows.push_back(
          {name, fmt::format("{:.4f}", scores.unimodal_accuracy[m]), fmt::format("{:.4f}", scores.shares()[m])});
    } else {
      rows.push_back({name, "-", "-"});
    }
  }
  text += text_table(rows, true);
  const std::vector<Pattern> patterns = patterns_of(run, scores);
  return missing.empty() && patterns.size() < 2 ? text : text + text_of_patterns(patterns);
}

}  // namespace

int evaluate_command(const std::vector<std::string>& args, std::ostream& out) {
  const CommandHelp help{"pdmp evaluate",
                         "Scores a trained run on a split: accuracy, macro-F1, each modality's branch, each class, "
                         "and the accuracy by which modalities are there; of attack detection, ACER.",
                         "pdmp evaluate --run runs/first --split test --json"};
  RunArguments arguments;
  std::vector<std::string> missing;
  std::string by;
  bool as_json = false;
  OptionList list;
  arguments.describe(list);
  list.add("missing", &missing, "Modalities to take away from every sample, as if they were absent.");
  list.add("by", &by, "Column of the data set's table (a machine, a person, its group): scores of each value too.");
  list.add("json", &as_json, "Print JSON, with the confusion matrix (rows are the truth).");
  if (!parse_arguments(list, args, help, out)) return 0;
  require(list, help, {"run"});
  install_interrupt_handler();
  const LoadedRun run = arguments.load();
  const std::vector<int64_t> taken = missing_modalities(run, missing);
  const PredictionSink unused = [](const Tensor&, const Tensor&) {};
  const std::string& data = arguments.data.empty() ? run.options.data.data : arguments.data;
  std::unordered_map<std::string, std::string> values;
  if (!by.empty()) values = column_values(data, by, run.options.data.files);
  const std::shared_ptr<const Dataset> samples = arguments.open(run);
  const Evaluation scores =
      evaluate(*run.model, *run.method, samples, run.options.train, arguments.split, taken, unused);
  const std::optional<int64_t> live = live_position(run, data);
  const NamedScores attacks = attack_scores(counts_of(scores), live);
  const std::vector<Group> groups = by.empty() ? std::vector<Group>() : groups_of(values, *samples, scores);
  if (as_json) {
    nlohmann::json result = json_of(run, arguments.split, missing, scores, attacks);
    if (!by.empty()) result["by"] = json_of_groups(by, groups, live);
    print_json(result, scores, out);
    return 0;
  }
  out << text_of(run, arguments.split, missing, scores, attacks);
  if (!by.empty()) out << text_of_groups(by, groups, live);
  const std::optional<size_t> columns = result_columns();
  out << class_table(run.description.classes, counts_of(scores), columns);
  print_confusion_table(run.description.classes, scores.labels, scores.predictions, columns, out);
  return 0;
}

}  // namespace pdmp

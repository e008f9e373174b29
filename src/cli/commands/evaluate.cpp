// The scores of a trained run on a split: of all samples, of each class, and of parts of the samples.
#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "base/files/file.h"
#include "base/signal.h"
#include "base/text/json.h"
#include "base/text/text_table.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/print/class_tables.h"
#include "cli/run_arguments.h"
#include "data/loader/modality_names.h"
#include "data/manifest/column_values.h"
#include "data/types/cell_paths.h"
#include "metrics/metric.h"
#include "pdmp/error.h"

namespace pdmp::cli {
namespace {

// Samples with the same modalities present.
struct Pattern {
  std::vector<std::string> present;
  int64_t n = 0, correct = 0;
  double accuracy() const { return static_cast<double>(correct) / static_cast<double>(n); }
};

ClassCounts counts_of(const Evaluation& scores) { return {scores.labels, scores.predictions, scores.classes}; }

// Those that occur, the modalities of the model first to last: with the first one before without it.
std::vector<Pattern> patterns_of(const TrainedModel& model, const Evaluation& scores) {
  const std::vector<std::string> names = data::modality_names(model.modalities());
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
nlohmann::json by_modality(const TrainedModel& model, const std::vector<double>& values,
                           const std::vector<std::string>& missing) {
  nlohmann::json result = nlohmann::json::object();
  for (size_t m = 0; m < values.size(); ++m) {
    const std::string& name = model.modalities()[m].name;
    result[name] = is_there(name, missing) ? nlohmann::json(values[m]) : nlohmann::json();
  }
  return result;
}

// Samples with the same text in the column of --by, scored as a set of their own.
struct Group {
  int64_t samples = 0;
  std::unique_ptr<metrics::Scoring> scoring;
};

class Groups {
 public:
  // `values`: by the id of a sample.
  Groups(const std::unordered_map<std::string, std::string>& values, std::shared_ptr<const Dataset> samples)
      : samples_(std::move(samples)), groups_(&data::natural_less) {
    for (int64_t i = 0; i < samples_->size(); ++i) {
      const auto found = values.find(samples_->id(i));
      Group& group = groups_[found == values.end() ? "" : found->second];
      ++group.samples;
      group_of_.push_back(&group);
    }
    const auto classes = static_cast<int64_t>(samples_->classes().size());
    for (auto& [value, group] : groups_) {
      group.scoring = std::make_unique<metrics::Scoring>(
          ScoredSet{.samples = group.samples, .classes = classes, .live = samples_->live_class()});
    }
  }

  // The next batch: predictions (B), probabilities (B, C).
  void add(const Tensor& predictions, const Tensor& probabilities) {
    std::map<Group*, std::vector<int64_t>> rows;
    std::vector<int64_t> labels;
    for (int64_t i = 0; i < predictions.size(0); ++i, ++next_) {
      rows[group_of_[static_cast<size_t>(next_)]].push_back(i);
      labels.push_back(samples_->label(next_));
    }
    const Tensor truth = torch::tensor(labels, torch::kInt64);
    const Tensor losses = probabilities.gather(1, truth.unsqueeze(1)).squeeze(1).to(torch::kFloat64).log().neg();
    for (const auto& [group, positions] : rows) {
      const Tensor at = torch::tensor(positions, torch::kInt64);
      group->scoring->add({truth.index_select(0, at), predictions.index_select(0, at),
                           probabilities.index_select(0, at), losses.index_select(0, at).sum().item<double>()});
    }
  }

  nlohmann::json json(const std::string& column) const {
    nlohmann::json list = nlohmann::json::array();
    for (const auto& [value, group] : groups_) {
      nlohmann::json entry = group.scoring->scores();
      entry["value"] = value;
      entry["n"] = group.samples;
      list.push_back(std::move(entry));
    }
    return {{"column", column}, {"groups", std::move(list)}};
  }

  std::string text(const std::string& column) const {
    constexpr size_t kName = 32;
    TableRows rows = {{fitted_name(column, kName), "samples"}};
    for (const auto& [value, group] : groups_) {
      const metrics::Scores scores = group.scoring->scores();
      rows.push_back({value.empty() ? "(empty)" : fitted_name(value, kName), std::to_string(group.samples)});
      for (const Metric* metric : metrics::shown_metrics(scores, MetricPlace::headline)) {
        if (rows.size() == 2) rows[0].emplace_back(metric->heading);
        rows.back().push_back(metrics::score_text(scores.at(metric->name)));
      }
    }
    return fmt::format("\n{}", text_table(rows, true));
  }

 private:
  std::shared_ptr<const Dataset> samples_;
  std::map<std::string, Group, decltype(&data::natural_less)> groups_;  // in natural order
  std::vector<Group*> group_of_;                                        // per sample
  int64_t next_ = 0;                                                    // sample
};

nlohmann::json json_of(const TrainedModel& model, const std::string& split, const std::vector<std::string>& missing,
                       const Evaluation& scores) {
  nlohmann::json patterns = nlohmann::json::array();
  for (const Pattern& pattern : patterns_of(model, scores)) {
    patterns.push_back({{"present", pattern.present}, {"n", pattern.n}, {"accuracy", pattern.accuracy()}});
  }
  nlohmann::json result = scores.scores;
  result.update({{"split", split},
                 {"missing", missing},
                 {"n", scores.n},
                 {"unimodal", by_modality(model, scores.unimodal_accuracy, missing)},
                 {"dependency", by_modality(model, scores.shares(), missing)},
                 {"patterns", patterns},
                 {"classes", model.classes()},
                 {"per_class", class_json(model.classes(), counts_of(scores))},
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

std::string text_of(const TrainedModel& model, const std::string& split, const std::vector<std::string>& missing,
                    const Evaluation& scores) {
  std::string line = fmt::format("{}: {} samples", split, scores.n);
  for (const Metric* metric : metrics::shown_metrics(scores.scores, MetricPlace::details)) {
    line += fmt::format(", {} {}", metric->heading, metrics::score_text(scores.score(metric->name)));
  }
  std::string text = wrapped_text(line, static_cast<int64_t>(result_columns().value_or(0)));
  std::vector<std::vector<std::string>> rows = {{"modality", "branch accuracy", "dependency"}};
  for (size_t m = 0; m < model.modalities().size(); ++m) {
    const std::string& name = model.modalities()[m].name;
    if (is_there(name, missing)) {
      rows.push_back(
          {name, fmt::format("{:.4f}", scores.unimodal_accuracy[m]), fmt::format("{:.4f}", scores.shares()[m])});
    } else {
      rows.push_back({name, "-", "-"});
    }
  }
  text += text_table(rows, true);
  const std::vector<Pattern> patterns = patterns_of(model, scores);
  return missing.empty() && patterns.size() < 2 ? text : text + text_of_patterns(patterns);
}

}  // namespace

int evaluate_command(const std::vector<std::string>& args, std::ostream& out) {
  const CommandHelp help{"pdmp evaluate",
                         "Scores a trained run on a split by all metrics (pdmp list metrics), of each modality's "
                         "branch, each class, and by which modalities are there.",
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
  const TrainedModel model = arguments.load();
  const std::string& data = arguments.data.empty() ? model.options().data.data : arguments.data;
  std::unordered_map<std::string, std::string> values;
  if (!by.empty()) values = data::column_values(data, by, model.options().data.files);
  const std::shared_ptr<const Dataset> samples = arguments.open(model);
  std::optional<Groups> groups;
  if (!by.empty()) groups.emplace(values, samples);
  const PredictionSink sink = [&](const Tensor& predictions, const Tensor& probabilities) {
    if (groups) groups->add(predictions, probabilities);
  };
  const Evaluation scores = model.evaluate(samples, {.missing = missing, .sink = sink, .label = arguments.split});
  if (as_json) {
    nlohmann::json result = json_of(model, arguments.split, missing, scores);
    if (groups) result["by"] = groups->json(by);
    print_json(result, scores, out);
    return 0;
  }
  out << text_of(model, arguments.split, missing, scores);
  if (groups) out << groups->text(by);
  const std::optional<size_t> columns = result_columns();
  out << class_table(model.classes(), counts_of(scores), columns);
  print_confusion_table(model.classes(), scores.labels, scores.predictions, columns, out);
  return 0;
}

}  // namespace pdmp::cli

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <functional>

#include "base/printable.h"
#include "base/text_table.h"
#include "compare/comparison.h"
#include "data/csv.h"
#include "data/spreadsheet_text.h"

namespace pdmp {
namespace {

using Json = nlohmann::json;
using Line = std::vector<std::string>;
enum class Form { text, markdown };

constexpr double kLevel = 0.05;  // below it a test counts as significant
constexpr const char* kTestSelected =
    "!!! THE TEST SPLIT CHOSE THE EPOCH OF EVERY RUN: the test scores are too good and say little about new data !!!";

bool is_alone(const ComparisonRow& row) { return row.fusion.empty(); }

bool is_reference(const Comparison& comparison, const ComparisonRow& row) {
  return !is_alone(row) && row.name == comparison.reference;
}

bool several_fusions(const Comparison& comparison) {
  std::string first;
  for (const ComparisonRow& row : comparison.rows) {
    if (is_alone(row)) continue;
    if (first.empty()) first = row.fusion;
    if (row.fusion != first) return true;
  }
  return false;
}

std::string name_of(const ComparisonRow& row, const Comparison& comparison) {
  return several_fusions(comparison) && !is_alone(row) ? fmt::format("{} ({})", row.name, row.fusion) : row.name;
}

// "0.812 ± 0.010"; one seed has no deviation.
std::string mean_text(const std::vector<double>& values) {
  if (values.empty()) return "";
  const MeanSd summary = mean_sd(values);
  return values.size() == 1 ? fmt::format("{:.3f}", summary.mean)
                            : fmt::format("{:.3f} ± {:.3f}", summary.mean, summary.sd);
}

std::string p_text(double p) { return p < 0.0001 ? "< 0.0001" : fmt::format("{:.4f}", p); }

std::string accuracy_text(const ComparisonRow& row, Form form) {
  const std::string text = mean_text(row.accuracy);
  const bool mark = row.indistinguishable && !row.best;
  if (form == Form::markdown) return row.best ? "**" + text + "**" : text + (mark ? " ≈" : "");
  return text + (mark ? " ≈" : "  ");  // so that numbers stand below numbers
}

std::string mcnemar_text(const ComparisonRow& row) {
  const auto significant =
      std::count_if(row.mcnemar_holm.begin(), row.mcnemar_holm.end(), [](double p) { return p < kLevel; });
  return fmt::format("{}/{}", significant, row.mcnemar_holm.size());
}

// Why a row has no scores.
std::string reason_of(const ComparisonRow& row) {
  return row.refusal.empty() ? "failed: " + row.failure : "n/a: " + row.refusal;
}

void append(Line& line, const Line& more) { line.insert(line.end(), more.begin(), more.end()); }

Line score_headers(const Comparison& comparison) {
  Line line = {"", "rank", "test accuracy", "macro-F1"};
  if (!comparison.reference.empty()) append(line, {"difference to " + comparison.reference, "Holm p", "McNemar"});
  return line;
}

// How good the models are.
Line score_line(const Comparison& comparison, const ComparisonRow& row, Form form) {
  Line line = {name_of(row, comparison)};
  if (!row.has_scores()) {
    line.push_back(reason_of(row));
    return line;
  }
  append(line, {row.rank > 0 ? fmt::format("{:g}", row.rank) : "", accuracy_text(row, form), mean_text(row.macro_f1)});
  if (comparison.reference.empty()) return line;
  if (row.difference) {
    const Difference& difference = *row.difference;
    append(line, {fmt::format("{:+.3f} [{:+.3f}, {:+.3f}]", difference.mean, difference.low, difference.high),
                  p_text(row.p_holm), mcnemar_text(row)});
  } else {
    append(line, {is_reference(comparison, row) ? "reference" : "", "", ""});
  }
  return line;
}

Line inside_headers(const Comparison& comparison) {
  Line line = {""};
  for (const std::string& name : comparison.modalities) append(line, {name + " branch", name + " share"});
  append(line, {"ECE", "epoch"});
  if (!comparison.reference.empty()) line.push_back("× " + comparison.reference);
  line.emplace_back("memory");
  return line;
}

// What the models rest on and what they cost.
Line inside_line(const Comparison& comparison, const ComparisonRow& row) {
  Line line = {name_of(row, comparison)};
  for (size_t m = 0; m < comparison.modalities.size(); ++m) {
    const bool has = !is_alone(row) && m < row.branch_accuracy.size() && m < row.dependency.size();
    append(line, {has ? mean_text(row.branch_accuracy[m]) : "",
                  has ? fmt::format("{:.0f} %", 100 * mean_sd(row.dependency[m]).mean) : ""});
  }
  const double seconds = row.epoch_seconds.empty() ? 0 : mean_sd(row.epoch_seconds).mean;
  append(line, {mean_text(row.calibration_error), seconds > 0 ? fmt::format("{:.2f} s", seconds) : ""});
  if (!comparison.reference.empty()) {
    const double relative = is_reference(comparison, row) ? 1 : row.relative_time;
    line.push_back(relative > 0 ? fmt::format("{:.2f}", relative) : "");
  }
  const int64_t memory =
      row.peak_memory.empty() ? 0 : *std::max_element(row.peak_memory.begin(), row.peak_memory.end());
  line.push_back(memory > 0 ? fmt::format("{:.2f} GB", static_cast<double>(memory) / 1e9) : "");
  return line;
}

std::string selection_text(const std::string& selected_by) {
  if (selected_by == "test") return kTestSelected;
  if (selected_by == "last") return "every run is judged by its weights after the last epoch";
  return fmt::format("every run is judged by the weights of the epoch that was best on {}", selected_by);
}

Line facts(const Comparison& comparison) {
  Line lines = {
      fmt::format("data {}: {} training and {} test samples, {} classes; chance {:.3f}, always the class that is most "
                  "frequent in training {:.3f}",
                  comparison.data, grouped(comparison.n_train), grouped(comparison.n_test), comparison.classes,
                  1.0 / static_cast<double>(comparison.classes), comparison.majority),
      comparison.seeds.size() == 1 ? fmt::format("1 seed ({})", comparison.seeds[0])
                                   : fmt::format("{} seeds ({}); numbers are mean ± standard deviation over them",
                                                 comparison.seeds.size(), fmt::join(comparison.seeds, ", ")),
      selection_text(comparison.selected_by)};
  if (comparison.trials == 0) {
    lines.emplace_back("settings are as given; none were searched");
  } else {
    lines.push_back(fmt::format("settings were searched on the validation split, {} trial{} for every method",
                                comparison.trials, comparison.trials == 1 ? "" : "s"));
  }
  for (const ComparisonRow& row : comparison.rows) {
    if (!row.tuned.empty()) lines.push_back(fmt::format("found for {}: {}", name_of(row, comparison), row.tuned));
  }
  for (const std::string& note : comparison.notes) lines.push_back("note: " + note);
  return lines;
}

// One sentence for each column.
Line meanings(const Comparison& comparison, Form form) {
  const std::string& reference = comparison.reference;
  Line lines = {
      "rank: place by mean test accuracy among the methods on the same fusion, 1 = best; equals share a place",
      fmt::format("test accuracy: share of the test samples that is classified right; {}≈ = no worse than the "
                  "best on its fusion, as far as this test can tell (the 95 % interval of their difference "
                  "holds 0)",
                  form == Form::markdown ? "bold = best on its fusion, " : ""),
      "macro-F1: F1 on test, mean over the classes, so that rare ones count as much as frequent ones"};
  if (!reference.empty()) {
    append(lines,
           {fmt::format("difference to {}: of test accuracy on the same fusion, with the 95 % interval of a paired "
                        "bootstrap over test samples and seeds ({} resamples)",
                        reference, grouped(comparison.resamples)),
            "Holm p: two-sided p-value of that difference, corrected for the number of methods",
            fmt::format("McNemar: seeds in which McNemar's exact test finds a difference to {} (p < {} after the same "
                        "correction)",
                        reference, kLevel)});
  }
  append(lines,
         {"branch: test accuracy of what the fused model says from that modality alone; a model that was trained "
          "alone is another thing and has a row of its own",
          "share: that modality's share of the fused logits (dependency)",
          "ECE: expected calibration error on test (15 bins), 0 = right as often as it is sure",
          "epoch: training seconds of an epoch, without evaluation"});
  if (!reference.empty()) {
    lines.push_back(fmt::format(
        "× {0}: that time over {0}'s; fair where all trainings had the same share of the machine", reference));
  }
  lines.emplace_back("memory: the most that the process of a training held");
  return lines;
}

std::string lines_text(const Line& lines) {
  std::string text;
  for (const std::string& line : lines) text += printable(line) + "\n";
  return text;
}

// A backslash or a code span that the text opens would take the bar behind it for its own.
std::string markdown(const std::string& text) {
  std::string result;
  for (const char c : printable(text)) {
    if (c == '|' || c == '\\' || c == '`') result += '\\';
    result += c == '<' ? "&lt;" : std::string(1, c);
  }
  return result;
}

std::string markdown_list(const Line& lines) {
  std::string text;
  for (const std::string& line : lines) text += "- " + markdown(line) + "\n";
  return text;
}

// The first line is the header; the first column is text, the others are numbers.
std::string markdown_table(const std::vector<Line>& lines) {
  std::string text;
  for (size_t i = 0; i < lines.size(); ++i) {
    for (size_t k = 0; k < lines[0].size(); ++k) {
      text += "| " + (k < lines[i].size() ? markdown(lines[i][k]) : "") + " ";
    }
    text += "|\n";
    if (i > 0) continue;
    for (size_t k = 0; k < lines[0].size(); ++k) text += k == 0 ? "|---" : "|---:";
    text += "|\n";
  }
  return text;
}

std::string number(double value) { return std::isfinite(value) ? fmt::format("{:.10g}", value) : ""; }

// A column of the CSV: what it says of a row over all seeds, and of one of its seeds. Either may be missing.
struct Column {
  std::string name;
  std::function<std::string(const ComparisonRow&)> all;
  std::function<std::string(const ComparisonRow&, size_t)> seed;
};

using Values = std::function<std::vector<double>(const ComparisonRow&)>;  // per seed, or empty

void add_values(std::vector<Column>& columns, const std::string& name, const Values& values) {
  const auto summary = [values](const ComparisonRow& row, auto part) {
    const std::vector<double> found = values(row);
    return found.empty() ? "" : number(part(mean_sd(found)));
  };
  columns.push_back({name,
                     [summary](const ComparisonRow& row) { return summary(row, [](MeanSd all) { return all.mean; }); },
                     [values](const ComparisonRow& row, size_t s) {
                       const std::vector<double> found = values(row);
                       return s < found.size() ? number(found[s]) : "";
                     }});
  columns.push_back({name + "_sd",
                     [summary](const ComparisonRow& row) { return summary(row, [](MeanSd all) { return all.sd; }); },
                     nullptr});
}

std::vector<double> memory_of(const ComparisonRow& row) { return {row.peak_memory.begin(), row.peak_memory.end()}; }

// Of modality `name` within the models of the row; empty for a modality that is alone.
Values of_modality(const std::string& name, std::vector<std::vector<double>> ComparisonRow::*values) {
  return [name, values](const ComparisonRow& row) -> std::vector<double> {
    const auto found = std::find(row.modalities.begin(), row.modalities.end(), name);
    const auto m = static_cast<size_t>(found - row.modalities.begin());
    return is_alone(row) || m >= (row.*values).size() ? std::vector<double>{} : (row.*values)[m];
  };
}

std::vector<Column> value_columns(const Comparison& comparison) {
  std::vector<Column> columns;
  add_values(columns, "accuracy", [](const ComparisonRow& row) { return row.accuracy; });
  add_values(columns, "macro_f1", [](const ComparisonRow& row) { return row.macro_f1; });
  add_values(columns, "calibration_error", [](const ComparisonRow& row) { return row.calibration_error; });
  add_values(columns, "validation_accuracy", [](const ComparisonRow& row) { return row.validation_accuracy; });
  add_values(columns, "epoch_seconds", [](const ComparisonRow& row) { return row.epoch_seconds; });
  add_values(columns, "peak_memory_bytes", memory_of);
  for (const std::string& name : comparison.modalities) {
    add_values(columns, "branch_accuracy_" + name, of_modality(name, &ComparisonRow::branch_accuracy));
    add_values(columns, "dependency_" + name, of_modality(name, &ComparisonRow::dependency));
  }
  return columns;
}

std::vector<Column> judgement_columns() {
  const auto of_difference = [](double Difference::*part) {
    return [part](const ComparisonRow& row) { return row.difference ? number((*row.difference).*part) : ""; };
  };
  const auto truth = [](bool ComparisonRow::*what) {
    return [what](const ComparisonRow& row) { return row.rank > 0 ? fmt::format("{}", row.*what) : ""; };
  };
  const auto of_mcnemar = [](auto part) {
    return [part](const ComparisonRow& row, size_t s) {
      return s < row.mcnemar.size() ? fmt::format("{}", row.mcnemar[s].*part) : "";
    };
  };
  return {{"failure", [](const ComparisonRow& row) { return spreadsheet_text(row.failure); }, nullptr},
          {"rank", [](const ComparisonRow& row) { return row.rank > 0 ? number(row.rank) : ""; }, nullptr},
          {"best", truth(&ComparisonRow::best), nullptr},
          {"indistinguishable", truth(&ComparisonRow::indistinguishable), nullptr},
          {"difference", of_difference(&Difference::mean), nullptr},
          {"difference_low", of_difference(&Difference::low), nullptr},
          {"difference_high", of_difference(&Difference::high), nullptr},
          {"p", of_difference(&Difference::p), nullptr},
          {"p_holm", [](const ComparisonRow& row) { return row.difference ? number(row.p_holm) : ""; }, nullptr},
          {"relative_time",
           [](const ComparisonRow& row) { return row.relative_time > 0 ? number(row.relative_time) : ""; }, nullptr},
          {"mcnemar_only_reference", nullptr, of_mcnemar(&McNemar::only_reference)},
          {"mcnemar_only_other", nullptr, of_mcnemar(&McNemar::only_other)},
          {"mcnemar_p", nullptr,
           [](const ComparisonRow& row, size_t s) { return s < row.mcnemar.size() ? number(row.mcnemar[s].p) : ""; }},
          {"mcnemar_p_holm", nullptr, [](const ComparisonRow& row, size_t s) {
             return s < row.mcnemar_holm.size() ? number(row.mcnemar_holm[s]) : "";
           }}};
}

Json json_of(const std::vector<double>& values) {
  if (values.empty()) return nullptr;
  const MeanSd summary = mean_sd(values);
  return {{"mean", summary.mean}, {"sd", summary.sd}, {"values", values}};
}

Json judgement_json(const ComparisonRow& row) {
  Json value = {{"rank", row.rank > 0 ? Json(row.rank) : Json()},
                {"best", row.best},
                {"indistinguishable", row.indistinguishable},
                {"relative_time", row.relative_time > 0 ? Json(row.relative_time) : Json()},
                {"difference", nullptr}};
  if (!row.difference) return value;
  value["difference"] = {{"mean", row.difference->mean},
                         {"low", row.difference->low},
                         {"high", row.difference->high},
                         {"p", row.difference->p},
                         {"p_holm", row.p_holm}};
  for (size_t s = 0; s < row.mcnemar.size(); ++s) {
    const McNemar& test = row.mcnemar[s];
    value["mcnemar"].push_back({{"only_reference", test.only_reference},
                                {"only_other", test.only_other},
                                {"p", test.p},
                                {"p_holm", row.mcnemar_holm[s]}});
  }
  return value;
}

Json row_json(const ComparisonRow& row) {
  Json value = {{"name", row.name},
                {"method", row.method},
                {"fusion", is_alone(row) ? Json() : Json(row.fusion)},
                {"modalities", row.modalities},
                {"tuned", row.tuned},
                {"refusal", row.refusal.empty() ? Json() : Json(row.refusal)},
                {"failure", row.failure.empty() ? Json() : Json(row.failure)}};
  if (!row.refusal.empty()) return value;
  value.update({{"runs", row.runs},
                {"accuracy", json_of(row.accuracy)},
                {"macro_f1", json_of(row.macro_f1)},
                {"calibration_error", json_of(row.calibration_error)},
                {"validation_accuracy", json_of(row.validation_accuracy)},
                {"epoch_seconds", json_of(row.epoch_seconds)},
                {"peak_memory_bytes", json_of(memory_of(row))}});
  if (!is_alone(row)) {
    for (size_t m = 0; m < row.branch_accuracy.size(); ++m) {
      value["branch_accuracy"][row.modalities[m]] = json_of(row.branch_accuracy[m]);
      value["dependency"][row.modalities[m]] = json_of(row.dependency[m]);
    }
    value.update(judgement_json(row));
  }
  return value;
}

}  // namespace

std::string comparison_text(const Comparison& comparison) {
  std::vector<Line> scores = {score_headers(comparison)}, inside = {inside_headers(comparison)};
  Line refused;  // below the table, where a long reason widens no column
  for (const ComparisonRow& row : comparison.rows) {
    if (row.has_scores()) {
      scores.push_back(score_line(comparison, row, Form::text));
      inside.push_back(inside_line(comparison, row));
    } else {
      refused.push_back(fmt::format("{}  {}", name_of(row, comparison), reason_of(row)));
    }
  }
  const std::string loud = comparison.selected_by == "test" ? std::string(kTestSelected) + "\n\n" : "";
  return loud + text_table(scores, true) + lines_text(refused) + "\n" + text_table(inside, true) + "\n" +
         lines_text(facts(comparison)) + "\n" + lines_text(meanings(comparison, Form::text));
}

std::string comparison_markdown(const Comparison& comparison) {
  std::vector<Line> scores = {score_headers(comparison)}, inside = {inside_headers(comparison)};
  for (const ComparisonRow& row : comparison.rows) {
    scores.push_back(score_line(comparison, row, Form::markdown));
    if (row.has_scores()) inside.push_back(inside_line(comparison, row));
  }
  const std::string loud = comparison.selected_by == "test" ? fmt::format("**{}**\n\n", kTestSelected) : "";
  return fmt::format("# Comparison on {}\n\n", markdown(comparison.data)) + loud + "## Test scores\n\n" +
         markdown_table(scores) + "\n## Inside the models\n\n" + markdown_table(inside) + "\n## What was compared\n\n" +
         markdown_list(facts(comparison)) + "\n## What the columns mean\n\n" +
         markdown_list(meanings(comparison, Form::markdown));
}

std::string comparison_csv(const Comparison& comparison) {
  std::vector<Column> columns = value_columns(comparison);
  for (Column& column : judgement_columns()) columns.push_back(std::move(column));
  Line header = {"name", "method", "fusion", "refusal", "tuned", "seed", "run"};
  for (const Column& column : columns) header.push_back(column.name);
  std::string text = csv_record(header);
  for (const ComparisonRow& row : comparison.rows) {
    Line names = {row.name, row.method, row.fusion, row.refusal, row.tuned};
    std::transform(names.begin(), names.end(), names.begin(), spreadsheet_text);
    for (size_t s = 0; row.refusal.empty() && s < comparison.seeds.size(); ++s) {
      Line line = names;
      append(line, {std::to_string(comparison.seeds[s]), s < row.runs.size() ? spreadsheet_text(row.runs[s]) : ""});
      for (const Column& column : columns) line.push_back(column.seed ? column.seed(row, s) : "");
      text += csv_record(line);
    }
    Line line = names;
    append(line, {"all", ""});
    for (const Column& column : columns) line.push_back(column.all ? column.all(row) : "");
    text += csv_record(line);
  }
  return text;
}

Json comparison_json(const Comparison& comparison) {
  Json rows = Json::array();
  for (const ComparisonRow& row : comparison.rows) rows.push_back(row_json(row));
  return {{"format_version", 1},
          {"data", comparison.data},
          {"selected_by", comparison.selected_by},
          {"reference", comparison.reference.empty() ? Json() : Json(comparison.reference)},
          {"modalities", comparison.modalities},
          {"seeds", comparison.seeds},
          {"classes", comparison.classes},
          {"n_train", comparison.n_train},
          {"n_test", comparison.n_test},
          {"chance", 1.0 / static_cast<double>(comparison.classes)},
          {"majority", comparison.majority},
          {"resamples", comparison.resamples},
          {"trials", comparison.trials},
          {"notes", comparison.notes},
          {"rows", rows}};
}

}  // namespace pdmp

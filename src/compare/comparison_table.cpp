// A comparison for people: a terminal and a page.
#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text/printable.h"
#include "base/text/text_table.h"
#include "compare/answers.h"
#include "compare/comparison.h"

namespace pdmp::comparing {
namespace {

using Line = std::vector<std::string>;

constexpr const char* kTestSelected =
    "!!! THE TEST SPLIT CHOSE THE EPOCH OF EVERY RUN: the test scores are too good and say little about new data !!!";

bool is_reference(const Comparison& comparison, const ComparisonRow& row) { return row.name == comparison.reference; }

// Whether the best unimodal model has columns of its own.
bool has_unimodal_columns(const Comparison& comparison) {
  return comparison.best_unimodal != comparison.reference &&
         std::any_of(comparison.rows.begin(), comparison.rows.end(),
                     [](const ComparisonRow& row) { return row.against_unimodal.has_value(); });
}

std::string p_text(double p) { return p < 0.0001 ? "< 0.0001" : fmt::format("{:.4f}", p); }

// ≈ near the best, ↓ below the best unimodal model (⇓ significantly), = another row under another name.
std::string marks_of(const ComparisonRow& row) {
  std::string marks = row.indistinguishable && !row.best ? "≈" : "";
  if (row.against_unimodal) {
    const Verdict result = verdict(*row.against_unimodal);
    marks += result == Verdict::worse ? "⇓" : result == Verdict::below ? "↓" : "";
  }
  return marks + (row.never_acted.empty() ? "" : "=");
}

std::string accuracy_markdown(const ComparisonRow& row) {
  const std::string text = mean_text(row.accuracy()), marks = marks_of(row);
  return (row.best ? "**" + text + "**" : text) + (marks.empty() ? "" : " " + marks);
}

// With room for `marks` columns, so that numbers stand below numbers.
std::string accuracy_text(const ComparisonRow& row, size_t marks) {
  const std::string own = marks_of(row);
  return mean_text(row.accuracy()) + (marks == 0 ? "" : " " + own + std::string(marks - display_width(own), ' '));
}

std::string mcnemar_text(const Contrast& contrast) {
  const auto significant = std::count_if(contrast.mcnemar_holm.begin(), contrast.mcnemar_holm.end(),
                                         [](double p) { return p < kSignificant; });
  return fmt::format("{}/{}", significant, contrast.mcnemar_holm.size());
}

// Why a row has no scores.
std::string reason_of(const ComparisonRow& row) {
  return row.refusal.empty() ? "failed: " + row.failure : "n/a: " + row.refusal;
}

void append(Line& line, const Line& more) { line.insert(line.end(), more.begin(), more.end()); }

// Those of the second table.
std::vector<const Metric*> detailed_metrics(const Comparison& comparison) {
  std::vector<const Metric*> metrics = shown_metrics(comparison, MetricPlace::details);
  std::erase_if(metrics, [](const Metric* metric) { return metric->place != MetricPlace::details; });
  return metrics;
}

// A header no wider than its column; `otherwise` where the name is too long for that.
std::string versus(const std::string& name, const char* otherwise) {
  constexpr size_t kWidest = 23;  // "+0.050 [-0.013, +0.100]"
  for (const std::string& header : {"difference to " + name, "vs " + name}) {
    if (display_width(header) <= kWidest) return header;
  }
  return otherwise;
}

Line score_headers(const Comparison& comparison) {
  Line line = {"", "rank"};
  for (const Metric* metric : shown_metrics(comparison, MetricPlace::headline)) line.push_back(test_heading(*metric));
  if (!comparison.reference.empty()) {
    append(line, {versus(comparison.reference, "difference to reference"), "Holm p", "McNemar"});
  }
  if (has_unimodal_columns(comparison)) {
    append(line, {versus(comparison.best_unimodal, "vs best single modality"), "Holm p", "McNemar"});
  }
  return line;
}

Line contrast_cells(const std::optional<Contrast>& contrast, const std::string& otherwise) {
  if (!contrast) return {otherwise, "", ""};
  return {difference_text(contrast->difference), p_text(contrast->p_holm), mcnemar_text(*contrast)};
}

// How good the models are.
Line score_line(const Comparison& comparison, const ComparisonRow& row, const std::string& accuracy) {
  Line line = {row_name(row, comparison), row.rank > 0 ? fmt::format("{:g}", row.rank) : ""};
  for (const Metric* metric : shown_metrics(comparison, MetricPlace::headline)) {
    line.push_back(metrics::is_accuracy(*metric) ? accuracy : mean_text(row.score(metric->name)));
  }
  if (!comparison.reference.empty()) {
    append(line, contrast_cells(row.against_reference, is_reference(comparison, row) ? "reference" : ""));
  }
  if (has_unimodal_columns(comparison)) {
    const bool best = is_unimodal(row) && row.name == comparison.best_unimodal;
    append(line, contrast_cells(row.against_unimodal, best ? "best single" : ""));
  }
  return line;
}

// "× joint"
std::string relative_header(const Comparison& comparison) {
  constexpr size_t kWidest = 12;
  const std::string header = "× " + comparison.reference;
  return display_width(header) <= kWidest ? header : "× reference";
}

Line inside_headers(const Comparison& comparison) {
  Line line = {""};
  for (const std::string& name : comparison.modalities) append(line, {name + " branch", name + " share"});
  for (const Metric* metric : detailed_metrics(comparison)) line.emplace_back(metric->heading);
  line.emplace_back("epoch");
  if (!comparison.reference.empty()) line.push_back(relative_header(comparison));
  line.emplace_back("memory");
  return line;
}

// What the models rest on and what they cost.
Line inside_line(const Comparison& comparison, const ComparisonRow& row) {
  Line line = {row_name(row, comparison)};
  for (size_t m = 0; m < comparison.modalities.size(); ++m) {
    const bool has = !is_unimodal(row) && m < row.branch_accuracy.size() && m < row.dependency.size();
    append(line, {has ? mean_text(row.branch_accuracy[m]) : "",
                  has ? fmt::format("{:.0f} %", 100 * metrics::mean_sd(row.dependency[m]).mean) : ""});
  }
  const double seconds = row.epoch_seconds.empty() ? 0 : metrics::mean_sd(row.epoch_seconds).mean;
  for (const Metric* metric : detailed_metrics(comparison)) line.push_back(mean_text(row.score(metric->name)));
  line.push_back(seconds > 0 ? fmt::format("{:.2f} s", seconds) : "");
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
    if (!row.tuned.empty()) lines.push_back(fmt::format("found for {}: {}", row_name(row, comparison), row.tuned));
  }
  for (const std::string& note : comparison.notes) lines.push_back("note: " + note);
  return lines;
}

// One sentence for each column.
Line meanings(const Comparison& comparison) {
  const std::string& reference = comparison.reference;
  Line lines = {
      fmt::format("rank: place by mean test {} among all rows, 1 = best; equals share their mean place",
                  comparison.select_metric),
      "test accuracy: share of the test samples that is classified right; bold (on a page): best of the table; ≈: no "
      "worse than the best, as far as this test can tell (the 95 % interval of their difference holds 0); ↓: below the "
      "best single modality; ⇓: significantly below it (Holm p < 0.05); =: equal to joint training to the last digit"};
  for (const Metric* metric : shown_metrics(comparison, MetricPlace::details)) {
    if (!metrics::is_accuracy(*metric)) lines.push_back(fmt::format("{}: {}", metric->heading, metric->summary));
  }
  if (!reference.empty()) {
    lines.push_back(fmt::format(
        "difference to {}: of test accuracy on the same fusion, with the 95 % interval of a paired bootstrap over test "
        "samples and seeds ({} resamples)",
        reference, grouped(comparison.resamples)));
  }
  if (has_unimodal_columns(comparison)) {
    lines.push_back(fmt::format(
        "vs {}: the same against that unimodal model, the best one on validation (test scores had no say in that), for "
        "the methods of all fusions",
        comparison.best_unimodal));
  }
  if (!reference.empty() || has_unimodal_columns(comparison)) {
    append(lines, {"Holm p: two-sided p-value of that difference, corrected for the number of methods in the column",
                   fmt::format("McNemar: seeds in which McNemar's exact test finds that difference (p < {} after the "
                               "same correction)",
                               kSignificant)});
  }
  append(lines,
         {"branch: test accuracy of what the fused model says from that modality alone; a model that was trained "
          "alone is another thing and has a row of its own",
          "share: that modality's share of the fused logits (dependency)",
          "epoch: training seconds of an epoch, without evaluation"});
  if (!reference.empty()) {
    lines.push_back(fmt::format(
        "× {0}: that time over {0}'s; fair where all trainings had the same share of the machine", reference));
  }
  lines.emplace_back("memory: the most that the process of a training held");
  return lines;
}

std::string lines_text(const Line& lines, int64_t width) {
  std::string text;
  for (const std::string& line : lines) text += wrapped_text(line, width);
  return text;
}

size_t widest_marks(const Comparison& comparison) {
  size_t widest = 0;
  for (const ComparisonRow& row : comparison.rows) widest = std::max(widest, display_width(marks_of(row)));
  return widest;
}

// The columns that are read together: the scores, and each comparison with another row.
std::string score_table(const Comparison& comparison, int64_t width) {
  TableRows table = {score_headers(comparison)};
  const size_t marks = widest_marks(comparison);
  for (const ComparisonRow& row : comparison.rows) {
    if (row.has_scores()) table.push_back(score_line(comparison, row, accuracy_text(row, marks)));
  }
  const size_t contrasts = 2 + shown_metrics(comparison, MetricPlace::headline).size();
  return fitted_table(std::move(table), {1, contrasts, contrasts + 3}, width);
}

std::string inside_text(const Comparison& comparison, int64_t width) {
  TableRows table = {inside_headers(comparison)};
  std::vector<size_t> groups;
  for (size_t m = 0; m <= comparison.modalities.size(); ++m) groups.push_back(1 + 2 * m);
  for (const ComparisonRow& row : comparison.rows) {
    if (row.has_scores()) table.push_back(inside_line(comparison, row));
  }
  return fitted_table(std::move(table), groups, width);
}

Line refusals(const Comparison& comparison) {
  Line lines;
  for (const ComparisonRow& row : comparison.rows) {
    if (!row.has_scores()) lines.push_back(fmt::format("{}  {}", row_name(row, comparison), reason_of(row)));
  }
  return lines;
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

}  // namespace

std::string as_text(const Comparison& comparison, const TextForm& form) {
  const std::string loud = comparison.selected_by == "test" ? wrapped_text(kTestSelected, form.width) + "\n" : "";
  // Below the table, where a long reason widens no column.
  std::string text = loud + score_table(comparison, form.width) + lines_text(refusals(comparison), form.width) + "\n";
  if (const Line found = answers(comparison); !found.empty()) text += lines_text(found, form.width) + "\n";
  text += inside_text(comparison, form.width) + "\n" + lines_text(facts(comparison), form.width);
  if (!form.explain) return text + lines_text({"what columns and marks mean: --explain, or comparison.md"}, form.width);
  return text + "\n" + lines_text(meanings(comparison), form.width);
}

std::string as_markdown(const Comparison& comparison) {
  std::vector<Line> scores = {score_headers(comparison)}, inside = {inside_headers(comparison)};
  for (const ComparisonRow& row : comparison.rows) {
    if (!row.has_scores()) {
      scores.push_back({row_name(row, comparison), reason_of(row)});
      continue;
    }
    scores.push_back(score_line(comparison, row, accuracy_markdown(row)));
    inside.push_back(inside_line(comparison, row));
  }
  const std::string loud = comparison.selected_by == "test" ? fmt::format("**{}**\n\n", kTestSelected) : "";
  const Line found = answers(comparison);
  return fmt::format("# Comparison on {}\n\n", markdown(comparison.data)) + loud + "## Test scores\n\n" +
         markdown_table(scores) + (found.empty() ? std::string() : fmt::format("\n{}", markdown_list(found))) +
         "\n## Inside the models\n\n" + markdown_table(inside) + "\n## What was compared\n\n" +
         markdown_list(facts(comparison)) + "\n## What the columns mean\n\n" + markdown_list(meanings(comparison));
}

}  // namespace pdmp::comparing

// The table of `pdmp demo` and what it shows.
#include "cli/print/demo_table.h"

#include <fmt/format.h>

#include "base/progress.h"
#include "base/text/text_table.h"
#include "compare/answers.h"
#include "metrics/statistics.h"

namespace pdmp::cli {
namespace {

// What a control is says more than the settings that make it.
std::string name_of(const ComparisonRow& row) { return row.controls.empty() ? row.name : row.controls[0].what; }

// Why a row has no scores, "" where it has.
std::string lack_of(const ComparisonRow& row) { return row.refusal.empty() ? row.failure : row.refusal; }

std::vector<std::string> line_of(const Comparison& comparison, const ComparisonRow& row) {
  std::vector<std::string> line = {name_of(row)};
  for (const Metric* metric : comparing::shown_metrics(comparison, MetricPlace::headline)) {
    line.push_back(comparing::mean_text(row.score(metric->name)));
  }
  if (comparing::is_unimodal(row)) return line;
  for (const std::vector<double>& shares : row.dependency) {
    line.push_back(fmt::format("{:.0f} %", 100 * metrics::mean_sd(shares).mean));
  }
  return line;
}

std::vector<std::string> facts_of(const Comparison& comparison, const DemoFacts& facts) {
  const size_t seeds = comparison.seeds.size();
  return {fmt::format("{} over {} seed{}; \"on m\": share of modality m in the fused logits (dependency)",
                      seeds == 1 ? "values" : "mean ± standard deviation", seeds, seeds == 1 ? "" : "s"),
          fmt::format("test: {} samples, {} classes; chance {:.3f}, majority class {:.3f}", comparison.n_test,
                      comparison.classes, 1.0 / static_cast<double>(comparison.classes), comparison.majority),
          fmt::format("time {}, peak memory {:.2f} GB", format_duration(facts.seconds),
                      static_cast<double>(facts.peak_memory) / 1e9),
          "data " + comparison.data,
          "analysis " + facts.analysis,
          "runs " + facts.runs};
}

// What the controls show comes last.
std::vector<std::string> answers_of(const Comparison& comparison) {
  std::vector<std::string> lines = comparing::idle_answers(comparison);
  if (const std::string answer = comparing::unimodal_answer(comparison); !answer.empty()) lines.push_back(answer);
  for (const std::string& answer : comparing::control_answers(comparison)) lines.push_back(answer);
  return lines;
}

nlohmann::json row_json(const Comparison& comparison, const ComparisonRow& row) {
  nlohmann::json line = {{"name", name_of(row)}, {"runs", row.runs}};
  if (!row.has_scores()) {
    line["refusal"] = lack_of(row);
    return line;
  }
  for (const Metric* metric : comparing::shown_metrics(comparison, MetricPlace::values)) {
    line[metric->name] = comparing::mean_json(row.score(metric->name));
  }
  for (size_t m = 0; m < row.modalities.size(); ++m)
    line["dependency"][row.modalities[m]] = comparing::mean_json(row.dependency[m]);
  return line;
}

}  // namespace

std::string demo_text(const Comparison& comparison, const DemoFacts& facts, int64_t width) {
  TableRows table = {{""}};
  for (const Metric* metric : comparing::shown_metrics(comparison, MetricPlace::headline)) {
    table[0].push_back(comparing::test_heading(*metric));
  }
  std::vector<size_t> groups = {1};
  for (const std::string& name : comparison.modalities) {
    groups.push_back(table[0].size());
    table[0].push_back("on " + name);
  }
  std::string refused;
  for (const ComparisonRow& row : comparison.rows) {
    if (row.has_scores()) {
      table.push_back(line_of(comparison, row));
    } else {
      refused += wrapped_text(fmt::format("{}  n/a: {}", name_of(row), lack_of(row)), width);
    }
  }
  std::string text = fitted_table(std::move(table), groups, width) + refused + "\n";
  for (const std::string& line : facts_of(comparison, facts)) text += wrapped_text(line, width);
  for (const std::string& line : answers_of(comparison)) text += fmt::format("\n{}", wrapped_text(line, width));
  return text;
}

nlohmann::json demo_json(const Comparison& comparison, const DemoFacts& facts) {
  nlohmann::json table = nlohmann::json::array();
  for (const ComparisonRow& row : comparison.rows) table.push_back(row_json(comparison, row));
  return {{"format_version", 1},
          {"rows", table},
          {"answers", answers_of(comparison)},
          {"data", comparison.data},
          {"analysis", facts.analysis},
          {"classes", comparison.classes},
          {"n_train", comparison.n_train},
          {"n_test", comparison.n_test},
          {"chance", 1.0 / static_cast<double>(comparison.classes)},
          {"majority", comparison.majority},
          {"seconds", facts.seconds},
          {"peak_memory_bytes", facts.peak_memory}};
}

}  // namespace pdmp::cli

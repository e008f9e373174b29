#include "cli/demo_table.h"

#include <fmt/format.h>

#include "base/printable.h"
#include "base/progress.h"
#include "base/text_table.h"
#include "metrics/statistics.h"

namespace pdmp {
namespace {

template <class Score>
std::vector<double> scores(const DemoRow& row, Score score) {
  std::vector<double> values;
  for (const RunSummary& run : row.runs) values.push_back(score(run));
  return values;
}

std::vector<double> accuracies(const DemoRow& row) {
  return scores(row, [](const RunSummary& run) { return run.test->accuracy; });
}

std::vector<double> macro_f1s(const DemoRow& row) {
  return scores(row, [](const RunSummary& run) { return run.test->macro_f1; });
}

std::vector<double> dependencies(const DemoRow& row, size_t m) {
  return scores(row, [m](const RunSummary& run) { return run.test->shares()[m]; });
}

// The modalities of the row that has most: those of the models that see all.
std::vector<std::string> all_modalities(const std::vector<DemoRow>& rows) {
  std::vector<std::string> names;
  for (const DemoRow& row : rows) {
    if (row.runs.at(0).modalities.size() > names.size()) names = row.runs[0].modalities;
  }
  return names;
}

std::string text_of(const std::vector<double>& values) {
  const MeanSd summary = mean_sd(values);
  return fmt::format("{:.3f} ± {:.3f}", summary.mean, summary.sd);
}

nlohmann::json json_of(const std::vector<double>& values) {
  const MeanSd summary = mean_sd(values);
  return {{"mean", summary.mean}, {"sd", summary.sd}, {"values", values}};
}

}  // namespace

std::string demo_text(const std::vector<DemoRow>& rows, const DemoFacts& facts) {
  const std::vector<std::string> modalities = all_modalities(rows);
  std::vector<std::vector<std::string>> table = {{"", "test accuracy", "macro-F1"}};
  for (const std::string& name : modalities) table[0].push_back("on " + name);
  for (const DemoRow& row : rows) {
    table.push_back({row.name, text_of(accuracies(row)), text_of(macro_f1s(row))});
    if (row.runs[0].modalities.size() != modalities.size()) continue;
    for (size_t m = 0; m < modalities.size(); ++m) {
      table.back().push_back(fmt::format("{:.0f} %", 100 * mean_sd(dependencies(row, m)).mean));
    }
  }
  return text_table(table, true) + fmt::format(
                                       "\nmean ± standard deviation over {} seed{}; \"on m\": share of modality m in "
                                       "the fused logits (dependency)\n"
                                       "test: {} samples, {} classes; chance {:.3f}, majority class {:.3f}\n"
                                       "time {}, peak memory {:.2f} GB\n"
                                       "data {}\nanalysis {}\nruns {}\n",
                                       rows.at(0).runs.size(), rows[0].runs.size() == 1 ? "" : "s", facts.n_test,
                                       facts.classes, 1.0 / static_cast<double>(facts.classes), facts.majority,
                                       format_duration(facts.seconds), static_cast<double>(facts.peak_memory) / 1e9,
                                       printable(facts.data), printable(facts.analysis), printable(facts.runs));
}

nlohmann::json demo_json(const std::vector<DemoRow>& rows, const DemoFacts& facts) {
  nlohmann::json table = nlohmann::json::array();
  for (const DemoRow& row : rows) {
    nlohmann::json line = {
        {"name", row.name}, {"accuracy", json_of(accuracies(row))}, {"macro_f1", json_of(macro_f1s(row))}};
    const std::vector<std::string>& modalities = row.runs[0].modalities;
    for (size_t m = 0; m < modalities.size(); ++m) line["dependency"][modalities[m]] = json_of(dependencies(row, m));
    for (const RunSummary& run : row.runs) line["runs"].push_back(run.directory);
    table.push_back(line);
  }
  return {{"format_version", 1},
          {"rows", table},
          {"data", facts.data},
          {"analysis", facts.analysis},
          {"classes", facts.classes},
          {"n_train", facts.n_train},
          {"n_test", facts.n_test},
          {"chance", 1.0 / static_cast<double>(facts.classes)},
          {"majority", facts.majority},
          {"seconds", facts.seconds},
          {"peak_memory_bytes", facts.peak_memory}};
}

}  // namespace pdmp

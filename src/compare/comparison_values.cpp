// A comparison for programs: CSV and JSON.
#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <functional>

#include "compare/answers.h"
#include "compare/comparison.h"
#include "data/tables/csv.h"
#include "data/tables/spreadsheet_text.h"

namespace pdmp::comparing {
namespace {

using Json = nlohmann::json;
using Line = std::vector<std::string>;

void append(Line& line, const Line& more) { line.insert(line.end(), more.begin(), more.end()); }

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
    return found.empty() ? "" : number(part(metrics::mean_sd(found)));
  };
  columns.push_back(
      {name, [summary](const ComparisonRow& row) { return summary(row, [](metrics::MeanSd all) { return all.mean; }); },
       [values](const ComparisonRow& row, size_t s) {
         const std::vector<double> found = values(row);
         return s < found.size() ? number(found[s]) : "";
       }});
  columns.push_back(
      {name + "_sd",
       [summary](const ComparisonRow& row) { return summary(row, [](metrics::MeanSd all) { return all.sd; }); },
       nullptr});
}

std::vector<double> memory_of(const ComparisonRow& row) { return {row.peak_memory.begin(), row.peak_memory.end()}; }

// Of modality `name` within the models of the row; empty for a modality that is alone.
Values of_modality(const std::string& name, std::vector<std::vector<double>> ComparisonRow::*values) {
  return [name, values](const ComparisonRow& row) -> std::vector<double> {
    const auto found = std::find(row.modalities.begin(), row.modalities.end(), name);
    const auto m = static_cast<size_t>(found - row.modalities.begin());
    return is_unimodal(row) || m >= (row.*values).size() ? std::vector<double>{} : (row.*values)[m];
  };
}

std::vector<Column> value_columns(const Comparison& comparison) {
  std::vector<Column> columns;
  for (const Metric* metric : shown_metrics(comparison, MetricPlace::values)) {
    add_values(columns, metric->name, [name = metric->name](const ComparisonRow& row) { return row.score(name); });
  }
  add_values(columns, "validation_accuracy", [](const ComparisonRow& row) { return row.validation_accuracy; });
  add_values(columns, "epoch_seconds", [](const ComparisonRow& row) { return row.epoch_seconds; });
  add_values(columns, "peak_memory_bytes", memory_of);
  for (const std::string& name : comparison.modalities) {
    add_values(columns, "branch_accuracy_" + name, of_modality(name, &ComparisonRow::branch_accuracy));
    add_values(columns, "dependency_" + name, of_modality(name, &ComparisonRow::dependency));
  }
  return columns;
}

using ContrastOf = std::optional<Contrast> ComparisonRow::*;

// Columns of a contrast, each name with `prefix` before it.
void add_contrast(std::vector<Column>& columns, const std::string& prefix, ContrastOf contrast) {
  const auto add = [&](const char* name, auto value) {
    columns.push_back(
        {prefix + name,
         [contrast, value](const ComparisonRow& row) { return row.*contrast ? number(value(*(row.*contrast))) : ""; },
         nullptr});
  };
  const auto add_mcnemar = [&](const char* name, auto value) {
    columns.push_back({prefix + name, nullptr, [contrast, value](const ComparisonRow& row, size_t s) {
                         const auto& found = row.*contrast;
                         return found && s < found->mcnemar.size() ? number(value(*found, s)) : "";
                       }});
  };
  add("difference", [](const Contrast& found) { return found.difference.mean; });
  add("difference_low", [](const Contrast& found) { return found.difference.low; });
  add("difference_high", [](const Contrast& found) { return found.difference.high; });
  add("p", [](const Contrast& found) { return found.difference.p; });
  add("p_holm", [](const Contrast& found) { return found.p_holm; });
  add_mcnemar("mcnemar_only_reference",
              [](const Contrast& found, size_t s) { return static_cast<double>(found.mcnemar[s].only_reference); });
  add_mcnemar("mcnemar_only_other",
              [](const Contrast& found, size_t s) { return static_cast<double>(found.mcnemar[s].only_other); });
  add_mcnemar("mcnemar_p", [](const Contrast& found, size_t s) { return found.mcnemar[s].p; });
  add_mcnemar("mcnemar_p_holm", [](const Contrast& found, size_t s) { return found.mcnemar_holm[s]; });
}

std::string controlled_rows(const ComparisonRow& row) {
  Line names;
  for (const ControlRole& role : row.controls) names.push_back(role.of);
  return data::spreadsheet_text(fmt::format("{}", fmt::join(names, ", ")));
}

std::vector<Column> judgement_columns() {
  const auto truth = [](bool ComparisonRow::*what) {
    return [what](const ComparisonRow& row) { return row.rank > 0 ? fmt::format("{}", row.*what) : ""; };
  };
  std::vector<Column> columns = {
      {"failure", [](const ComparisonRow& row) { return data::spreadsheet_text(row.failure); }, nullptr},
      {"rank", [](const ComparisonRow& row) { return row.rank > 0 ? number(row.rank) : ""; }, nullptr},
      {"best", truth(&ComparisonRow::best), nullptr},
      {"indistinguishable", truth(&ComparisonRow::indistinguishable), nullptr},
      {"relative_time", [](const ComparisonRow& row) { return row.relative_time > 0 ? number(row.relative_time) : ""; },
       nullptr},
      {"mark", below_mark, nullptr},
      {"never_acted", [](const ComparisonRow& row) { return data::spreadsheet_text(row.never_acted); }, nullptr},
      {"control_of", controlled_rows, nullptr}};
  add_contrast(columns, "", &ComparisonRow::against_reference);
  add_contrast(columns, "best_unimodal_", &ComparisonRow::against_unimodal);
  return columns;
}

Json difference_json(const Contrast& contrast) {
  return {{"mean", contrast.difference.mean},
          {"low", contrast.difference.low},
          {"high", contrast.difference.high},
          {"p", contrast.difference.p},
          {"p_holm", contrast.p_holm}};
}

Json mcnemar_json(const Contrast& contrast) {
  Json seeds = Json::array();
  for (size_t s = 0; s < contrast.mcnemar.size(); ++s) {
    const McNemar& test = contrast.mcnemar[s];
    seeds.push_back({{"only_reference", test.only_reference},
                     {"only_other", test.only_other},
                     {"p", test.p},
                     {"p_holm", contrast.mcnemar_holm[s]}});
  }
  return seeds;
}

Json text_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

Json controls_json(const ComparisonRow& row) {
  Json roles = Json::array();
  for (const ControlRole& role : row.controls) {
    roles.push_back({{"of", role.of}, {"what", role.what}, {"gain", role.gain ? difference_json(*role.gain) : Json()}});
  }
  return roles;
}

Json judgement_json(const ComparisonRow& row) {
  Json value = {{"rank", row.rank > 0 ? Json(row.rank) : Json()},
                {"best", row.best},
                {"indistinguishable", row.indistinguishable},
                {"relative_time", row.relative_time > 0 ? Json(row.relative_time) : Json()},
                {"mark", text_or_null(below_mark(row))},
                {"never_acted", text_or_null(row.never_acted)},
                {"control_of", controls_json(row)},
                {"difference", nullptr},
                {"best_unimodal_difference", nullptr}};
  if (row.against_reference) {
    value["difference"] = difference_json(*row.against_reference);
    value["mcnemar"] = mcnemar_json(*row.against_reference);
  }
  if (row.against_unimodal) {
    value["best_unimodal_difference"] = difference_json(*row.against_unimodal);
    value["best_unimodal_mcnemar"] = mcnemar_json(*row.against_unimodal);
  }
  return value;
}

Json row_json(const Comparison& comparison, const ComparisonRow& row) {
  Json value = {{"name", row.name},
                {"method", row.method},
                {"fusion", is_unimodal(row) ? Json() : Json(row.fusion)},
                {"modalities", row.modalities},
                {"tuned", row.tuned},
                {"refusal", text_or_null(row.refusal)},
                {"failure", text_or_null(row.failure)}};
  if (!row.refusal.empty()) return value;
  value.update({{"runs", row.runs},
                {"validation_accuracy", mean_json(row.validation_accuracy)},
                {"epoch_seconds", mean_json(row.epoch_seconds)},
                {"peak_memory_bytes", mean_json(memory_of(row))}});
  for (const Metric* metric : shown_metrics(comparison, MetricPlace::values)) {
    value[metric->name] = mean_json(row.score(metric->name));
  }
  if (!is_unimodal(row)) {
    for (size_t m = 0; m < row.branch_accuracy.size(); ++m) {
      value["branch_accuracy"][row.modalities[m]] = mean_json(row.branch_accuracy[m]);
      value["dependency"][row.modalities[m]] = mean_json(row.dependency[m]);
    }
  }
  value.update(judgement_json(row));
  return value;
}

}  // namespace

std::string as_csv(const Comparison& comparison) {
  std::vector<Column> columns = value_columns(comparison);
  for (Column& column : judgement_columns()) columns.push_back(std::move(column));
  Line header = {"name", "method", "fusion", "refusal", "tuned", "seed", "run"};
  for (const Column& column : columns) header.push_back(column.name);
  std::string text = data::csv_record(header);
  for (const ComparisonRow& row : comparison.rows) {
    Line names = {row.name, row.method, row.fusion, row.refusal, row.tuned};
    std::transform(names.begin(), names.end(), names.begin(), data::spreadsheet_text);
    for (size_t s = 0; row.refusal.empty() && s < comparison.seeds.size(); ++s) {
      Line line = names;
      append(line,
             {std::to_string(comparison.seeds[s]), s < row.runs.size() ? data::spreadsheet_text(row.runs[s]) : ""});
      for (const Column& column : columns) line.push_back(column.seed ? column.seed(row, s) : "");
      text += data::csv_record(line);
    }
    Line line = names;
    append(line, {"all", ""});
    for (const Column& column : columns) line.push_back(column.all ? column.all(row) : "");
    text += data::csv_record(line);
  }
  return text;
}

Json as_json(const Comparison& comparison) {
  Json rows = Json::array();
  for (const ComparisonRow& row : comparison.rows) rows.push_back(row_json(comparison, row));
  return {{"format_version", 1},
          {"data", comparison.data},
          {"selected_by", comparison.selected_by},
          {"select_metric", comparison.select_metric},
          {"reference", text_or_null(comparison.reference)},
          {"best_unimodal", text_or_null(comparison.best_unimodal)},
          {"answers", answers(comparison)},
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

}  // namespace pdmp::comparing

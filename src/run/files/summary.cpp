#include "run/files/summary.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/files/checked_file.h"
#include "base/files/file.h"
#include "base/text/json_fields.h"
#include "base/text/printable.h"
#include "metrics/metric.h"
#include "pdmp/error.h"
#include "train/files/layout.h"

namespace pdmp {
namespace {

constexpr int kFormatVersion = 1;
constexpr const char* kFile = training::run_layout::kSummary;
constexpr const char* kAdvice = "it is not as a finished run left it: restore it, or train again with `overwrite`";

using Json = nlohmann::json;

Json scores(const Evaluation& evaluation) {
  Json value = evaluation.scores;
  value["n"] = evaluation.n;
  return value;
}

std::optional<Evaluation> read_scores(const JsonFields& summary, const char* split) {
  if (!summary.has(split)) return std::nullopt;
  const JsonFields found = summary.object(split);
  Evaluation evaluation;
  evaluation.scores["accuracy"] = found.get<double>("accuracy");
  for (const Metric& metric : metric_table()) {
    if (found.has(metric.name)) evaluation.scores[metric.name] = found.number_or_nan(metric.name);
  }
  evaluation.n = found.get<int64_t>("n");
  return evaluation;
}

const Evaluation* held_out(const TrainingRun& summary) {
  return summary.test ? &*summary.test : summary.val ? &*summary.val : nullptr;
}

TrainingRun parse(const JsonFields& fields) {
  TrainingRun summary;
  if (const int version = fields.get<int>("format_version"); version != kFormatVersion) {
    fields.fail("format_version", std::to_string(kFormatVersion), std::to_string(version));
  }
  summary.method = fields.get<std::string>("method");
  summary.seed = fields.get<uint64_t>("seed");
  summary.modalities = fields.get<std::vector<std::string>>("modalities");
  summary.epochs = fields.get<int64_t>("epochs");
  summary.selected_epoch = fields.get<int64_t>("selected_epoch");
  summary.selected_by = fields.get<std::string>("selected_by");
  if (fields.has("select_metric")) summary.select_metric = fields.get<std::string>("select_metric");
  summary.seconds = fields.get<double>("seconds");
  summary.beginning.encoders = fields.object("beginning").get<NameMap>("encoders");
  summary.beginning.batches = fields.object("beginning").get<std::string>("batches");
  summary.test = read_scores(fields, "test");
  summary.val = read_scores(fields, "val");
  if (fields.has("trained")) {
    summary.trained_test = read_scores(fields.object("trained"), "test");
    summary.trained_val = read_scores(fields.object("trained"), "val");
  }
  Evaluation* main = summary.test ? &*summary.test : summary.val ? &*summary.val : nullptr;
  if (main == nullptr) return summary;
  for (const std::string& name : summary.modalities) {
    const JsonFields unimodal = fields.object("unimodal").object(name);
    main->unimodal_accuracy.push_back(unimodal.get<double>("accuracy"));
    main->unimodal_loss.push_back(unimodal.number_or_nan("loss"));
    main->dependency.push_back(fields.object("dependency").number_or_nan(name));
  }
  return summary;
}

std::string score_line(const char* split, const std::optional<Evaluation>& evaluation) {
  if (!evaluation) return fmt::format("{:<4}  no such split\n", split);
  std::string text = fmt::format("{:<4}  ", split);
  for (const Metric* metric : metrics::shown_metrics(evaluation->scores, MetricPlace::headline)) {
    text += fmt::format("{} {}  ", metric->heading, metrics::score_text(evaluation->score(metric->name)));
  }
  return text + fmt::format("(n {})\n", evaluation->n);
}

// Beside the scores of the averaged weights.
std::string trained_lines(const TrainingRun& summary) {
  if (!summary.trained_test && !summary.trained_val) return "";
  return "weights as trained, not averaged:\n" + score_line("test", summary.trained_test) +
         score_line("val", summary.trained_val);
}

}  // namespace

void runs::write_summary(const TrainingRun& summary, const std::filesystem::path& path, const nlohmann::json& files) {
  Json value = {{"format_version", kFormatVersion},
                {"method", summary.method},
                {"seed", summary.seed},
                {"modalities", summary.modalities},
                {"epochs", summary.epochs},
                {"selected_epoch", summary.selected_epoch},
                {"selected_by", summary.selected_by},
                {"select_metric", summary.select_metric},
                {"seconds", summary.seconds},
                {"beginning", {{"encoders", summary.beginning.encoders}, {"batches", summary.beginning.batches}}},
                {"files", files}};
  if (summary.test) value["test"] = scores(*summary.test);
  if (summary.val) value["val"] = scores(*summary.val);
  if (summary.trained_test) value["trained"]["test"] = scores(*summary.trained_test);
  if (summary.trained_val) value["trained"]["val"] = scores(*summary.trained_val);
  if (const Evaluation* main = held_out(summary)) {
    const std::vector<double> shares = main->shares();
    for (size_t m = 0; m < summary.modalities.size(); ++m) {
      const std::string& name = summary.modalities[m];
      value["unimodal"][name] = {{"accuracy", main->unimodal_accuracy[m]}, {"loss", main->unimodal_loss[m]}};
      value["dependency"][name] = shares[m];
    }
  }
  write_checked_json(path, value);
}

TrainingRun read_summary(const std::filesystem::path& run_directory) {
  const std::filesystem::path path = run_directory / kFile;
  const Json value = read_checked_json(path, kAdvice);
  TrainingRun summary = parse(JsonFields(value, path, kAdvice));
  summary.directory = run_directory.string();
  return summary;
}

void runs::check_run_file(const std::filesystem::path& run_directory, const std::string& name) {
  const std::filesystem::path path = run_directory / kFile;
  const Json value = read_checked_json(path, kAdvice);
  if (!value.contains("files")) return;
  const JsonFields files = JsonFields(value, path, kAdvice).object("files");
  if (!files.has(name)) return;
  const JsonFields entry = files.object(name);
  const FileDigest expected{entry.get<uint64_t>("bytes"), entry.get<std::string>("digest")};
  check_digest(run_directory / name, read_file(run_directory / name), expected, kAdvice);
}

std::string summary_text(const TrainingRun& summary) {
  std::string text = fmt::format("{}, seed {}: {} epochs, weights of epoch {} ({})\n", summary.method, summary.seed,
                                 summary.epochs, summary.selected_epoch + 1, summary.selected_by);
  text += score_line("test", summary.test) + score_line("val", summary.val) + trained_lines(summary);
  if (const Evaluation* main = held_out(summary)) {
    const std::vector<double> shares = main->shares();
    size_t width = 0;
    for (const std::string& name : summary.modalities) width = std::max(width, name.size());
    for (size_t m = 0; m < summary.modalities.size(); ++m) {
      text += fmt::format("  {:<{}}  its branch alone {:.4f}, dependency on it {:.0f} %\n", summary.modalities[m],
                          width, main->unimodal_accuracy[m], 100 * shares[m]);
    }
  }
  return text + "run directory: " + printable(summary.directory) + "\n";
}

}  // namespace pdmp

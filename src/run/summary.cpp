#include "run/summary.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/file.h"
#include "base/printable.h"
#include "pdmp/error.h"

namespace pdmp {
namespace {

constexpr int kFormatVersion = 1;

using Json = nlohmann::json;

Json scores(const Evaluation& evaluation) {
  return {{"accuracy", evaluation.accuracy},
          {"macro_f1", evaluation.macro_f1},
          {"calibration_error", evaluation.calibration_error},
          {"loss", evaluation.loss},
          {"n", evaluation.n}};
}

std::optional<Evaluation> read_scores(const Json& value, const char* split) {
  if (!value.contains(split)) return std::nullopt;
  const Json& found = value.at(split);
  Evaluation evaluation;
  found.at("accuracy").get_to(evaluation.accuracy);
  found.at("macro_f1").get_to(evaluation.macro_f1);
  found.at("calibration_error").get_to(evaluation.calibration_error);
  found.at("loss").get_to(evaluation.loss);
  found.at("n").get_to(evaluation.n);
  return evaluation;
}

const Evaluation* held_out(const RunSummary& summary) {
  return summary.test ? &*summary.test : summary.val ? &*summary.val : nullptr;
}

RunSummary parse(const Json& value) {
  RunSummary summary;
  if (value.at("format_version").get<int>() != kFormatVersion) throw std::invalid_argument("another format_version");
  value.at("method").get_to(summary.method);
  value.at("seed").get_to(summary.seed);
  value.at("modalities").get_to(summary.modalities);
  value.at("epochs").get_to(summary.epochs);
  value.at("selected_epoch").get_to(summary.selected_epoch);
  value.at("selected_by").get_to(summary.selected_by);
  value.at("seconds").get_to(summary.seconds);
  value.at("beginning").at("encoders").get_to(summary.beginning.encoders);
  value.at("beginning").at("batches").get_to(summary.beginning.batches);
  summary.test = read_scores(value, "test");
  summary.val = read_scores(value, "val");
  Evaluation* main = summary.test ? &*summary.test : summary.val ? &*summary.val : nullptr;
  if (main == nullptr) return summary;
  for (const std::string& name : summary.modalities) {
    main->unimodal_accuracy.push_back(value.at("unimodal").at(name).at("accuracy").get<double>());
    main->unimodal_loss.push_back(value.at("unimodal").at(name).at("loss").get<double>());
    main->dependency.push_back(value.at("dependency").at(name).get<double>());
  }
  return summary;
}

std::string score_line(const char* split, const std::optional<Evaluation>& evaluation) {
  if (!evaluation) return fmt::format("{:<4}  no such split\n", split);
  return fmt::format("{:<4}  accuracy {:.4f}  macro-F1 {:.4f}  (n {})\n", split, evaluation->accuracy,
                     evaluation->macro_f1, evaluation->n);
}

}  // namespace

void write_summary(const RunSummary& summary, const std::filesystem::path& path) {
  Json value = {{"format_version", kFormatVersion},
                {"method", summary.method},
                {"seed", summary.seed},
                {"modalities", summary.modalities},
                {"epochs", summary.epochs},
                {"selected_epoch", summary.selected_epoch},
                {"selected_by", summary.selected_by},
                {"seconds", summary.seconds},
                {"beginning", {{"encoders", summary.beginning.encoders}, {"batches", summary.beginning.batches}}}};
  if (summary.test) value["test"] = scores(*summary.test);
  if (summary.val) value["val"] = scores(*summary.val);
  if (const Evaluation* main = held_out(summary)) {
    const std::vector<double> shares = main->shares();
    for (size_t m = 0; m < summary.modalities.size(); ++m) {
      const std::string& name = summary.modalities[m];
      value["unimodal"][name] = {{"accuracy", main->unimodal_accuracy[m]}, {"loss", main->unimodal_loss[m]}};
      value["dependency"][name] = shares[m];
    }
  }
  write_json(path, value);
}

RunSummary read_summary(const std::filesystem::path& run_directory) {
  const std::filesystem::path path = run_directory / "summary.json";
  const Json value = read_json(path);
  try {
    RunSummary summary = parse(value);
    summary.directory = run_directory.string();
    return summary;
  } catch (const std::exception& error) {
    throw Error(ErrorKind::data, fmt::format("{}: not the summary of a run: {}", path.string(), error.what()));
  }
}

std::string summary_text(const RunSummary& summary) {
  std::string text = fmt::format("{}, seed {}: {} epochs, weights of epoch {} ({})\n", summary.method, summary.seed,
                                 summary.epochs, summary.selected_epoch + 1, summary.selected_by);
  text += score_line("test", summary.test) + score_line("val", summary.val);
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

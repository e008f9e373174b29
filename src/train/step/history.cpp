#include "train/step/history.h"

#include <fmt/format.h>

#include "pdmp/error.h"

namespace pdmp::training {
namespace {

constexpr int64_t kPerDigit = 4;
constexpr const char* kDigits = "0123456789abcdef";

}  // namespace

std::string text_of_correct(const Tensor& correct) {
  const Tensor values = correct.contiguous();
  const bool* value = values.data_ptr<bool>();
  const int64_t n = values.numel();
  std::string text;
  for (int64_t first = 0; first < n; first += kPerDigit) {
    size_t digit = 0;
    for (int64_t i = first; i < first + kPerDigit; ++i) digit = 2 * digit + (i < n && value[i] ? 1 : 0);
    text += kDigits[digit];
  }
  return text;
}

Tensor correct_of_text(const std::string& text, int64_t n) {
  const std::string digits = kDigits;
  if (static_cast<int64_t>(text.size()) != (n + kPerDigit - 1) / kPerDigit ||
      text.find_first_not_of(digits) != std::string::npos) {
    throw Error(ErrorKind::data, fmt::format("expected {} samples as {} hexadecimal digits, found '{:.40}'", n,
                                             (n + kPerDigit - 1) / kPerDigit, text));
  }
  const Tensor correct = torch::zeros({n}, torch::kBool);
  bool* value = correct.data_ptr<bool>();
  for (int64_t i = 0; i < n; ++i) {
    const size_t digit = digits.find(text[static_cast<size_t>(i / kPerDigit)]);
    value[i] = ((digit >> (kPerDigit - 1 - i % kPerDigit)) & 1) == 1;
  }
  return correct;
}

nlohmann::json to_json(const Evaluation& evaluation) {
  nlohmann::json value = {{"n", evaluation.n},
                          {"unimodal_accuracy", evaluation.unimodal_accuracy},
                          {"unimodal_loss", evaluation.unimodal_loss},
                          {"dependency", evaluation.dependency}};
  value.update(evaluation.scores);
  if (evaluation.correct.defined()) value["correct"] = text_of_correct(evaluation.correct);
  return value;
}

Evaluation evaluation_from_json(const nlohmann::json& value) {
  Evaluation evaluation;
  value.at("n").get_to(evaluation.n);
  for (const Metric& metric : metric_table()) {
    const auto score = value.find(metric.name);
    if (score != value.end() && score->is_number()) score->get_to(evaluation.scores[metric.name]);
  }
  value.at("unimodal_accuracy").get_to(evaluation.unimodal_accuracy);
  value.at("unimodal_loss").get_to(evaluation.unimodal_loss);
  value.at("dependency").get_to(evaluation.dependency);
  if (value.contains("correct")) {
    evaluation.correct = correct_of_text(value.at("correct").get<std::string>(), evaluation.n);
  }
  return evaluation;
}

void add_scores(nlohmann::json& line, const std::string& split, const Evaluation& scores, const Model& model) {
  for (const auto& [metric, score] : scores.scores) line[split + metric] = score;
  const std::vector<double> shares = scores.shares();
  for (size_t m = 0; m < shares.size(); ++m) {
    const std::string& name = model.infos()[m].name;
    line[split + "acc/" + name] = scores.unimodal_accuracy[m];
    line[split + "dep/W_" + name] = scores.dependency[m];
    line[split + "dep/share_" + name] = shares[m];
  }
  if (shares.size() == 2) line[split + "dep/w"] = scores.dependency[0] / (scores.dependency[1] + 1e-8);
}

std::string epoch_note(const EpochRecord& record, double waited, const Metric& metric) {
  std::string val;
  if (record.val) {
    val = fmt::format(", validation {}{:.3f}", metrics::is_accuracy(metric) ? "" : std::string(metric.name) + " ",
                      record.val->score(metric.name));
  }
  if (record.ema) val += fmt::format(", averaged {:.3f}", record.ema->score(metric.name));
  return fmt::format("epoch {}: loss {:.3f}{}, data wait {:.1f} %", record.epoch + 1, record.train_loss, val,
                     100 * waited);
}

nlohmann::json to_json(const EpochRecord& record) {
  nlohmann::json value = {
      {"epoch", record.epoch}, {"train_loss", record.train_loss}, {"train_accuracy", record.train_accuracy}};
  if (record.val) value["val"] = to_json(*record.val);
  if (record.ema) value["ema"] = to_json(*record.ema);
  return value;
}

EpochRecord epoch_record_from_json(const nlohmann::json& value) {
  EpochRecord record;
  value.at("epoch").get_to(record.epoch);
  value.at("train_loss").get_to(record.train_loss);
  value.at("train_accuracy").get_to(record.train_accuracy);
  if (value.contains("val")) record.val = evaluation_from_json(value.at("val"));
  if (value.contains("ema")) record.ema = evaluation_from_json(value.at("ema"));
  return record;
}

}  // namespace pdmp::training

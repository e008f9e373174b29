#include "train/history.h"

namespace pdmp {

nlohmann::json to_json(const Evaluation& evaluation) {
  return {{"n", evaluation.n},
          {"loss", evaluation.loss},
          {"accuracy", evaluation.accuracy},
          {"macro_f1", evaluation.macro_f1},
          {"calibration_error", evaluation.calibration_error},
          {"unimodal_accuracy", evaluation.unimodal_accuracy},
          {"unimodal_loss", evaluation.unimodal_loss},
          {"dependency", evaluation.dependency}};
}

Evaluation evaluation_from_json(const nlohmann::json& value) {
  Evaluation evaluation;
  value.at("n").get_to(evaluation.n);
  value.at("loss").get_to(evaluation.loss);
  value.at("accuracy").get_to(evaluation.accuracy);
  value.at("macro_f1").get_to(evaluation.macro_f1);
  value.at("calibration_error").get_to(evaluation.calibration_error);
  value.at("unimodal_accuracy").get_to(evaluation.unimodal_accuracy);
  value.at("unimodal_loss").get_to(evaluation.unimodal_loss);
  value.at("dependency").get_to(evaluation.dependency);
  return evaluation;
}

nlohmann::json to_json(const EpochRecord& record) {
  nlohmann::json value = {
      {"epoch", record.epoch}, {"train_loss", record.train_loss}, {"train_accuracy", record.train_accuracy}};
  if (record.val) value["val"] = to_json(*record.val);
  return value;
}

EpochRecord epoch_record_from_json(const nlohmann::json& value) {
  EpochRecord record;
  value.at("epoch").get_to(record.epoch);
  value.at("train_loss").get_to(record.train_loss);
  value.at("train_accuracy").get_to(record.train_accuracy);
  if (value.contains("val")) record.val = evaluation_from_json(value.at("val"));
  return record;
}

}  // namespace pdmp

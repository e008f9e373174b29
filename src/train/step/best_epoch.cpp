#include "train/step/best_epoch.h"

namespace pdmp::training {

bool BestEpoch::consider(const Evaluation& scores, int64_t epoch) {
  const double value = scores.score(metric_.name);
  if (epoch_ >= 0 && metric_.merit(value) <= metric_.merit(value_)) return false;
  epoch_ = epoch;
  value_ = value;
  return true;
}

bool BestEpoch::is_out_of_patience(int64_t epochs, int64_t patience) const {
  return patience > 0 && epoch_ >= 0 && epochs - 1 - epoch_ >= patience;
}

void BestEpoch::save(nlohmann::json& values) const {
  values["best_epoch"] = epoch_;
  values["best_value"] = value_;
}

void BestEpoch::load(const nlohmann::json& values) {
  values.at("best_epoch").get_to(epoch_);
  // Checkpoints of versions that chose by accuracy alone have it under that name.
  values.at(values.contains("best_value") ? "best_value" : "best_accuracy").get_to(value_);
}

}  // namespace pdmp::training

#include "train/recorder.h"

#include <limits>

#include "base/session.h"

namespace pdmp::training {
namespace {

// The numbers of a line but its place; what JSON has no number for is null there.
std::map<std::string, double> values_of(const nlohmann::json& line) {
  std::map<std::string, double> values;
  for (const auto& [name, value] : line.items()) {
    if (name == "epoch" || name == "step") continue;
    if (value.is_number()) values[name] = value.get<double>();
    if (value.is_null()) values[name] = std::numeric_limits<double>::quiet_NaN();
  }
  return values;
}

}  // namespace

void SessionRecorder::on_step(const nlohmann::json& line) {
  if (info_is_silent()) return;
  const StepReport report{training_, line.at("epoch").get<int64_t>(), line.at("step").get<int64_t>(), values_of(line)};
  tell_recorder([&](pdmp::Recorder& recorder) { recorder.on_step(report); });
}

void SessionRecorder::on_epoch(const nlohmann::json& line) {
  if (info_is_silent()) return;
  const EpochReport report{training_, line.at("epoch").get<int64_t>(), values_of(line)};
  tell_recorder([&](pdmp::Recorder& recorder) { recorder.on_epoch(report); });
}

}  // namespace pdmp::training

#include "train/step/training_state.h"

#include <ATen/CPUGeneratorImpl.h>

#include "train/step/history.h"

namespace pdmp::training {

TrainingState::TrainingState(uint64_t seed, const Metric& metric)
    : random(random_stream(seed, "method")), best(metric) {}

CheckpointState TrainingState::save(const TrainedParts& parts) const {
  CheckpointState saved;
  saved.epoch = epoch;
  saved.batch = batch;
  saved.step = step;
  parts.optimizer->save(saved.optimizer);
  parts.method.save(saved.method);
  saved.generator = at::detail::getDefaultCPUGenerator().get_state();
  nlohmann::json records = nlohmann::json::array();
  for (const EpochRecord& record : history) records.push_back(to_json(record));
  saved.values = {{"random", random.save()},
                  {"sums", sums.save()},
                  {"history", records},
                  {"beginning", {{"encoders", beginning.encoders}, {"batches", beginning.batches}}}};
  best.save(saved.values);
  return saved;
}

void TrainingState::load(const CheckpointState& saved, TrainedParts& parts) {
  epoch = saved.epoch;
  batch = saved.batch;
  step = saved.step;
  parts.optimizer->load(saved.optimizer);
  parts.method.load(saved.method);
  at::Generator generator = at::detail::getDefaultCPUGenerator();
  generator.set_state(saved.generator);
  const nlohmann::json& values = saved.values;
  random.load(values.at("random").get<std::string>());
  sums = EpochSums::load(values.at("sums"));
  for (const nlohmann::json& record : values.at("history")) history.push_back(epoch_record_from_json(record));
  values.at("beginning").at("encoders").get_to(beginning.encoders);
  values.at("beginning").at("batches").get_to(beginning.batches);
  best.load(values);
}

}  // namespace pdmp::training

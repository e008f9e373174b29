#include "analysis/unimodal.h"

#include "analysis/kept_training.h"
#include "models/encoder_choice.h"

namespace pdmp {
namespace {

nlohmann::json curve_of(const FitResult& fit) {
  nlohmann::json value = {{"accuracy", nlohmann::json::array()}};
  for (const EpochRecord& record : fit.history) {
    value["accuracy"].push_back(record.val->accuracy);
    value["loss"] = record.val->loss;
  }
  return value;
}

}  // namespace

UnimodalTraining train_unimodal(const AnalysisData& data, const std::string& modality, const ModelOptions& model,
                                const TrainOptions& train, const std::filesystem::path& directory,
                                const std::string& key) {
  const std::filesystem::path weights = directory / (modality + ".safetensors");
  // The curve is of no use without the weights it belongs to.
  if (!directory.empty() && !std::filesystem::exists(weights))
    std::filesystem::remove(directory / (modality + ".json"));
  const nlohmann::json result = kept_training(directory, modality, key, [&](RunDirectory* run) {
    TrainingData alone;
    alone.train = select_modalities(data.splits.train, {modality});
    alone.val = select_modalities(data.splits.val, {modality});
    const auto classes = static_cast<int64_t>(alone.train->classes().size());
    const auto network = std::make_shared<Model>(alone.train->modalities(), classes,
                                                 with_linear_head(model, data.splits.train->modalities()),
                                                 static_cast<uint64_t>(train.seed));
    const FitResult fit = train_jointly(network, alone, train, run, modality + " alone");
    if (run != nullptr) save_weights(*network, weights.string());
    return curve_of(fit);
  });
  return {result.at("accuracy").get<std::vector<double>>(), result.at("loss").get<double>()};
}

}  // namespace pdmp

#include "analysis/probe.h"

#include <algorithm>

#include "analysis/kept_training.h"
#include "base/text/json_fields.h"

namespace pdmp::analysis {
namespace {

constexpr int64_t kShortest = 5;

// Mean over the last `points` epochs of one figure per modality.
std::vector<double> mean_of_last(const FitResult& fit, int64_t points, std::vector<double> Evaluation::*figure) {
  const auto epochs = static_cast<int64_t>(fit.history.size());
  std::vector<double> sum;
  for (int64_t epoch = std::max<int64_t>(0, epochs - points); epoch < epochs; ++epoch) {
    const std::vector<double>& values = (*fit.history[static_cast<size_t>(epoch)].val).*figure;
    sum.resize(values.size());
    for (size_t m = 0; m < values.size(); ++m) sum[m] += values[m];
  }
  for (double& value : sum) value /= static_cast<double>(std::min(points, epochs));
  return sum;
}

}  // namespace

void run_probe(EarlyEvidence& evidence, const AnalysisData& data, const ModelOptions& model, const TrainOptions& train,
               int64_t points, const std::filesystem::path& directory, const std::string& key) {
  TrainOptions options = train;
  options.epochs = std::max(kShortest, train.epochs / 10);
  const nlohmann::json result =
      kept_training(directory, "probe", key, [&](training::RunDirectory* run) -> nlohmann::json {
        const Dataset& samples = *data.splits.train;
        const auto joint = std::make_shared<Model>(samples.modalities(), static_cast<int64_t>(samples.classes().size()),
                                                   model, static_cast<uint64_t>(train.seed));
        const FitResult fit = train_jointly(joint, data.splits, options, run, "short joint run");
        return {{"branch", mean_of_last(fit, points, &Evaluation::unimodal_accuracy)},
                {"dependency", mean_of_last(fit, points, &Evaluation::dependency)}};
      });
  const JsonFields fields(result, directory / "probe.json", "delete it to train the short joint run again");
  fields.get_to("branch", evidence.branch);
  fields.get_to("dependency", evidence.dependency);
}

}  // namespace pdmp::analysis

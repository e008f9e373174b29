#include "analysis/unimodal.h"

#include <fmt/format.h>

#include "analysis/kept_training.h"
#include "analysis/side_by_side.h"
#include "analysis/stop_rule.h"
#include "base/files/checked_file.h"
#include "base/text/json_fields.h"
#include "models/encoder_choice.h"
#include "models/weights/weights.h"
#include "pdmp/error.h"
#include "train/step/history.h"

namespace pdmp::analysis {
namespace {

namespace fs = std::filesystem;

std::vector<uint8_t> hits_of(const Tensor& correct) {
  const Tensor values = correct.contiguous();
  return {values.data_ptr<bool>(), values.data_ptr<bool>() + values.numel()};
}

nlohmann::json to_json(const std::vector<EpochRecord>& history, const Metric& metric) {
  nlohmann::json value = {{"accuracy", nlohmann::json::array()}};
  for (const EpochRecord& record : history) {
    value["accuracy"].push_back(record.val->accuracy());
    if (!metrics::is_accuracy(metric)) value["score"].push_back(record.val->score(metric.name));
    value["loss"] = record.val->loss();
    if (record.val->correct.defined()) value["correct"].push_back(training::text_of_correct(record.val->correct));
  }
  return value;
}

// The curve is of no use without the weights it belongs to.
KeptTraining open_kept(const fs::path& directory, const std::string& modality, const std::string& key) {
  if (!directory.empty() && !fs::exists(directory / (modality + ".safetensors"))) {
    fs::remove(directory / (modality + ".json"));
  }
  return {directory, modality, key};
}

// One of the trainings, finished before or under way.
class Alone {
 public:
  Alone(const AnalysisData& data, const std::string& modality, const ModelOptions& model, const TrainOptions& train,
        bool keep_correct, const fs::path& directory, const std::string& key)
      : modality_(modality),
        metric_(find_metric(train.select_metric)),
        directory_(directory),
        kept_(open_kept(directory, modality, key)) {
    if (kept_.finished()) {
      take(data);
      const size_t epochs = keep_correct ? training_.accuracy.size() : 0;
      if (training_.correct.size() == epochs) return;
      throw Error(ErrorKind::data,
                  fmt::format("{}/{}.json: expected which samples were right after each of {} epochs, "
                              "found {}; delete it to train {} again",
                              directory.string(), modality, epochs, training_.correct.size(), modality));
    }
    TrainingData alone;
    alone.train = select_modalities(data.splits.train, {modality});
    alone.val = select_modalities(data.splits.val, {modality});
    model_ = std::make_shared<Model>(alone.train->modalities(), static_cast<int64_t>(alone.train->classes().size()),
                                     models::with_linear_head(model, data.splits.train->modalities()), train.seed);
    method_ = find_method("joint").make_options()->make();
    loop_ = std::make_unique<training::TrainingLoop>(training::TrainingInputs{.options = to_the_end(train),
                                                                              .ranking = std::nullopt,
                                                                              .model = model_,
                                                                              .method = *method_,
                                                                              .data = alone,
                                                                              .run = kept_.run(),
                                                                              .select_on = nullptr,
                                                                              .keep_correct = keep_correct,
                                                                              .make_model = {},
                                                                              .unimodal_model = {}});
  }

  training::TrainingLoop* loop() const { return loop_.get(); }  // null: finished before
  const std::string& modality() const { return modality_; }
  const UnimodalTraining& training() const { return training_; }

  // Takes in what was right in the first `epochs`; false where there are fewer.
  bool follow(int64_t epochs) {
    for (auto e = static_cast<int64_t>(training_.correct.size()); loop_ && e < epochs; ++e) {
      training_.correct.push_back(hits_of(loop_->history()[static_cast<size_t>(e)].val->correct));
    }
    return static_cast<int64_t>(training_.correct.size()) >= epochs;
  }

  void finish(const AnalysisData& data) {
    loop_->finish();
    nlohmann::json result = to_json(loop_->history(), metric_);
    if (!directory_.empty()) {
      const std::string name = modality_ + ".safetensors";
      result["files"][name] = to_json(models::write_weights(*model_, (directory_ / name).string()));
    }
    kept_.finish(std::move(result));
    take(data);
  }

 private:
  void take(const AnalysisData& data) {
    const JsonFields result(kept_.result(), directory_ / (modality_ + ".json"),
                            fmt::format("delete it to train {} again", modality_));
    training_.accuracy = result.get<std::vector<double>>("accuracy");
    training_.score = result.has("score") ? result.get<std::vector<double>>("score") : training_.accuracy;
    training_.final_loss = result.number_or_nan("loss");
    training_.correct.clear();
    if (!result.has("correct")) return;
    for (const std::string& text : result.get<std::vector<std::string>>("correct")) {
      training_.correct.push_back(hits_of(training::correct_of_text(text, data.splits.val->size())));
    }
  }

  std::string modality_;
  const Metric& metric_;
  fs::path directory_;
  KeptTraining kept_;
  std::shared_ptr<Model> model_;
  std::unique_ptr<Method> method_;
  std::unique_ptr<training::TrainingLoop> loop_;
  UnimodalTraining training_;
};

// A training that ended before may have been stopped: the others of its analysis go as far.
bool settled_after(std::vector<Alone>& all, int64_t epochs, const TrainOptions& train, const AnalysisOptions& options) {
  std::vector<std::string> names;
  std::vector<metrics::Hits> hits;
  for (Alone& alone : all) {
    if (!alone.loop() && static_cast<int64_t>(alone.training().accuracy.size()) <= epochs) return true;
    if (options.stop == "never") continue;
    if (!alone.follow(epochs)) return false;
    const metrics::Hits& known = alone.training().correct;
    names.push_back(alone.modality());
    hits.emplace_back(known.begin(), known.begin() + epochs);
  }
  return options.stop != "never" && settled(names, hits, train.epochs, options.end_mode, train.seed).has_value();
}

}  // namespace

std::vector<UnimodalTraining> train_unimodal(const AnalysisData& data, const std::vector<std::string>& modalities,
                                             const ModelOptions& model, const TrainOptions& train,
                                             const AnalysisOptions& options, const fs::path& directory,
                                             const std::string& key) {
  std::vector<Alone> all;
  std::vector<Lane> lanes;
  std::vector<std::string> loaded;
  for (const std::string& modality : modalities) {
    const Alone& alone = all.emplace_back(data, modality, model, train, options.stop != "never", directory, key);
    if (!alone.loop()) continue;
    lanes.push_back({alone.loop(), static_cast<int64_t>(lanes.size())});
    loaded.push_back(modality);
  }
  if (!lanes.empty()) {
    train_side_by_side(lanes, select_modalities(data.splits.train, loaded), train,
                       [&](int64_t epochs) { return settled_after(all, epochs, train, options); });
  }
  std::vector<UnimodalTraining> result;
  for (Alone& alone : all) {
    if (alone.loop()) alone.finish(data);
    result.push_back(alone.training());
  }
  return result;
}

}  // namespace pdmp::analysis

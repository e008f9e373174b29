// The whole job from a program of one's own, with samples in memory: train with progress, cancel, go on, load, predict,
// compare, and use an encoder and a method that pdmp does not have. Run it with a folder to work in.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <pdmp/pdmp.h>
#include <string>
#include <torch/nn/functional/activation.h>
#include <torch/nn/modules/linear.h>

namespace {

using pdmp::Tensor;

// --- samples in memory: "sound" tells the upper bit of the class, "sight", in smaller numbers, the lower one ---

std::shared_ptr<const pdmp::Dataset> samples(uint64_t seed, int64_t count) {
  pdmp::RandomStream random(seed);
  const Tensor sound = torch::zeros({count, 6}), sight = torch::zeros({count, 4});
  const Tensor labels = torch::zeros({count}, torch::kInt64);
  for (int64_t i = 0; i < count; ++i) {
    const int64_t label = random.integer(0, 3);
    labels[i] = label;
    for (int64_t j = 0; j < 6; ++j) sound[i][j] = (label >= 2 ? 1 : -1) + random.normal();
    for (int64_t j = 0; j < 4; ++j) sight[i][j] = 0.1 * ((label % 2 == 1 ? 1 : -1) + random.normal());
  }
  return pdmp::tensor_dataset({{"sound", sound}, {"sight", sight}}, labels, {"ant", "bee", "cat", "dog"});
}

// --- an encoder of one's own: a layer with tanh ---

struct TanhLayer : public pdmp::Encoder {
  TanhLayer(int64_t inputs, int64_t width) : layer(inputs, width) { register_module("layer", layer); }
  pdmp::Feature forward(const Tensor& x) override { return {.map = {}, .pooled = torch::tanh(layer(x))}; }
  int64_t width() const override { return layer->options.out_features(); }

  torch::nn::Linear layer;
};

struct TanhLayerOptions : public pdmp::EncoderOptions {
  int64_t width = 16;
  void describe(pdmp::OptionList& list) override { list.add("width", &width, "Of the feature.").at_least(1); }
  std::shared_ptr<pdmp::Encoder> make(const pdmp::ModalityInfo& modality) const override {
    if (modality.shape.size() != 1) throw pdmp::Error(pdmp::ErrorKind::usage, modality.name + ": expected a vector");
    return std::make_shared<TanhLayer>(modality.shape[0], width);
  }
};

// --- a method of one's own: the gradients of one modality, chosen by position, times a factor ---

struct FavorOptions {
  static constexpr const char* kMethod = "favor";

  int64_t modality = 0;  // position
  double factor = 2;     // above 0

  void describe(pdmp::OptionList& list) {
    list.add("modality", &modality, "Position of the modality.").at_least(0);
    list.add("factor", &factor, "On its gradients; 1 is joint training.").above(0).search(1, 8);
  }
  std::unique_ptr<pdmp::Method> make() const;
};

struct Favor : public pdmp::Method {
  explicit Favor(const FavorOptions& given) : options(given) {}
  void modulate(pdmp::StepContext& context, const pdmp::Outputs&) override {
    context.scale_gradients(options.modality, options.factor, pdmp::Scope::encoder_all);
  }

  FavorOptions options;
};

std::unique_ptr<pdmp::Method> FavorOptions::make() const { return std::make_unique<Favor>(*this); }

void register_own() {
  pdmp::register_encoder(
      {.name = "tanh_layer",
       .summary = "one layer with tanh",
       .input = "vectors",
       .make_options = []() -> std::unique_ptr<pdmp::EncoderOptions> { return std::make_unique<TanhLayerOptions>(); },
       .source = "this example"});
  pdmp::register_method({.name = FavorOptions::kMethod,
                         .summary = "favors one modality",
                         .source = "this example",
                         .make_options = pdmp::make_options<FavorOptions>});
}

// --- progress, and a stop after the first epoch ---

struct Watcher : public pdmp::Recorder {
  explicit Watcher(pdmp::CancelToken stop) : token(std::move(stop)) {}
  void on_epoch(const pdmp::EpochReport& report) override {
    std::printf("%s, epoch %d: accuracy %.2f on validation\n", report.training.c_str(), static_cast<int>(report.epoch),
                report.values.at("val/accuracy"));
    ++epochs;
    if (stop_after > 0 && epochs == stop_after) token.cancel();
  }
  void on_progress(const pdmp::ProgressReport& report) override { done = report.done; }

  pdmp::CancelToken token;
  int64_t epochs = 0, stop_after = 0, done = 0;
};

int failures = 0;

void expect(bool condition, const char* what) {
  if (condition) return;
  std::printf("failed: %s\n", what);
  ++failures;
}

pdmp::RunOptions recipe(const std::string& run, pdmp::MethodChoice method) {
  pdmp::RunOptions options{
      .data = pdmp::TrainingData{.train = samples(1, 400), .val = samples(2, 200), .test = samples(3, 200)},
      .run = run,
      .method = std::move(method),
      .model = {.encoders = {{"sound", "tanh_layer"}, {"sight", "tanh_layer:width=8"}}},
      .train = {.epochs = 3, .batch_size = 20, .workers = 0, .threads = 1}};
  options.train.optimizer.lr = .05;
  return options;
}

// Trains, stopped by the watcher after the first epoch, and goes on.
pdmp::TrainingRun train_in_two_parts(const std::string& run) {
  const pdmp::CancelToken stop;
  const auto watcher = std::make_shared<Watcher>(stop);
  const pdmp::Session session(watcher, stop);
  pdmp::RunOptions options = recipe(run, FavorOptions{.modality = 1, .factor = 4});
  watcher->stop_after = 1;
  try {
    pdmp::train(options);
    expect(false, "a cancelled training ends with an error");
  } catch (const pdmp::Error& error) {
    expect(error.kind() == pdmp::ErrorKind::interrupted, "a cancelled training is interrupted");
  }
  stop.reset();
  watcher->stop_after = 0;
  options.resume = true;
  pdmp::TrainingRun done = pdmp::train(options);
  expect(watcher->epochs == 3, "three epochs in two parts");
  expect(watcher->done > 0, "progress was told");
  return done;
}

void ask(const std::string& run, const pdmp::TrainingRun& trained) {
  const pdmp::TrainedModel model = pdmp::load(run);
  const auto test = samples(3, 200);
  const pdmp::Evaluation scores = model.evaluate(test);
  expect(scores.accuracy() == trained.test->accuracy(), "the loaded model scores as the trained one");
  const pdmp::Sample first = test->get(0, nullptr);
  const Tensor logits = model.logits({first.inputs[0].unsqueeze(0), first.inputs[1].unsqueeze(0)});
  const auto best = static_cast<size_t>(logits.argmax(1).item<int64_t>());
  std::printf("sample 0 is a %s\n", model.classes()[best].c_str());
}

void compare_methods(const std::string& folder) {
  const pdmp::Comparison result = pdmp::compare({.methods = {"joint", "favor:modality=1:factor=4"},
                                                 .out = folder,
                                                 .controls = false,
                                                 .seeds = 1,
                                                 .resamples = 100,
                                                 .run = recipe("", "joint")});
  for (const pdmp::ComparisonRow& row : result.rows) {
    expect(row.has_scores(), "every row has scores");
    std::printf("%s: %.2f\n", row.name.c_str(), row.accuracy().at(0));
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::printf("usage: embed FOLDER\n");
    return 2;
  }
  const std::string folder = arguments[1], run = folder + "/run";
  try {
    register_own();
    ask(run, train_in_two_parts(run));
    compare_methods(folder + "/comparison");
  } catch (const pdmp::Error& error) {
    std::printf("%s\n", error.what());
    return 1;
  }
  return failures == 0 ? 0 : 1;
}

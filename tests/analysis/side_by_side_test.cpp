#include "analysis/side_by_side.h"

#include <atomic>
#include <csignal>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/kept_training.h"
#include "base/signal.h"
#include "pdmp/error.h"
#include "support/temporary_directory.h"

namespace pdmp::analysis {
namespace {

using ::testing::HasSubstr;

namespace fs = std::filesystem;

const std::vector<std::string> kNames = {"said", "written", "measured"};

// Two texts and a vector that tell the class, with noise that is another one each time a sample is used to train. As in
// a data set of files, a modality has a random stream of its own. Counts what is loaded.
class NoisyData : public Dataset {
 public:
  int64_t size() const override { return 40; }
  const std::vector<ModalityInfo>& modalities() const override { return infos_; }
  const std::vector<std::string>& classes() const override { return classes_; }
  int64_t label(int64_t index) const override { return index % 3; }
  std::string id(int64_t index) const override { return std::to_string(index); }
  Sample get(int64_t index, RandomStream* augment) const override { return get_modalities(index, {0, 1, 2}, augment); }

  Sample get_modalities(int64_t index, const std::vector<int64_t>& wanted, RandomStream* augment) const override {
    ++loaded;
    if (loaded == interrupt_at) std::raise(SIGTERM);
    Sample sample;
    sample.label = label(index);
    const uint64_t seed = augment != nullptr ? augment->next() : static_cast<uint64_t>(index);
    for (const int64_t m : wanted) {
      RandomStream random = random_stream(seed, kNames[static_cast<size_t>(m)]);
      sample.inputs.push_back(m == 2 ? numbers(sample.label, random) : text(sample.label, random));
      sample.present.push_back(m != 1 || index % 5 != 0);
    }
    return sample;
  }

  mutable std::atomic<int64_t> loaded = 0;
  int64_t interrupt_at = -1;

 private:
  static Tensor text(int64_t label, RandomStream& random) {
    const Tensor bytes = torch::zeros({6}, torch::kInt64);
    for (int64_t i = 0; i < 6; ++i) bytes[i] = 98 + (i == 2 ? label : random.integer(0, 9));
    return bytes;
  }

  static Tensor numbers(int64_t label, RandomStream& random) {
    const Tensor values = torch::zeros({3});
    for (int64_t i = 0; i < 3; ++i) values[i] = (i == label ? 1.0 : 0.0) + 0.5 * random.normal();
    return values;
  }

  std::vector<ModalityInfo> infos_ = {{kNames[0], "text", {6}}, {kNames[1], "text", {6}}, {kNames[2], "vector", {3}}};
  std::vector<std::string> classes_ = {"x", "y", "z"};
};

// Dropout draws from LibTorch's generator in every step.
ModelOptions with_dropout() {
  ModelOptions options;
  const std::string text = "text_ngrams:width=8:buckets=64:dropout=0.5";
  options.encoders = {{kNames[0], text}, {kNames[1], text}, {kNames[2], "mlp:hidden=8"}};
  return options;
}

TrainOptions training(int64_t epochs) {
  TrainOptions options;
  options.epochs = epochs;
  options.batch_size = 16;  // 3 steps an epoch
  options.workers = 0;
  options.threads = 1;
  options.seed = 3;
  options.optimizer.lr = 0.05;
  return options;
}

std::shared_ptr<Model> model_of(const Dataset& data) {
  return std::make_shared<Model>(data.modalities(), 3, with_dropout(), 3);
}

struct Trained {
  FitResult fit;
  std::shared_ptr<Model> model;
};

void expect_same(const Trained& found, const Trained& wanted) {
  ASSERT_EQ(found.fit.history.size(), wanted.fit.history.size());
  for (size_t epoch = 0; epoch < wanted.fit.history.size(); ++epoch) {
    EXPECT_EQ(found.fit.history[epoch].train_loss, wanted.fit.history[epoch].train_loss) << epoch;
    EXPECT_EQ(found.fit.history[epoch].val->loss(), wanted.fit.history[epoch].val->loss()) << epoch;
    EXPECT_EQ(found.fit.history[epoch].val->accuracy(), wanted.fit.history[epoch].val->accuracy()) << epoch;
  }
  const auto weights = found.model->parameters(), expected = wanted.model->parameters();
  ASSERT_EQ(weights.size(), expected.size());
  for (size_t i = 0; i < weights.size(); ++i) EXPECT_TRUE(weights[i].equal(expected[i])) << "parameter " << i;
}

Trained alone(const std::string& name, const TrainOptions& options) {
  TrainingData data;
  data.train = data.val = select_modalities(std::make_shared<NoisyData>(), {name});
  Trained result;
  result.model = model_of(*data.train);
  result.fit = train_jointly(result.model, data, options, nullptr, "");
  return result;
}

const auto kToTheEnd = [](int64_t) { return false; };

// All of kNames on `train`, scored on data of their own; run directories below `folder` where there is one.
std::vector<Trained> together(const std::shared_ptr<NoisyData>& train, const TrainOptions& options,
                              const fs::path& folder = {}, const std::function<bool(int64_t)>& enough = kToTheEnd) {
  const auto val = std::make_shared<NoisyData>();
  const auto method = find_method("joint").make_options()->make();
  std::vector<Trained> result;
  std::vector<std::unique_ptr<training::RunDirectory>> runs;
  std::vector<std::unique_ptr<training::TrainingLoop>> fits;
  std::vector<Lane> lanes;
  for (const std::string& name : kNames) {
    TrainingData data{
        .train = select_modalities(train, {name}), .val = select_modalities(val, {name}), .test = nullptr};
    runs.push_back(folder.empty() ? nullptr : std::make_unique<training::RunDirectory>(folder / name));
    result.push_back({{}, model_of(*data.train)});
    fits.push_back(std::make_unique<training::TrainingLoop>(training::TrainingInputs{.options = to_the_end(options),
                                                                                     .ranking = std::nullopt,
                                                                                     .model = result.back().model,
                                                                                     .method = *method,
                                                                                     .data = data,
                                                                                     .run = runs.back().get(),
                                                                                     .select_on = nullptr,
                                                                                     .make_model = {},
                                                                                     .unimodal_model = {}}));
    lanes.push_back({fits.back().get(), static_cast<int64_t>(lanes.size())});
  }
  train_side_by_side(lanes, train, options, enough);
  for (size_t i = 0; i < fits.size(); ++i) result[i].fit = fits[i]->finish();
  return result;
}

struct SideBySideTest : ::testing::Test {
  testing::TemporaryDirectory folder;
  void SetUp() override { install_interrupt_handler(); }
  void TearDown() override { clear_interrupt(); }
};

TEST_F(SideBySideTest, EachEndsAsIfItHadBeenTrainedAlone) {
  for (const int64_t workers : {0, 2}) {
    TrainOptions options = training(4);
    options.workers = workers;
    const std::vector<Trained> all = together(std::make_shared<NoisyData>(), options);
    for (size_t m = 0; m < kNames.size(); ++m) {
      SCOPED_TRACE(kNames[m]);
      expect_same(all[m], alone(kNames[m], options));
    }
  }
}

TEST_F(SideBySideTest, DropoutIsAtWork) {
  ModelOptions plain = with_dropout();
  plain.encoders[kNames[0]] = "text_ngrams:width=8:buckets=64";
  const auto data = select_modalities(std::make_shared<NoisyData>(), {kNames[0]});
  const auto model = std::make_shared<Model>(data->modalities(), 3, plain, 3);
  const FitResult without =
      train_jointly(model, {.train = data, .val = data, .test = nullptr}, training(2), nullptr, "");
  EXPECT_NE(alone(kNames[0], training(2)).fit.history[1].train_loss, without.history[1].train_loss);
}

TEST_F(SideBySideTest, EverySampleIsLoadedOnceAnEpoch) {
  const auto train = std::make_shared<NoisyData>();
  together(train, training(3));
  EXPECT_EQ(train->loaded, 3 * 40);
}

TEST_F(SideBySideTest, EndsWhenItIsEnough) {
  std::vector<int64_t> asked;
  const auto enough = [&](int64_t epochs) {
    asked.push_back(epochs);
    return epochs == 2;
  };
  const std::vector<Trained> all = together(std::make_shared<NoisyData>(), training(4), {}, enough);
  EXPECT_EQ(asked, (std::vector<int64_t>{1, 2}));
  for (const Trained& one : all) EXPECT_EQ(one.fit.history.size(), 2u);
}

// Stopped in a first step, in the middle of an epoch, in the last step of one and in the very last.
TEST_F(SideBySideTest, StoppedAnywhereItGoesOnBitIdentically) {
  const std::vector<Trained> undisturbed = together(std::make_shared<NoisyData>(), training(4));
  for (const int64_t sample : {1, 60, 80, 160}) {
    const fs::path run = folder.path() / std::to_string(sample);
    const auto train = std::make_shared<NoisyData>();
    train->interrupt_at = sample;
    try {
      together(train, training(4), run);
      FAIL() << "expected an interruption";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::interrupted);
      EXPECT_THAT(error.what(), HasSubstr("`resume`"));
    }
    clear_interrupt();
    const std::vector<Trained> resumed = together(std::make_shared<NoisyData>(), training(4), run);
    for (size_t m = 0; m < kNames.size(); ++m) expect_same(resumed[m], undisturbed[m]);
  }
}

// A kill may come when some have saved and others have not.
TEST_F(SideBySideTest, TrainingsAtDifferentMomentsCatchUp) {
  const std::vector<Trained> undisturbed = together(std::make_shared<NoisyData>(), training(4));
  for (const int64_t sample : {60, 80}) {
    for (const size_t behind : {size_t{0}, size_t{2}}) {
      const fs::path run = folder.path() / fmt::format("{}-{}", sample, behind);
      const auto train = std::make_shared<NoisyData>();
      train->interrupt_at = sample;
      EXPECT_THROW(together(train, training(4), run), Error);
      clear_interrupt();
      fs::remove_all(run / kNames[behind] / "checkpoints/last");  // the one before is left: an epoch's end
      const std::vector<Trained> resumed = together(std::make_shared<NoisyData>(), training(4), run);
      for (size_t m = 0; m < kNames.size(); ++m) expect_same(resumed[m], undisturbed[m]);
      fs::remove_all(run / kNames[behind]);  // and one that has nothing left
      const std::vector<Trained> again = together(std::make_shared<NoisyData>(), training(4), run);
      for (size_t m = 0; m < kNames.size(); ++m) expect_same(again[m], undisturbed[m]);
    }
  }
}

}  // namespace
}  // namespace pdmp::analysis

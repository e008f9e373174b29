// Resuming: whatever the moment of a stop, the run ends as if it had never stopped.
#include "train/training_loop.h"

#include <csignal>
#include <gmock/gmock.h>

#include "base/files/file.h"
#include "base/signal.h"
#include "pdmp/error.h"
#include "support/temporary_directory.h"
#include "support/toy_task.h"
#include "train/fit_in.h"

namespace pdmp::training {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

const ModalityRanking kRanking{.modalities = {"a", "b"},
                               .performance_dominant = 1,
                               .optimization_dominant = 0,
                               .early = {0.5, 0.4},
                               .final = {0.6, 0.8},
                               .ambiguous = ""};

// Plain training that raises SIGTERM in one step.
class InterruptedMethod : public Method {
 public:
  explicit InterruptedMethod(int64_t at) : at_(at) {}
  Loss step(StepContext& context) override {
    if (context.step() == at_) std::raise(SIGTERM);
    return Method::step(context);
  }

 private:
  int64_t at_;
};

struct Outcome {
  std::string metrics;
  std::vector<Tensor> weights;
};

Outcome train(const fs::path& folder, Method& method, const TrainOptions& options) {
  RunDirectory run(folder);
  const TrainingData data = testing::toy_splits();
  const auto model = testing::toy_model(*data.train);
  training::fit_in(&run, Trainer(options, kRanking), model, method, data);
  Outcome outcome{.metrics = read_file(run.file("metrics.jsonl")), .weights = {}};
  for (const Tensor& parameter : model->parameters()) outcome.weights.push_back(parameter.detach().clone());
  return outcome;
}

void expect_same(const Outcome& a, const Outcome& b) {
  EXPECT_EQ(a.metrics, b.metrics);
  ASSERT_EQ(a.weights.size(), b.weights.size());
  for (size_t i = 0; i < a.weights.size(); ++i) EXPECT_TRUE(a.weights[i].equal(b.weights[i])) << "parameter " << i;
}

struct TrainingLoopTest : ::testing::Test {
  testing::TemporaryDirectory folder;
  void SetUp() override { install_interrupt_handler(); }
  void TearDown() override { clear_interrupt(); }
};

TEST_F(TrainingLoopTest, InterruptedInTheMiddleOfAnEpochThenResumedIsBitIdentical) {
  for (const char* optimizer : {"sgd", "adamw"}) {
    TrainOptions options = testing::toy_training(4);  // 6 steps an epoch
    options.optimizer.optimizer = optimizer;
    Method plain;
    const Outcome undisturbed = train(folder.path() / optimizer / "a", plain, options);
    for (const int64_t at : {0, 8, 11, 23}) {  // first step, middle, end of an epoch, very last
      const fs::path run = folder.path() / optimizer / std::to_string(at);
      InterruptedMethod method(at);
      try {
        train(run, method, options);
        FAIL() << "expected an interruption";
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::interrupted);
        EXPECT_THAT(error.what(), HasSubstr("`resume`"));
      }
      clear_interrupt();
      expect_same(train(run, plain, options), undisturbed);
    }
  }
}

TEST_F(TrainingLoopTest, ResumingAFinishedRunChangesNothingAndMoreEpochsExtendIt) {
  Method plain;
  const Outcome six = train(folder.path() / "six", plain, testing::toy_training(6));
  const Outcome four = train(folder.path() / "four", plain, testing::toy_training(4));
  expect_same(train(folder.path() / "four", plain, testing::toy_training(4)), four);
  expect_same(train(folder.path() / "four", plain, testing::toy_training(6)), six);
}

TEST_F(TrainingLoopTest, ModalityDropoutSurvivesAStop) {
  TrainOptions options = testing::toy_training(4);
  Method plain;
  const Outcome without = train(folder.path() / "without", plain, options);
  options.modality_dropout = 0.3;
  const Outcome undisturbed = train(folder.path() / "undisturbed", plain, options);
  EXPECT_NE(undisturbed.metrics, without.metrics);
  for (const int64_t at : {8, 11}) {
    const fs::path run = folder.path() / std::to_string(at);
    InterruptedMethod method(at);
    EXPECT_THROW(train(run, method, options), Error);
    clear_interrupt();
    expect_same(train(run, plain, options), undisturbed);
  }
}

// Probes learn beside the training and change no number of it; clipping, which looks at all gradients, included.
TEST_F(TrainingLoopTest, ProbesChangeNothingElse) {
  const TrainingData data = testing::toy_splits();
  for (const char* position : {"before", "after"}) {
    TrainOptions options = testing::toy_training(3);
    options.optimizer.clip_norm = 0.5;
    options.optimizer.clip_position = position;
    std::map<std::string, std::shared_ptr<Model>> models;
    std::map<std::string, FitResult> results;
    for (const char* form : {"fusion", "probe"}) {
      ModelOptions asked;
      asked.unimodal = form;
      models[form] = std::make_shared<Model>(data.train->modalities(), 3, asked, 0);
      Method plain;
      results[form] = Trainer(options, kRanking).fit(models[form], plain, data);
    }
    const auto probed = models["probe"]->named_parameters();
    for (const auto& item : models["fusion"]->named_parameters())
      EXPECT_TRUE(item.value().equal(probed[item.key()])) << item.key();
    for (size_t epoch = 0; epoch < 3; ++epoch) {
      EXPECT_EQ(results["fusion"].history[epoch].train_loss, results["probe"].history[epoch].train_loss);
      EXPECT_EQ(results["fusion"].history[epoch].val->loss(), results["probe"].history[epoch].val->loss());
    }
    // They have learnt: the class shifts every modality.
    const auto losses = [&](size_t epoch) { return results["probe"].history[epoch].val->unimodal_loss; };
    for (size_t m = 0; m < losses(0).size(); ++m) EXPECT_LT(losses(2)[m], losses(0)[m]) << m;
  }
}

TEST_F(TrainingLoopTest, PatienceStopsAndStaysStopped) {
  TrainOptions options = testing::toy_training(50);
  options.patience = 2;
  options.optimizer.lr = 1e-9;  // never better than the first epoch
  Method plain;
  const Outcome stopped = train(folder.path() / "run", plain, options);
  EXPECT_THAT(stopped.metrics, HasSubstr("\"epoch\":2,\"gradnorm"));
  EXPECT_EQ(stopped.metrics.find("\"epoch\":3"), std::string::npos);
  expect_same(train(folder.path() / "run", plain, options), stopped);
}

TEST_F(TrainingLoopTest, DivergenceIsOneClearError) {
  TrainOptions options = testing::toy_training(20);
  options.optimizer.lr = 1e30;
  Method plain;
  try {
    train(folder.path() / "run", plain, options);
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("expected finite numbers, found a loss of nan"));
    EXPECT_THAT(error.what(), HasSubstr("since step 2 (epoch 1): the training diverged; lower `lr`"));
  }
}

TEST_F(TrainingLoopTest, EpochLinesCarryTheSharedNames) {
  Method plain;
  const Outcome outcome = train(folder.path() / "run", plain, testing::toy_training(2));
  std::istringstream lines(outcome.metrics);
  nlohmann::json epoch;
  int64_t steps = 0, epochs = 0;
  for (std::string text; std::getline(lines, text);) {
    const nlohmann::json line = nlohmann::json::parse(text);
    if (line.at("kind") == "epoch") {
      epoch = line;
      ++epochs;
    } else {
      ++steps;
    }
  }
  EXPECT_EQ(epochs, 2);
  EXPECT_EQ(steps, 6);  // every second of 12
  for (const char* name : {"loss/total", "acc/a", "dep/W_a", "dep/w", "gradnorm/a", "gradnorm/b", "gradnorm/shared",
                           "gradnorm_modulated/a", "train/accuracy", "val/accuracy", "val/macro_f1", "val/acc/b",
                           "val/dep/share_a", "val/dep/w"}) {
    EXPECT_TRUE(epoch.contains(name)) << name;
  }
}

TEST_F(TrainingLoopTest, BestTestChoosesTheEpochOnTheTestSplitAndSaysSo) {
  const TrainingData data = testing::toy_splits();
  const auto model = testing::toy_model(*data.train);
  TrainOptions options = testing::toy_training(2);
  options.select = "best_test";
  Method plain;
  Trainer trainer(options, kRanking);
  EXPECT_THROW(trainer.fit(model, plain, data), Error);
  trainer.select_on = data.test;
  RunDirectory run(folder.path() / "run");
  EXPECT_EQ(training::fit_in(&run, trainer, model, plain, data).selected_by, "best_test");
  const std::string metrics = read_file(run.file("metrics.jsonl"));
  EXPECT_THAT(metrics, HasSubstr("test/accuracy"));
  EXPECT_THAT(metrics, ::testing::Not(HasSubstr("val/accuracy")));
}

// The average is made beside the training, and is what the model holds afterwards.
TEST_F(TrainingLoopTest, AveragedWeightsAreScoredBesideAndChangeNoTraining) {
  const TrainingData data = testing::toy_splits();
  TrainOptions options = testing::toy_training(3);
  options.select = "last";
  const auto plain_model = testing::toy_model(*data.train), model = testing::toy_model(*data.train);
  Method plain;
  const FitResult without = Trainer(options, kRanking).fit(plain_model, plain, data);
  options.ema = 0.9;
  const FitResult with = Trainer(options, kRanking).fit(model, plain, data);
  for (size_t epoch = 0; epoch < 3; ++epoch) {
    EXPECT_EQ(with.history[epoch].train_loss, without.history[epoch].train_loss);
    EXPECT_EQ(with.history[epoch].val->loss(), without.history[epoch].val->loss());
    EXPECT_FALSE(without.history[epoch].ema.has_value());
    EXPECT_NE(with.history[epoch].ema->loss(), with.history[epoch].val->loss());
  }
  ASSERT_EQ(with.average->values().size(), model->parameters().size());
  for (size_t i = 0; i < model->parameters().size(); ++i) {
    EXPECT_TRUE(with.average->values()[i].equal(plain_model->parameters()[i])) << i;  // those that were trained
  }
  EXPECT_EQ(evaluate(*model, plain, data.val, options).loss(), with.history.back().ema->loss());
}

TEST_F(TrainingLoopTest, AveragedWeightsSurviveAStop) {
  TrainOptions options = testing::toy_training(4);
  options.ema = 0.9;
  Method plain;
  const fs::path whole = folder.path() / "whole";
  const Outcome undisturbed = train(whole, plain, options);
  EXPECT_THAT(undisturbed.metrics, HasSubstr("\"ema/val/accuracy\""));
  for (const int64_t at : {0, 8, 11, 23}) {
    const fs::path run = folder.path() / std::to_string(at);
    InterruptedMethod method(at);
    EXPECT_THROW(train(run, method, options), Error);
    clear_interrupt();
    expect_same(train(run, plain, options), undisturbed);
    for (const char* file : {"last/ema.safetensors", "last/weights.safetensors", "best/ema.safetensors"}) {
      EXPECT_EQ(read_file(run / "checkpoints" / file), read_file(whole / "checkpoints" / file)) << at << file;
    }
  }
}

// 96 samples by 4 x 16: a step of 64 and one of 32.
TEST_F(TrainingLoopTest, AccumulatedBatchesAreOneOfManyTimesTheSize) {
  const TrainingData data = testing::toy_splits();
  TrainOptions options = testing::toy_training(3);
  options.batch_size = 64;
  const auto large = testing::toy_model(*data.train), small = testing::toy_model(*data.train);
  Method plain;
  const FitResult expected = Trainer(options, kRanking).fit(large, plain, data);
  options.batch_size = 16;
  options.accumulate = 4;
  const FitResult found = Trainer(options, kRanking).fit(small, plain, data);
  for (size_t i = 0; i < large->parameters().size(); ++i) {
    EXPECT_TRUE(small->parameters()[i].allclose(large->parameters()[i], 1e-4, 1e-6)) << i;
  }
  EXPECT_NEAR(found.history.back().train_loss, expected.history.back().train_loss, 1e-5);
  const Outcome undisturbed = train(folder.path() / "undisturbed", plain, options);
  EXPECT_THAT(undisturbed.metrics, HasSubstr("\"step\":4}"));  // of 0 to 5, every second
  for (const int64_t at : {0, 3}) {
    InterruptedMethod method(at);
    EXPECT_THROW(train(folder.path() / std::to_string(at), method, options), Error);
    clear_interrupt();
    expect_same(train(folder.path() / std::to_string(at), plain, options), undisturbed);
  }
}

// Says of held-out samples what the epoch asks for: all right but hardly sure; one wrong, the others sure; the same,
// less sure.
class ScriptedMethod : public Method {
 public:
  void on_epoch_begin(EpochContext& context) override { epoch_ = context.epoch(); }
  Outputs forward(Model& model, const Batch& batch, Mode mode) override {
    Outputs outputs = Method::forward(model, batch, mode);
    if (mode == Mode::train) return outputs;
    constexpr double kSure[] = {0.01, 5, 1};
    const Tensor wrong = batch.index.eq(0).logical_and(torch::full_like(batch.present.select(1, 0), epoch_ > 0));
    const Tensor said = torch::where(wrong, (batch.labels + 1).remainder(3), batch.labels);
    outputs.fused = kSure[epoch_] * torch::one_hot(said, 3).to(torch::kFloat32);
    return outputs;
  }

 private:
  int64_t epoch_ = 0;
};

TEST_F(TrainingLoopTest, TheEpochIsChosenByTheMetric) {
  const TrainingData data = testing::toy_splits();
  for (const auto& [metric, epoch] : std::map<std::string, int64_t>{{"accuracy", 0}, {"macro_f1", 0}, {"loss", 1}}) {
    TrainOptions options = testing::toy_training(3);
    options.select_metric = metric;
    ScriptedMethod method;
    const FitResult result = Trainer(options, kRanking).fit(testing::toy_model(*data.train), method, data);
    EXPECT_EQ(result.selected_epoch, epoch) << metric;
    options.patience = 1;
    const FitResult stopped = Trainer(options, kRanking).fit(testing::toy_model(*data.train), method, data);
    EXPECT_EQ(stopped.history.size(), static_cast<size_t>(epoch + 2)) << metric;
  }
}

// What a recorder sees is what the run's files hold, but for the times.
TEST_F(TrainingLoopTest, RecordersGetTheLinesOfTheRun) {
  const TrainingData data = testing::toy_splits();
  Method plain;
  MemoryRecorder memory;
  RunDirectory run(folder.path() / "run");
  TrainingLoop({.options = testing::toy_training(2),
                .ranking = {},
                .model = testing::toy_model(*data.train),
                .method = plain,
                .data = {.train = data.train, .val = data.val, .test = nullptr},
                .run = &run,
                .recorders = {&memory},
                .select_on = {},
                .make_model = {},
                .unimodal_model = {}})
      .run();
  ASSERT_EQ(memory.steps.size(), 6U);
  ASSERT_EQ(memory.epochs.size(), 2U);
  ASSERT_EQ(memory.timings.size(), 2U);
  std::string lines;
  for (size_t epoch = 0; epoch < 2; ++epoch) {
    for (size_t i = 3 * epoch; i < 3 * epoch + 3; ++i) lines += memory.steps[i].dump() + "\n";
    lines += memory.epochs[epoch].dump() + "\n";
  }
  EXPECT_EQ(read_file(run.file("metrics.jsonl")), lines);
  EXPECT_FALSE(memory.timings[0].contains("phases"));
}

TEST_F(TrainingLoopTest, ProfiledPhasesCoverTheEpochAndChangeNothing) {
  Method plain;
  TrainOptions options = testing::toy_training(3);
  const Outcome without = train(folder.path() / "without", plain, options);
  options.profile = true;
  expect_same(train(folder.path() / "with", plain, options), without);
  std::istringstream lines(read_file(folder.path() / "with" / "timing.jsonl"));
  int64_t epochs = 0;
  for (std::string text; std::getline(lines, text); ++epochs) {
    const nlohmann::json line = nlohmann::json::parse(text);
    double timed = 0;
    for (const auto& [name, seconds] : line.at("phases").items()) timed += seconds.get<double>();
    const double all = line.at("train_seconds").get<double>() + line.at("evaluation_seconds").get<double>();
    const double checkpoint = line.at("phases").value("checkpoint", 0.0);  // of the epoch before
    EXPECT_GT(timed, 0);
    EXPECT_LE(timed - checkpoint, all);
    for (const char* name : {"data wait", "copy", "forward", "forward a", "forward b", "fusion", "loss", "backward",
                             "modulation", "logging", "update", "evaluation", "method between steps"}) {
      EXPECT_TRUE(line.at("phases").contains(name)) << name;
    }
  }
  EXPECT_EQ(epochs, 3);
}

}  // namespace
}  // namespace pdmp::training

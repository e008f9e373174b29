// Resuming: whatever the moment of a stop, the run ends as if it had never stopped.
#include "train/fit.h"

#include <csignal>
#include <gmock/gmock.h>

#include "base/files/file.h"
#include "base/signal.h"
#include "pdmp/error.h"
#include "support/temporary_directory.h"
#include "support/toy_task.h"

namespace pdmp {
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
  Trainer(options, kRanking).fit(model, method, data, &run);
  Outcome outcome{.metrics = read_file(run.file("metrics.jsonl")), .weights = {}};
  for (const Tensor& parameter : model->parameters()) outcome.weights.push_back(parameter.detach().clone());
  return outcome;
}

void expect_same(const Outcome& a, const Outcome& b) {
  EXPECT_EQ(a.metrics, b.metrics);
  ASSERT_EQ(a.weights.size(), b.weights.size());
  for (size_t i = 0; i < a.weights.size(); ++i) EXPECT_TRUE(a.weights[i].equal(b.weights[i])) << "parameter " << i;
}

struct FitTest : ::testing::Test {
  testing::TemporaryDirectory folder;
  void SetUp() override { install_interrupt_handler(); }
  void TearDown() override { clear_interrupt(); }
};

TEST_F(FitTest, InterruptedInTheMiddleOfAnEpochThenResumedIsBitIdentical) {
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
        EXPECT_THAT(error.what(), HasSubstr("--resume"));
      }
      clear_interrupt();
      expect_same(train(run, plain, options), undisturbed);
    }
  }
}

TEST_F(FitTest, ResumingAFinishedRunChangesNothingAndMoreEpochsExtendIt) {
  Method plain;
  const Outcome six = train(folder.path() / "six", plain, testing::toy_training(6));
  const Outcome four = train(folder.path() / "four", plain, testing::toy_training(4));
  expect_same(train(folder.path() / "four", plain, testing::toy_training(4)), four);
  expect_same(train(folder.path() / "four", plain, testing::toy_training(6)), six);
}

TEST_F(FitTest, ModalityDropoutSurvivesAStop) {
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
TEST_F(FitTest, ProbesChangeNothingElse) {
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
      results[form] = Trainer(options, kRanking).fit(models[form], plain, data, nullptr);
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

TEST_F(FitTest, PatienceStopsAndStaysStopped) {
  TrainOptions options = testing::toy_training(50);
  options.patience = 2;
  options.optimizer.lr = 1e-9;  // never better than the first epoch
  Method plain;
  const Outcome stopped = train(folder.path() / "run", plain, options);
  EXPECT_THAT(stopped.metrics, HasSubstr("\"epoch\":2,\"gradnorm"));
  EXPECT_EQ(stopped.metrics.find("\"epoch\":3"), std::string::npos);
  expect_same(train(folder.path() / "run", plain, options), stopped);
}

TEST_F(FitTest, DivergenceIsOneClearError) {
  TrainOptions options = testing::toy_training(20);
  options.optimizer.lr = 1e30;
  Method plain;
  try {
    train(folder.path() / "run", plain, options);
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("expected finite numbers, found a loss of nan"));
    EXPECT_THAT(error.what(), HasSubstr("since step 2 (epoch 1): the training diverged; lower --lr"));
  }
}

TEST_F(FitTest, EpochLinesCarryTheSharedNames) {
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

FitInputs inputs_of(const std::shared_ptr<Model>& model, Method& method, const TrainingData& data) {
  return {.options = testing::toy_training(1),
          .ranking = {},
          .model = model,
          .method = method,
          .data = data,
          .select_on = {},
          .make_model = {},
          .unimodal_model = {}};
}

TEST_F(FitTest, ScaleGradientsSkipsUndefinedAndNonFinite) {
  const TrainingData data = testing::toy_splits();
  const auto model = testing::toy_model(*data.train);
  Method plain;
  Fit fit(inputs_of(model, plain, data));
  const std::vector<Tensor> parameters = model->modality_parameters(0);
  Tensor first = parameters[0];
  first.mutable_grad() = torch::ones_like(first);
  fit.scale_gradients(0, 15, Scope::encoder_all);
  EXPECT_TRUE(first.grad().equal(torch::full_like(first, 15)));
  EXPECT_FALSE(parameters[1].grad().defined());
  fit.scale_gradients(0, std::numeric_limits<double>::infinity(), Scope::encoder_all);
  EXPECT_TRUE(first.grad().equal(torch::full_like(first, 15)));
  EXPECT_EQ(fit.log().at("modulation.nonfinite"), 1);
}

// Scales what modality 0 learns by 3, in every step.
class Scaling : public Method {
 public:
  void modulate(StepContext& context, const Outputs&) override {
    context.scale_gradients(0, 3, Scope::encoder_all);
    largest = 0;
    for (const Tensor& parameter : context.model().modality_parameters(0)) {
      largest = std::max(largest, parameter.grad().abs().max().item<double>());
    }
  }
  double largest = 0;  // gradient, after scaling
};

// Weights after one step of AdamW on one batch.
std::vector<Tensor> one_step(Method& method, const std::string& modulation) {
  const TrainingData data = {.train = testing::toy_data(16, 2, 5), .val = nullptr, .test = nullptr};
  const auto model = testing::toy_model(*data.train);
  TrainOptions options = testing::toy_training(1);
  options.optimizer.optimizer = "adamw";
  options.optimizer.lr = 1e-3;
  options.optimizer.weight_decay = 0.1;
  options.optimizer.modulation = modulation;
  Trainer(options, kRanking).fit(model, method, data, nullptr);
  std::vector<Tensor> weights;
  for (const Tensor& parameter : model->modality_parameters(0)) weights.push_back(parameter.detach().clone());
  return weights;
}

double median_difference(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  std::vector<Tensor> differences;
  for (size_t i = 0; i < a.size(); ++i) differences.push_back((a[i] - b[i]).abs().flatten());
  return torch::cat(differences).median().item<double>();
}

TEST_F(FitTest, AdaptiveOptimizersAreScaledByLearningRateUnlessToldOtherwise) {
  Method plain;
  Scaling by_rate, by_gradient;
  const std::vector<Tensor> unscaled = one_step(plain, "auto"), rate = one_step(by_rate, "auto"),
                            gradient = one_step(by_gradient, "grad");
  EXPECT_LT(median_difference(unscaled, gradient), 1e-5);      // AdamW cancels the factor, up to eps
  EXPECT_NEAR(median_difference(unscaled, rate), 2e-3, 1e-4);  // a step of 3 lr instead of lr; decay as before
  EXPECT_NEAR(by_gradient.largest, 3 * by_rate.largest, 1e-6);
}

// Looks at what it is handed.
class Curious : public Method {
 public:
  bool needs_held_out() const override { return true; }
  void prepare(PrepareContext& context, const OptimizerOptions&) override {
    name = context.held_out().name;
    held_out = context.held_out().data->size();
    train = context.data().train->size();
    tested = context.data().test != nullptr;
    context.for_each_batch(context.data().train, [&](const Batch& batch) {
      in_order.push_back(batch.index);
      return in_order.size() < 3;
    });
    for (int64_t pass = 0; pass < 2; ++pass) {
      Tensor order;
      context.for_each_training_batch(context.data().train, pass, [&](const Batch& batch) {
        order = order.defined() ? torch::cat({order, batch.index}) : batch.index;
        return true;
      });
      shuffled.push_back(order);
    }
  }
  std::string name;
  int64_t held_out = 0, train = 0;
  bool tested = true;
  std::vector<Tensor> in_order, shuffled;
};

TEST_F(FitTest, HeldOutDataIsValidationOrATenthOfTrainThatIsNotTrainedOn) {
  const TrainingData with_val = testing::toy_splits();
  TrainingData without = with_val;
  without.val = nullptr;
  Curious curious, alone;
  Fit(inputs_of(testing::toy_model(*with_val.train), curious, with_val)).check();
  EXPECT_EQ(curious.name, "val");
  EXPECT_EQ(curious.held_out, 60);
  EXPECT_EQ(curious.train, 96);
  Fit(inputs_of(testing::toy_model(*with_val.train), alone, without)).check();
  EXPECT_EQ(alone.name, "10 % of train");
  EXPECT_EQ(alone.held_out + alone.train, 96);
  EXPECT_NEAR(static_cast<double>(alone.held_out), 9.6, 1.5);
}

TEST_F(FitTest, BatchesForMethodsAreInOrderOrShuffledAfresh) {
  const TrainingData data = testing::toy_splits();
  Curious curious;
  Fit(inputs_of(testing::toy_model(*data.train), curious, data)).check();
  ASSERT_EQ(curious.in_order.size(), 3);  // stopped there
  EXPECT_TRUE(torch::cat(curious.in_order).equal(torch::arange(48)));
  for (const Tensor& order : curious.shuffled) EXPECT_TRUE(std::get<0>(order.sort()).equal(torch::arange(96)));
  EXPECT_FALSE(curious.shuffled[0].equal(curious.shuffled[1]));
}

// Asks for a teacher while the run is prepared.
class Pupil : public Method {
 public:
  void prepare(PrepareContext& context, const OptimizerOptions&) override {
    const std::shared_ptr<Model> teacher = context.unimodal_model(1);
    for (const Tensor& parameter : teacher->parameters()) wants_gradients |= parameter.requires_grad();
    training = teacher->is_training();
    drawn = torch::rand({1}).item<double>();
  }
  bool wants_gradients = false, training = true;
  double drawn = 0;
};

TEST_F(FitTest, TeachersAreFrozenAndMakingThemLeavesTheGeneratorAlone) {
  const TrainingData data = testing::toy_splits();
  std::vector<double> drawn;
  for (const int64_t numbers : {1, 100}) {
    Pupil pupil;
    FitInputs inputs = inputs_of(testing::toy_model(*data.train), pupil, data);
    inputs.unimodal_model = [&](int64_t m) {
      torch::rand({numbers});  // as a training would
      return std::make_shared<Model>(std::vector<ModalityInfo>{data.train->modalities()[static_cast<size_t>(m)]}, 3,
                                     ModelOptions{}, 0);
    };
    Fit(std::move(inputs)).check();
    EXPECT_FALSE(pupil.wants_gradients);
    EXPECT_FALSE(pupil.training);
    drawn.push_back(pupil.drawn);
  }
  EXPECT_EQ(drawn[0], drawn[1]);
}

TEST_F(FitTest, BestTestChoosesTheEpochOnTheTestSplitAndSaysSo) {
  const TrainingData data = testing::toy_splits();
  const auto model = testing::toy_model(*data.train);
  TrainOptions options = testing::toy_training(2);
  options.select = "best_test";
  Method plain;
  Trainer trainer(options, kRanking);
  EXPECT_THROW(trainer.fit(model, plain, data, nullptr), Error);
  trainer.select_on = data.test;
  RunDirectory run(folder.path() / "run");
  EXPECT_EQ(trainer.fit(model, plain, data, &run).selected_by, "best_test");
  const std::string metrics = read_file(run.file("metrics.jsonl"));
  EXPECT_THAT(metrics, HasSubstr("test/accuracy"));
  EXPECT_THAT(metrics, ::testing::Not(HasSubstr("val/accuracy")));
}

// The average is made beside the training, and is what the model holds afterwards.
TEST_F(FitTest, AveragedWeightsAreScoredBesideAndChangeNoTraining) {
  const TrainingData data = testing::toy_splits();
  TrainOptions options = testing::toy_training(3);
  options.select = "last";
  const auto plain_model = testing::toy_model(*data.train), model = testing::toy_model(*data.train);
  Method plain;
  const FitResult without = Trainer(options, kRanking).fit(plain_model, plain, data, nullptr);
  options.ema = 0.9;
  const FitResult with = Trainer(options, kRanking).fit(model, plain, data, nullptr);
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

TEST_F(FitTest, AveragedWeightsSurviveAStop) {
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
TEST_F(FitTest, AccumulatedBatchesAreOneOfManyTimesTheSize) {
  const TrainingData data = testing::toy_splits();
  TrainOptions options = testing::toy_training(3);
  options.batch_size = 64;
  const auto large = testing::toy_model(*data.train), small = testing::toy_model(*data.train);
  Method plain;
  const FitResult expected = Trainer(options, kRanking).fit(large, plain, data, nullptr);
  options.batch_size = 16;
  options.accumulate = 4;
  const FitResult found = Trainer(options, kRanking).fit(small, plain, data, nullptr);
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

TEST_F(FitTest, TheEpochIsChosenByTheMetric) {
  const TrainingData data = testing::toy_splits();
  for (const auto& [metric, epoch] : std::map<std::string, int64_t>{{"accuracy", 0}, {"macro_f1", 0}, {"loss", 1}}) {
    TrainOptions options = testing::toy_training(3);
    options.select_metric = metric;
    ScriptedMethod method;
    const FitResult result = Trainer(options, kRanking).fit(testing::toy_model(*data.train), method, data, nullptr);
    EXPECT_EQ(result.selected_epoch, epoch) << metric;
    options.patience = 1;
    const FitResult stopped = Trainer(options, kRanking).fit(testing::toy_model(*data.train), method, data, nullptr);
    EXPECT_EQ(stopped.history.size(), static_cast<size_t>(epoch + 2)) << metric;
  }
}

}  // namespace
}  // namespace pdmp

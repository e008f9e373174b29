// Resuming: whatever the moment of a stop, the run ends as if it had never stopped.
#include "train/fit.h"

#include <csignal>
#include <gmock/gmock.h>

#include "base/file.h"
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
      EXPECT_EQ(results["fusion"].history[epoch].val->loss, results["probe"].history[epoch].val->loss);
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
    EXPECT_THAT(error.what(), HasSubstr("finite loss"));
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

TEST_F(FitTest, ScaleGradientsSkipsUndefinedAndNonFinite) {
  const TrainingData data = testing::toy_splits();
  const auto model = testing::toy_model(*data.train);
  Method plain;
  Fit fit({.options = testing::toy_training(1),
           .ranking = {},
           .model = model,
           .method = plain,
           .data = data,
           .run = nullptr,
           .label = "",
           .make_model = {}});
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

}  // namespace
}  // namespace pdmp

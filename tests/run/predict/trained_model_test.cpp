#include "pdmp/trained_model.h"

#include <gmock/gmock.h>
#include <thread>

#include "run/tiny_run.h"
#include "support/expect_error.h"

namespace pdmp::testing {
namespace {

struct TrainedModelTest : ::testing::Test {
  const TemporaryDirectory directory;
  const std::string data = write_vector_data(directory);

  std::string trained(const std::string& name, uint64_t seed = 0) const {
    RunOptions options = tiny_run(data, (directory / name).string(), "joint", 1);
    options.train.seed = seed;
    train(options);
    return options.run;
  }
};

TEST_F(TrainedModelTest, ScoresAndAnswersAsItsTrainingDid) {
  const std::string run = trained("run");
  const TrainedModel model = load(run);
  EXPECT_EQ(model.modalities().size(), 2u);
  EXPECT_EQ(model.classes().size(), 3u);
  const auto test = model.data().test;
  const Evaluation scores = model.evaluate(test);
  EXPECT_EQ(scores.accuracy(), read_summary(run).test->accuracy());

  std::vector<Prediction> predictions;
  model.predict_samples(test,
                        [&](const auto& batch) { predictions.insert(predictions.end(), batch.begin(), batch.end()); });
  ASSERT_EQ(static_cast<int64_t>(predictions.size()), scores.n);
  const Sample first = test->get(0, nullptr);
  const Tensor logits = model.logits({first.inputs[0].unsqueeze(0), first.inputs[1].unsqueeze(0)});
  EXPECT_TRUE(torch::allclose(logits.softmax(1)[0], torch::tensor(predictions[0].probabilities), 1e-6, 1e-7));
  EXPECT_EQ(static_cast<int64_t>(predictions[0].best), scores.predictions[0].item<int64_t>());
  EXPECT_EQ(predictions[0].id, test->id(0));
}

TEST_F(TrainedModelTest, OneSampleIsAskedByItsCells) {
  const TrainedModel model = load(trained("run"));
  const Prediction both = model.predict({{"a", "1,0,0"}, {"b", "-1,-1"}});
  const Tensor logits = model.logits({torch::tensor({{1.f, 0.f, 0.f}}), torch::tensor({{-1.f, -1.f}})});
  EXPECT_TRUE(torch::equal(logits.softmax(1)[0], torch::tensor(both.probabilities)));
  EXPECT_GE(both.probability(), 1. / 3);
  const Tensor present = torch::tensor({{true, false}});
  const Tensor without = model.logits({torch::tensor({{1.f, 0.f, 0.f}}), torch::zeros({1, 2})}, present);
  EXPECT_TRUE(torch::equal(without.softmax(1)[0], torch::tensor(model.predict({{"a", "1,0,0"}}).probabilities)));
  expect_error(ErrorKind::usage, {"modality 'c'"}, [&] { model.predict({{"c", "1"}}); });
  expect_error(ErrorKind::data, {"3"}, [&] { model.predict({{"a", "1,0"}}); });
  expect_error(ErrorKind::usage, {"shape (1, 3)", "'a'", "(1, 2)"}, [&] {
    model.logits({torch::zeros({1, 2}), torch::zeros({1, 2})});
  });
  expect_error(ErrorKind::usage, {"a, b", "1 tensors"}, [&] { model.logits({torch::zeros({1, 3})}); });
  expect_error(ErrorKind::usage, {"modality 'c'"},
               [&] { model.evaluate(model.data().test, {.missing = {"c"}, .sink = {}, .label = ""}); });
}

// Each answers as alone, whatever the other does meanwhile.
TEST_F(TrainedModelTest, TwoModelsAnswerInTwoThreadsAtOnce) {
  const std::vector<std::string> runs = {trained("first"), trained("second", 1)};
  std::vector<TrainedModel> models;
  std::vector<std::shared_ptr<const Dataset>> samples;
  std::vector<Tensor> expected, found(2);
  for (const std::string& run : runs) {
    models.push_back(load(run));
    samples.push_back(models.back().data().test);
    expected.push_back(models.back().evaluate(samples.back()).probabilities);
  }
  EXPECT_FALSE(torch::equal(expected[0], expected[1]));
  std::vector<std::thread> threads;
  for (size_t i = 0; i < 2; ++i) {
    threads.emplace_back([&, i] {
      for (int pass = 0; pass < 5; ++pass) {
        found[i] = models[i].evaluate(samples[i]).probabilities;
        models[i].predict({{"a", "1,0,0"}, {"b", "-1,-1"}});
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (size_t i = 0; i < 2; ++i) EXPECT_TRUE(torch::equal(found[i], expected[i])) << i;
}

}  // namespace
}  // namespace pdmp::testing

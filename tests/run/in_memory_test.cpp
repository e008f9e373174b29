// Trainings on samples of the program's own, without a file.
#include <gmock/gmock.h>

#include "pdmp/methods/pdmp.h"
#include "pdmp/trained_model.h"
#include "support/expect_error.h"
#include "support/temporary_directory.h"

namespace pdmp::testing {
namespace {

std::shared_ptr<const Dataset> samples(uint64_t seed, int64_t count = 24) {
  RandomStream random(seed);
  const Tensor a = torch::zeros({count, 3}), b = torch::zeros({count, 2}),
               labels = torch::zeros({count}, torch::kInt64);
  for (int64_t i = 0; i < count; ++i) {
    labels[i] = i % 3;
    for (int64_t j = 0; j < 3; ++j) a[i][j] = (i % 3 == j ? 2 : 0) + random.normal();
    for (int64_t j = 0; j < 2; ++j) b[i][j] = random.normal();
  }
  return tensor_dataset({{"a", a}, {"b", b}}, labels, {"x", "y", "z"});
}

struct InMemory : ::testing::Test {
  const TemporaryDirectory directory;

  RunOptions options(MethodChoice method = "joint") const {
    RunOptions options{.data = TrainingData{.train = samples(0), .val = samples(1), .test = samples(2)},
                       .run = (directory / "run").string(),
                       .method = std::move(method)};
    options.train.epochs = 2;
    options.train.batch_size = 8;
    options.train.workers = 0;
    options.train.threads = 1;
    options.train.optimizer.lr = .05;
    return options;
  }
};

TEST_F(InMemory, AModelTrainsIsLoadedAndAnswers) {
  const TrainingRun run = train(options());
  EXPECT_EQ(run.epochs, 2);
  EXPECT_EQ(run.modalities, (std::vector<std::string>{"a", "b"}));
  const TrainedModel model = load(run.directory);
  EXPECT_EQ(model.classes(), (std::vector<std::string>{"x", "y", "z"}));
  EXPECT_EQ(model.evaluate(samples(2)).accuracy(), run.test->accuracy());
  EXPECT_EQ(model.logits({torch::zeros({4, 3}), torch::zeros({4, 2})}).sizes(), (std::vector<int64_t>{4, 3}));
  expect_error(ErrorKind::usage, {"in memory", "logits"}, [&] { model.predict({{"a", "1,2,3"}}); });
  expect_error(ErrorKind::usage, {"in memory", "name a data set"}, [&] { model.data(); });
}

TEST_F(InMemory, ARunGoesOnWithItsSamplesAlone) {
  train(options());
  RunOptions more = options();
  more.resume = true;
  more.train.epochs = 3;
  EXPECT_EQ(train(more).epochs, 3);
  more.train.epochs = 4;
  more.data.in_memory.train = samples(7);
  expect_error(ErrorKind::data, {"cells of 'a'"}, [&] { train(more); });
  more.data.in_memory.train = samples(0, 21);
  expect_error(ErrorKind::data, {"train had 24 samples, has 21"}, [&] { train(more); });
}

TEST_F(InMemory, SomeOfTheModalitiesAndTypedOptions) {
  RunOptions alone = options(PdmpOptions{.gamma = 5});
  alone.data.modalities = {"b"};
  EXPECT_EQ(train(alone).modalities, (std::vector<std::string>{"b"}));
  alone.overwrite = true;
  alone.data.modalities = {"c"};
  expect_error(ErrorKind::usage, {"'c'"}, [&] { train(alone); });
}

TEST_F(InMemory, TeachersLearnFromTheSameSamples) {
  const TrainingRun run = train(options("umt"));
  EXPECT_EQ(run.method, "umt");
  EXPECT_EQ(read_summary(directory / "run" / "alone" / "a").modalities, std::vector<std::string>{"a"});
}

TEST_F(InMemory, WithoutTrainThereIsNothing) {
  RunOptions none = options();
  none.data.in_memory = {};
  expect_error(ErrorKind::usage, {"data"}, [&] { train(none); });
}

}  // namespace
}  // namespace pdmp::testing

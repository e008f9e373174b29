// What a program that uses the library would mind: words on its streams, another number of threads, another random
// generator.
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <thread>

#include "base/console.h"
#include "pdmp/compare.h"
#include "pdmp/trained_model.h"
#include "run/tiny_run.h"
#include "support/expect_error.h"

namespace pdmp::testing {
namespace {

struct Host : ::testing::Test {
  Host() { set_program_recorder(nullptr); }
  ~Host() override { install_console(); }

  const TemporaryDirectory directory;
  const std::string data = write_vector_data(directory);
};

struct Notes : Recorder {
  std::vector<std::string> lines;
  std::vector<int64_t> steps;
  std::vector<double> accuracies;
  CancelToken stop;
  int64_t stop_at = -1;

  void on_log(LogLevel, const std::string& message) override { lines.push_back(message); }
  void on_step(const StepReport& report) override {
    steps.push_back(report.step);
    EXPECT_EQ(report.training, "pdmp");
    EXPECT_TRUE(report.values.contains("loss/total")) << ::testing::PrintToString(report.values);
    if (report.step == stop_at) stop.cancel();
  }
  void on_epoch(const EpochReport& report) override { accuracies.push_back(report.values.at("val/accuracy")); }
};

TEST_F(Host, TheLibraryIsSilentAndLeavesTheProcessAsItWas) {
  at::set_num_threads(2);
  torch::manual_seed(5);
  const Tensor generator = at::detail::getDefaultCPUGenerator().get_state();
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  RunOptions options = tiny_run(data, (directory / "run").string(), "pdmp", 2);
  options.train.threads = 1;
  train(options);
  const TrainedModel model = load(options.run);
  model.evaluate(model.data().test, {.missing = {}, .sink = {}, .label = "test"});
  plan(tiny_run(data, (directory / "other").string(), "pdmp", 2));
  compare(
      {.methods = {"joint"}, .out = (directory / "comparison").string(), .seeds = 1, .resamples = 100, .run = options});
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(at::get_num_threads(), 2);
  EXPECT_TRUE(torch::equal(at::detail::getDefaultCPUGenerator().get_state(), generator));
}

TEST_F(Host, ARecorderHearsStepsAndEpochsAndStopsTheTraining) {
  const auto notes = std::make_shared<Notes>();
  RunOptions options = tiny_run(data, (directory / "run").string(), "pdmp", 3);
  options.train.log_every = 1;
  const TrainingRun undisturbed = [&] {
    RunOptions other = options;
    other.run = (directory / "other").string();
    return train(other);
  }();
  const Session session(notes, notes->stop);
  notes->stop_at = 4;
  expect_error(ErrorKind::interrupted, {"saved in"}, [&] { train(options); });
  EXPECT_EQ(notes->steps.back(), 4);
  EXPECT_THAT(notes->lines, ::testing::Not(::testing::IsEmpty()));
  notes->stop.reset();
  options.resume = true;
  EXPECT_EQ(train(options).test->loss(), undisturbed.test->loss());
  for (size_t i = 0; i < notes->steps.size(); ++i) EXPECT_EQ(notes->steps[i], static_cast<int64_t>(i));
  EXPECT_EQ(notes->accuracies.size(), 3u);
}

// Each draws the numbers it draws alone.
TEST_F(Host, TrainingsOfTwoThreadsWaitForEachOther) {
  std::vector<RunOptions> options;
  std::vector<double> expected, found(2);
  for (const char* name : {"a", "b"}) {
    options.push_back(tiny_run(data, (directory / name).string(), "modality_dropout", 2));
    options.back().train.seed = options.size();
    RunOptions alone = options.back();
    alone.run += "-alone";
    expected.push_back(train(alone).test->loss());
  }
  std::vector<std::thread> threads;
  for (size_t i = 0; i < 2; ++i) {
    threads.emplace_back([&, i] { found[i] = train(options[i]).test->loss(); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(found, expected);
}

}  // namespace
}  // namespace pdmp::testing

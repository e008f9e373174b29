#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/trained_run.h"
#include "pdmp/run.h"
#include "support/expect_error.h"

namespace pdmp::testing {
namespace {

TEST(EvaluateCommand, GivesTheScoresOfTheSummary) {
  const RunSummary summary = read_summary(trained_run().run);
  const nlohmann::json json = nlohmann::json::parse(call(evaluate_command, {"--run", trained_run().run, "--json"}));
  EXPECT_NEAR(json.at("accuracy").get<double>(), summary.test->accuracy, 1e-9);
  EXPECT_NEAR(json.at("macro_f1").get<double>(), summary.test->macro_f1, 1e-9);
  EXPECT_NEAR(json.at("loss").get<double>(), summary.test->loss, 1e-5);
  EXPECT_NEAR(json.at("unimodal").at("caption").get<double>(), summary.test->unimodal_accuracy[1], 1e-9);
  EXPECT_EQ(json.at("n"), 18);
  int64_t total = 0;
  for (const nlohmann::json& row : json.at("confusion")) {
    for (const nlohmann::json& count : row) total += count.get<int64_t>();
  }
  EXPECT_EQ(total, 18);
}

TEST(EvaluateCommand, SplitAndDataCanBeChosen) {
  const TemporaryDirectory directory;
  write_toy_data(directory.path(), 4, {"numbers", "caption", "picture"});
  const nlohmann::json json =
      nlohmann::json::parse(call(evaluate_command, {"--run", trained_run().run, "--data", directory.path().string(),
                                                    "--split", "train", "--json"}));
  EXPECT_EQ(json.at("n"), 12);
  EXPECT_EQ(json.at("split"), "train");
  EXPECT_THAT(call(evaluate_command, {"--run", trained_run().run, "--split", "val"}),
              ::testing::HasSubstr("val: 18 samples, accuracy "));
}

TEST(EvaluateCommand, RefusesDataOfOtherClasses) {
  const TemporaryDirectory directory;
  ToyData data = write_toy_data(directory.path(), 4, {"numbers", "caption", "picture"});
  data.classes = {"red", "green", "blue", "grey"};
  data.write(directory.path());
  expect_error(ErrorKind::data, {"red, green, blue", "grey"}, [&] {
    call(evaluate_command, {"--run", trained_run().run, "--data", directory.path().string()});
  });
}

TEST(EvaluateCommand, RefusesWhatIsNoFinishedRun) {
  const TemporaryDirectory directory;
  expect_error(ErrorKind::usage, {directory.path().string(), "config.toml"}, [&] {
    call(evaluate_command, {"--run", directory.path().string()});
  });
  expect_error(ErrorKind::usage, {"--run"}, [] { call(evaluate_command, {}); });
  const std::filesystem::path run = directory / "unfinished";
  std::filesystem::create_directory(run);
  std::filesystem::copy_file(trained_run().run + "/config.toml", run / "config.toml");
  expect_error(ErrorKind::data, {"not finished", "--resume"}, [&] { call(evaluate_command, {"--run", run.string()}); });
}

}  // namespace
}  // namespace pdmp::testing

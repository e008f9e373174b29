#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/trained_run.h"
#include "pdmp/analysis.h"
#include "support/expect_error.h"

namespace pdmp::testing {
namespace {

using ::testing::HasSubstr;

std::vector<std::string> analysis_of(const TrainedRun& trained, const std::filesystem::path& out,
                                     const std::vector<std::string>& more) {
  std::vector<std::string> args =
      fast({"--data", trained.data, "--modalities", "numbers,caption", "--out", out.string()});
  args.insert(args.end(), more.begin(), more.end());
  return args;
}

TEST(AnalyzeCommand, PrintsATableAndWritesTheFile) {
  const TemporaryDirectory directory;
  const auto file = directory / "analysis.json";
  const std::string text = call(cli::analyze_command, analysis_of(trained_run(), file, {}));
  EXPECT_THAT(text, HasSubstr("numbers"));
  EXPECT_THAT(text, HasSubstr("caption"));
  const AnalysisResult result = read_analysis(file);
  EXPECT_EQ(result.ranking.modalities, (std::vector<std::string>{"numbers", "caption"}));
  EXPECT_EQ(result.curves.at(0).score.size(), 3u);
  EXPECT_EQ(result.n_eval, 18);
}

TEST(AnalyzeCommand, StopsOrDoesNot) {
  const TemporaryDirectory directory;
  for (const char* rule : {"auto", "never"}) {
    call(cli::analyze_command, analysis_of(trained_run(), directory / "a.json", {"--stop", rule}));
    const AnalysisResult result = read_analysis(directory / "a.json");
    EXPECT_EQ(result.stop.rule, rule);
    EXPECT_EQ(result.stop.of, 3);
    EXPECT_FALSE(result.stop.stopped_after.has_value());  // three epochs are too few
  }
}

TEST(AnalyzeCommand, SeveralSubsetsAreSeveralFiles) {
  const TemporaryDirectory directory;
  const std::string text =
      call(cli::analyze_command, analysis_of(trained_run(), directory / "a.json", {"--subset", "0.5,1", "--json"}));
  const nlohmann::json all = nlohmann::json::parse(text);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(read_analysis(directory / "a-0.5.json").n_train, 18);
  EXPECT_EQ(read_analysis(directory / "a-1.json").n_train, 36);
  EXPECT_EQ(all[0].at("modalities"), nlohmann::json({"numbers", "caption"}));
  EXPECT_TRUE(all[0].contains("performance_dominant"));
}

TEST(AnalyzeCommand, JsonOfOneSubsetIsTheFile) {
  const TemporaryDirectory directory;
  const auto file = directory / "analysis.json";
  const std::string text =
      call(cli::analyze_command, analysis_of(trained_run(), file,
                                             {"--json", "--criterion", "manual", "--analysis.performance-dominant",
                                              "caption", "--analysis.optimization-dominant", "numbers"}));
  std::ifstream stream(file);
  nlohmann::json written = nlohmann::json::parse(stream);
  EXPECT_EQ(written.erase("digest"), 1u);
  EXPECT_EQ(nlohmann::json::parse(text), written);
  EXPECT_EQ(nlohmann::json::parse(text).at("performance_dominant"), "caption");
}

TEST(AnalyzeCommand, RefusesUnknownCriteria) {
  expect_error(ErrorKind::usage, {"--criterion", "unimodal_early"}, [] {
    call(cli::analyze_command, {"--data", trained_run().data, "--criterion", "unimodal_erly"});
  });
}

}  // namespace
}  // namespace pdmp::testing

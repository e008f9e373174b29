#include "analysis/analysis_file.h"

#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files/file.h"
#include "pdmp/error.h"
#include "support/temporary_directory.h"

namespace pdmp::analysis {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

AnalysisResult example() {
  AnalysisOptions options;
  options.end_mode = "last";
  AnalysisResult result =
      rank_modalities({"audio", "visual"}, {{.30, .40, .55}, {.20, .30, .62}}, {1.25, 1.0}, 100, options);
  result.subset = 0.4;
  result.evaluated_on = "val";
  result.n_train = 400;
  result.other_criteria["dependency"] = "visual";
  result.settings = "encoders audio=mlp";
  return result;
}

TEST(AnalysisFile, HoldsTheFixedFields) {
  const testing::TemporaryDirectory directory;
  write_analysis(example(), directory / "analysis.json");
  const nlohmann::json value = read_json(directory / "analysis.json");
  EXPECT_EQ(value.at("format_version"), 1);
  EXPECT_EQ(value.at("modalities"), (std::vector<std::string>{"audio", "visual"}));
  EXPECT_EQ(value.at("performance_dominant"), "visual");
  EXPECT_EQ(value.at("optimization_dominant"), "audio");
  EXPECT_EQ(value.at("ambiguous"), "performance");
  EXPECT_EQ(value.at("curves").at("audio"), (std::vector<double>{.30, .40, .55}));
  EXPECT_EQ(value.at("final").at("visual"), .62);
  EXPECT_NEAR(value.at("early").at("audio").get<double>(), .35, 1e-12);
  EXPECT_NEAR(value.at("margins").at("performance").get<double>(), .07, 1e-12);
  EXPECT_EQ(value.at("crossing_epoch"), 2);
  EXPECT_EQ(value.at("evaluated_on"), "val");
}

TEST(AnalysisFile, ReadsBackWhatWasWritten) {
  const testing::TemporaryDirectory directory;
  const AnalysisResult written = example();
  write_analysis(written, directory / "analysis.json");
  const AnalysisResult read = read_analysis(directory / "analysis.json");
  EXPECT_EQ(to_json(read), to_json(written));
  EXPECT_EQ(read.curves[1].final_se, written.curves[1].final_se);
  EXPECT_EQ(read.ranking.early, written.ranking.early);
  EXPECT_EQ(read.crossing_epoch, written.crossing_epoch);
}

TEST(AnalysisFile, KeepsWhatWasNotMeasured) {
  const testing::TemporaryDirectory directory;
  AnalysisResult manual;
  manual.ranking.modalities = {"a", "b"};
  manual.ranking.early = manual.ranking.final = {std::nan(""), std::nan("")};
  manual.criterion = "manual";
  write_analysis(manual, directory / "analysis.json");
  const AnalysisResult read = read_analysis(directory / "analysis.json");
  EXPECT_TRUE(read.curves.empty());
  EXPECT_TRUE(std::isnan(read.ranking.early[1]));
  EXPECT_FALSE(read.crossing_epoch.has_value());
}

TEST(AnalysisFile, KeepsWhyItStopped) {
  const testing::TemporaryDirectory directory;
  AnalysisResult written = example();
  written.stop.rule = "auto";
  written.stop.of = 40;
  written.stop.evaluations = 5;
  written.stop.resamples = 1000;
  write_analysis(written, directory / "on.json");
  EXPECT_TRUE(read_json(directory / "on.json").at("stop").at("stopped_after").is_null());
  EXPECT_FALSE(read_analysis(directory / "on.json").stop.stopped_after.has_value());
  written.stop.stopped_after = 3;
  written.stop.leads["audio"] = {.0625, .25};
  written.stop.forecast = {{"audio", .55}, {"visual", .6}};
  write_analysis(written, directory / "stopped.json");
  const nlohmann::json stop = read_json(directory / "stopped.json").at("stop");
  EXPECT_EQ(stop, nlohmann::json::parse(R"({"rule": "auto", "stopped_after": 3, "of": 40, "evaluations": 5,
                                            "resamples": 1000, "leads": {"audio": [0.0625, 0.25]},
                                            "forecast": {"audio": 0.55, "visual": 0.6}})"));
  EXPECT_EQ(to_json(read_analysis(directory / "stopped.json")), to_json(written));
}

// As this program wrote them before it could stop.
TEST(AnalysisFile, OlderOnesWentOnToTheEnd) {
  const testing::TemporaryDirectory directory;
  nlohmann::json file = to_json(example());
  file.erase("stop");
  write_json(directory / "analysis.json", file);
  EXPECT_EQ(read_analysis(directory / "analysis.json").stop.rule, "never");
}

// What is said of analysis.json with one field changed.
std::string complaint(const std::string& field, const nlohmann::json& value) {
  const testing::TemporaryDirectory directory;
  nlohmann::json file = to_json(example());
  if (value.is_discarded()) {
    file.erase(field);
  } else {
    file[field] = value;
  }
  write_json(directory / "analysis.json", file);
  try {
    read_analysis(directory / "analysis.json");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::data);
    EXPECT_THAT(error.what(), HasSubstr("analysis.json"));
    return error.what();
  }
  return "";
}

TEST(AnalysisFile, NamesTheFieldThatIsWrong) {
  const nlohmann::json nothing(nlohmann::json::value_t::discarded);
  EXPECT_EQ(complaint("criterion", "unimodal_early"), "");
  for (const char* field :
       {"modalities", "performance_dominant", "curves", "final", "early", "margins", "n_eval", "settings"}) {
    EXPECT_THAT(complaint(field, nothing), HasSubstr(field));
  }
  EXPECT_THAT(complaint("performance_dominant", "smell"), HasSubstr("'smell'"));
  EXPECT_THAT(complaint("final", {{"audio", .5}}), HasSubstr("final.visual"));
  EXPECT_THAT(complaint("format_version", 2), HasSubstr("format_version"));
  EXPECT_THAT(complaint("epochs", "many"), HasSubstr("a whole number"));
  EXPECT_THAT(complaint("curves", {{"audio", {.1}}}), HasSubstr("curves.visual"));
  EXPECT_THAT(complaint("modalities", nlohmann::json::array()), HasSubstr("at least one"));
  EXPECT_THAT(complaint("stop", {{"rule", "auto"}}), HasSubstr("field 'stop'"));
}

TEST(RankingFor, FollowsTheOrderOfTheRun) {
  const ModalityRanking ranking = ranking_for(example(), {"visual", "audio"}, "analysis.json");
  EXPECT_THAT(ranking.modalities, ElementsAre("visual", "audio"));
  EXPECT_EQ(ranking.performance_dominant, 0);
  EXPECT_EQ(ranking.optimization_dominant, 1);
  EXPECT_THAT(ranking.final, ElementsAre(.62, .55));
  EXPECT_EQ(ranking.ambiguous, "performance");
}

TEST(RankingFor, RefusesOtherModalities) {
  for (const std::vector<std::string>& names :
       {std::vector<std::string>{"audio"}, {"audio", "text"}, {"audio", "visual", "text"}}) {
    try {
      ranking_for(example(), names, "given.json");
      FAIL() << "taken for " << names.size() << " modalities";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::data);
      EXPECT_THAT(error.what(), HasSubstr("given.json"));
      EXPECT_THAT(error.what(), HasSubstr("audio, visual"));
    }
  }
}

}  // namespace
}  // namespace pdmp::analysis

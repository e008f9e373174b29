#include "cli/print/prediction_output.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sstream>

namespace pdmp::cli {
namespace {

// Neither sorted nor printable.
const std::vector<std::string> kClasses = {"zebra", "ant", "=1+1", "\x1b[2J"};

Prediction row(const std::string& id, std::vector<float> probabilities) {
  const auto best = std::max_element(probabilities.begin(), probabilities.end()) - probabilities.begin();
  return {id, "", static_cast<size_t>(best), std::move(probabilities)};
}

std::string printed(PredictionFormat format) {
  std::ostringstream out;
  const auto output = make_prediction_output(format, kClasses, out);
  output->add({row("1", {0.5f, 0.25f, 0.125f, 0.125f}), {"two, 2", "no such file", 0, {}}});
  output->add({row("three", {0.0f, 0.0f, 1.0f, 0.0f})});
  output->finish();
  return out.str();
}

TEST(PredictionOutput, TableAlignsWithTheBatchesBefore) {
  EXPECT_EQ(printed(PredictionFormat::table),
            "1       zebra  0.5000\n"
            "two, 2  no prediction: no such file\n"
            "three   =1+1   1.0000\n");
}

TEST(PredictionOutput, TableBoundsNames) {
  std::ostringstream out;
  const auto output = make_prediction_output(PredictionFormat::table, {"a", std::string(100, 'b')}, out);
  output->add({row("x\n" + std::string(100, 'y'), {0.25f, 0.75f})});
  EXPECT_EQ(out.str(), "x\\n" + std::string(60, 'y') + "~  " + std::string(63, 'b') + "~  0.7500\n");
}

TEST(PredictionOutput, JsonHasTheClassesInTheirOrder) {
  const std::string text = printed(PredictionFormat::json);
  const nlohmann::ordered_json json = nlohmann::ordered_json::parse(text);
  ASSERT_EQ(json.size(), 3u);
  std::vector<std::string> names;
  for (const auto& [name, value] : json[0].at("probabilities").items()) names.push_back(name);
  EXPECT_EQ(names, kClasses);
  EXPECT_EQ(json[0].at("class"), "zebra");
  EXPECT_EQ(json[0].at("probability"), 0.5);
  EXPECT_EQ(json[1], (nlohmann::ordered_json{{"id", "two, 2"}, {"error", "no such file"}}));
  EXPECT_TRUE(text.starts_with("[\n  {\n    \"id\": \"1\",\n    \"class\": \"zebra\",\n"));
  std::ostringstream nothing;
  make_prediction_output(PredictionFormat::json, kClasses, nothing)->finish();
  EXPECT_EQ(nothing.str(), "[]\n");
}

TEST(PredictionOutput, LinesAreOneObjectEach) {
  const std::string text = printed(PredictionFormat::lines);
  EXPECT_EQ(text.substr(0, text.find('\n')),
            "{\"id\":\"1\",\"class\":\"zebra\",\"probability\":0.5,\"probabilities\":{\"zebra\":0.5,\"ant\":0.25,"
            "\"=1+1\":0.125,\"\\u001b[2J\":0.125}}");
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
}

TEST(PredictionOutput, CsvIsThatOfPredictionsWithErrors) {
  EXPECT_EQ(printed(PredictionFormat::csv),
            "id,prediction,probability_zebra,probability_ant,probability_=1+1,probability_\x1b[2J,error\n"
            "1,zebra,0.500000,0.250000,0.125000,0.125000,\n"
            "\"two, 2\",,,,,,no such file\n"
            "three,\"'=1+1\",0.000000,0.000000,1.000000,0.000000,\n");
}

}  // namespace
}  // namespace pdmp::cli

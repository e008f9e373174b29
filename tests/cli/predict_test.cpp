#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/trained_run.h"
#include "support/expect_error.h"

namespace pdmp::testing {
namespace {

using ::testing::HasSubstr;

std::string first_row(const std::string& file, const std::string& id) {
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) {
    if (line.starts_with(id + ",")) return line;
  }
  return "";
}

TEST(PredictCommand, PredictsASplitAsTheRunDid) {
  const nlohmann::json json = nlohmann::json::parse(call(predict_command, {"--run", trained_run().run, "--json"}));
  ASSERT_EQ(json.size(), 18u);
  for (const nlohmann::json& prediction : json) {
    const std::string id = prediction.at("id");
    EXPECT_THAT(first_row(trained_run().run + "/predictions.csv", id),
                HasSubstr("," + prediction.at("class").get<std::string>() + ","));
    double sum = 0;
    for (const auto& [name, value] : prediction.at("probabilities").items()) sum += value.get<double>();
    EXPECT_NEAR(sum, 1, 1e-5);
  }
}

// The same sample by its files and as a row of the data set.
TEST(PredictCommand, BareFilesGiveTheSameAsTheDataSet) {
  const std::string row = first_row(trained_run().data + "/metadata.csv", "test0");
  const std::vector<std::string> cells = [&] {
    std::vector<std::string> parts;
    std::istringstream stream(row);
    for (std::string part; std::getline(stream, part, ',');) parts.push_back(part);
    return parts;
  }();
  const nlohmann::json all = nlohmann::json::parse(call(predict_command, {"--run", trained_run().run, "--json"}));
  const nlohmann::json one = nlohmann::json::parse(
      call(predict_command,
           {"--run", trained_run().run, "--json", "--input", "numbers=" + cells.at(3) + "," + cells.at(4),
            "--input=caption=" + cells.at(5), "--input", "picture=" + trained_run().data + "/" + cells.at(7)}));
  ASSERT_EQ(one.size(), 1u);
  EXPECT_EQ(one[0].at("class"), all[0].at("class"));
  for (const auto& [name, value] : one[0].at("probabilities").items()) {
    EXPECT_NEAR(value.get<double>(), all[0].at("probabilities").at(name).get<double>(), 1e-5);
  }
}

TEST(PredictCommand, ModalitiesLeftOutAreAbsent) {
  const std::string text =
      call(predict_command, {"--run", trained_run().run, "--input", "caption=a red thing, and a comma"});
  EXPECT_THAT(text, ::testing::ContainsRegex("^input  (red|green|blue) +[01]\\.[0-9]{4}\n$"));
}

TEST(PredictCommand, SaysWhatIsWrongWithAnInput) {
  const std::vector<std::string> run = {"--run", trained_run().run};
  const auto predict = [&](const std::vector<std::string>& more) {
    std::vector<std::string> args = run;
    args.insert(args.end(), more.begin(), more.end());
    call(predict_command, args);
  };
  expect_error(ErrorKind::usage, {"'captoin'", "'caption'"}, [&] { predict({"--input", "captoin=x"}); });
  expect_error(ErrorKind::usage, {"MODALITY=VALUE", "'caption'"}, [&] { predict({"--input", "caption"}); });
  expect_error(ErrorKind::usage, {"twice"}, [&] { predict({"--input", "caption=a", "--input", "caption=b"}); });
  expect_error(ErrorKind::usage, {"--data", "--input"}, [&] { predict({"--input", "caption=a", "--data", "x"}); });
  expect_error(ErrorKind::data, {"numbers", "2"}, [&] { predict({"--input", "numbers=1,2,3"}); });
  try {
    predict({"--input", "picture=/nowhere/a.png"});
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("/nowhere/a.png"));
  }
}

}  // namespace
}  // namespace pdmp::testing

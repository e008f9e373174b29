#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/trained_run.h"
#include "support/expect_error.h"

namespace pdmp::testing {
namespace {

using ::testing::ContainsRegex;

std::string info_model(std::vector<std::string> args) {
  args.insert(args.begin(), "model");
  return call(cli::info_command, args);
}

// Two encoders of 5 x 8 and 7 x 8 numbers, blocks of 8 x 3, a bias of 3.
const std::vector<std::string> kTwoVectors = {"--inputs",   "left=vector:5,right=vector:7",        "--classes", "3",
                                              "--encoders", "left=mlp:hidden=8,right=mlp:hidden=8"};

TEST(InfoModelCommand, TableWithTotalsPerOwner) {
  const std::string text = info_model(kTwoVectors);
  EXPECT_THAT(text, ContainsRegex("module +output +parameters +owner +FLOPs\n"));
  EXPECT_THAT(text, ContainsRegex("\nencoders.left.fc1 +1x8 +48 +left +80\n"));
  EXPECT_THAT(text, ContainsRegex("\nfusion.weight_1 +1x3 +24 +right +48\n"));
  EXPECT_THAT(text, ContainsRegex("\nfusion.bias +1x3 +3 +shared +0\n"));
  EXPECT_THAT(text, ContainsRegex("\nowner +parameters +FLOPs\nleft +72 +128\nright +88 +160\nshared +3 +0\n"
                                  "all +163 +288\n$"));
  EXPECT_THAT(text, ::testing::Not(::testing::HasSubstr("without parameters")));
}

TEST(InfoModelCommand, JsonHasTheSameNumbers) {
  std::vector<std::string> args = kTwoVectors;
  args.emplace_back("--json");
  const nlohmann::json json = nlohmann::json::parse(info_model(args));
  EXPECT_EQ(json.at("parameters"), 163);
  EXPECT_EQ(json.at("flops"), 288);
  EXPECT_EQ(json.at("owners").at("right").at("flops"), 160);
  EXPECT_EQ(json.at("flops_without_parameters"), 0);
  ASSERT_EQ(json.at("modules").size(), 5u);
  EXPECT_EQ(json.at("modules")[0].at("output"), nlohmann::json::array({1, 8}));
  EXPECT_EQ(json.at("modules")[4].at("owner"), "shared");
}

// The order of --inputs is that of the modalities, not of their names.
TEST(InfoModelCommand, KeepsTheOrderOfTheInputs) {
  const std::string text = info_model({"--inputs", "z=vector:5,a=vector:7", "--classes", "2"});
  EXPECT_LT(text.find("encoders.z."), text.find("encoders.a."));
}

TEST(InfoModelCommand, TakesModalitiesAndClassesOfADataSet) {
  const nlohmann::json json =
      nlohmann::json::parse(info_model({"--data", trained_run().data, "--modalities", "numbers,caption", "--json"}));
  EXPECT_EQ(json.at("owners").size(), 3u);
  EXPECT_EQ(json.at("modules").back().at("output"), nlohmann::json::array({1, 3}));
}

TEST(InfoModelCommand, SaysWhatIsWrong) {
  const auto refused = [](const std::vector<std::string>& words, const std::vector<std::string>& args) {
    expect_error(ErrorKind::usage, words, [&] { info_model(args); });
  };
  refused({"--data", "--inputs"}, {});
  refused({"--classes"}, {"--inputs", "a=vector:5"});
  refused({"--classes", "--data"}, {"--data", "x", "--classes", "3"});
  refused({"--inputs", "--data"}, {"--inputs", "a=vector:5", "--data", "x", "--classes", "3"});
  for (const std::string bad :
       {"a", "=vector:5", "a=vector", "a=vector:", "a=image:3x", "a=image:3x0x4", "a=image:3y4"})
    refused({"NAME=TYPE:SIZES", "'" + bad + "'"}, {"--inputs", bad, "--classes", "3"});
  refused({"'vektor'", "'vector'"}, {"--inputs", "a=vektor:5", "--classes", "3"});
  refused({"'b'", "encoders"}, {"--inputs", "a=vector:5", "--classes", "3", "--encoders", "b=mlp"});
  expect_error(ErrorKind::usage, {"'modle'", "'model'"}, [] { call(cli::info_command, {"modle"}); });
  expect_error(ErrorKind::usage, {"before the flags"}, [] { call(cli::info_command, {"--json", "model"}); });
}

}  // namespace
}  // namespace pdmp::testing

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/trained_run.h"

namespace pdmp::testing {
namespace {

using ::testing::ContainsRegex;

TEST(InfoCommand, JsonNamesVersionsAndPrecision) {
  const nlohmann::json json = nlohmann::json::parse(call(cli::info_command, {"--json"}));
  EXPECT_TRUE(json.at("libtorch").get<std::string>().starts_with("2."));
  EXPECT_FALSE(json.at("pdmp").get<std::string>().empty());
  EXPECT_THAT(json.at("precision").get<std::string>(), ::testing::AnyOf("fp32", "bf16"));
  EXPECT_GE(json.at("threads").get<int>(), 1);
  EXPECT_TRUE(json.at("cpu").at("features").is_array());
}

TEST(InfoCommand, TextHasALinePerFact) {
  const std::string text = call(cli::info_command, {"--threads", "3"});
  EXPECT_THAT(text, ContainsRegex("libtorch +2\\."));
  EXPECT_THAT(text, ContainsRegex("threads +3\n"));
  EXPECT_THAT(text, ContainsRegex("cpu.features"));
}

}  // namespace
}  // namespace pdmp::testing

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/trained_run.h"
#include "support/expect_error.h"

namespace pdmp::testing {
namespace {

using ::testing::HasSubstr;

TEST(ListCommand, EveryListHasItsEntries) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> expected = {
      {"methods", {"joint", "pdmp"}},
      {"fusions", {"concat"}},
      {"encoders", {"resnet18", "conv1d", "mlp", "text_cnn"}},
      {"models", {"resnet18", "text_cnn", "concat"}},
      {"importers", {"tuxpaint"}},
      {"profiles", {"log_mel_2s", "log_psd_3s"}},
      {"metrics", {"accuracy", "macro_f1", "acer"}}};
  for (const auto& [list, names] : expected) {
    const std::string text = call(cli::list_command, {list});
    const nlohmann::json json = nlohmann::json::parse(call(cli::list_command, {list, "--json"}));
    std::vector<std::string> found;
    for (const nlohmann::json& entry : json) {
      found.push_back(entry.at("name"));
      EXPECT_NE(entry.at("summary"), "") << list;
    }
    for (const std::string& name : names) {
      EXPECT_THAT(found, ::testing::Contains(name)) << list;
      EXPECT_THAT(text, HasSubstr(name)) << list;
    }
  }
}

TEST(ListCommand, TellsSourcesAndInputs) {
  const nlohmann::json methods = nlohmann::json::parse(call(cli::list_command, {"methods", "--json"}));
  EXPECT_TRUE(methods.at(0).contains("source"));
  for (const nlohmann::json& fusion : nlohmann::json::parse(call(cli::list_command, {"fusions", "--json"}))) {
    EXPECT_NE(fusion.at("source"), "");
  }
  const nlohmann::json encoders = nlohmann::json::parse(call(cli::list_command, {"encoders", "--json"}));
  EXPECT_NE(encoders.at(0).at("input"), "");
  const nlohmann::json models = nlohmann::json::parse(call(cli::list_command, {"models", "--json"}));
  EXPECT_EQ(models.front().at("kind"), "encoder");
  EXPECT_EQ(models.back().at("kind"), "fusion");
}

TEST(ListCommand, ModelsAndMethodsArePages) {
  EXPECT_THAT(call(cli::list_command, {"models", "--markdown"}), ::testing::StartsWith("# Encoders and fusions\n"));
  EXPECT_THAT(call(cli::list_command, {"methods", "--markdown"}), ::testing::StartsWith("# Methods\n"));
  expect_error(ErrorKind::usage, {"--markdown", "models", "methods"}, [] {
    call(cli::list_command, {"encoders", "--markdown"});
  });
  expect_error(ErrorKind::usage, {"--markdown", "--json"}, [] {
    call(cli::list_command, {"models", "--markdown", "--json"});
  });
}

TEST(ListCommand, UnknownListGetsTheNearestSpelling) {
  expect_error(ErrorKind::usage, {"'method'", "'methods'"}, [] { call(cli::list_command, {"method"}); });
  expect_error(ErrorKind::usage, {"WHAT"}, [] { call(cli::list_command, {}); });
}

}  // namespace
}  // namespace pdmp::testing

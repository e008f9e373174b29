// The demo trains in processes of its own, which are `pdmp`: the program is run here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/program.h"
#include "cli/trained_run.h"
#include "support/expect_error.h"

namespace pdmp::testing {
namespace {

using ::testing::HasSubstr;

TEST(DemoCommand, OnOwnDataPrintsEveryRowAndGoesOnWhereItWas) {
  const TemporaryDirectory directory;
  const std::string data = (directory / "data").string(), out = (directory / "demo").string();
  write_toy_data(data, 8, {"numbers", "caption"});
  const std::vector<std::string> args =
      fast({"demo", "--data", data, "--out", out, "--seeds", "2", "--pdmp.gamma", "2"});
  const ProgramResult shown = run_program(args);
  ASSERT_EQ(shown.code, 0) << shown.error;
  for (const char* row :
       {"numbers alone", "caption alone", "joint", "pdmp", "test: 12 samples, 3 classes; chance 0.333"}) {
    EXPECT_THAT(shown.out, HasSubstr(row));
  }
  std::ifstream stream(out + "/demo.json");
  const nlohmann::json first = nlohmann::json::parse(stream);
  // One modality is best and leads already, so that pdmp itself multiplies every encoder alike.
  ASSERT_EQ(first.at("rows").size(), 5u);
  EXPECT_EQ(first.at("rows").at(4).at("name"), "joint, learning rate × 2");
  EXPECT_THAT(shown.out.substr(shown.out.rfind("\n\n")), HasSubstr("pdmp"));  // the last paragraph
  EXPECT_EQ(first.at("rows").at(3).at("accuracy").at("values").size(), 2u);
  const auto weights = std::filesystem::path(out) / "runs/concat/joint/seed1/summary.json";
  const auto written = std::filesystem::last_write_time(weights);

  // Interrupted in the last run: only that is trained again.
  std::filesystem::remove_all(out + "/runs/concat/pdmp/seed1");
  std::vector<std::string> as_json = args;
  as_json.emplace_back("--json");
  const nlohmann::json second = nlohmann::json::parse(run_program(as_json).out);
  EXPECT_EQ(second.at("rows"), first.at("rows"));
  EXPECT_EQ(std::filesystem::last_write_time(weights), written);

  // Other flags would mix two demos.
  std::vector<std::string> other = args;
  other.insert(other.end(), {"--momentum", "0.5"});
  const ProgramResult refused = run_program(other);
  EXPECT_EQ(refused.code, 2);
  for (const std::string& part : {std::string("--out"), out, std::string("momentum"), std::string("another")}) {
    EXPECT_THAT(refused.error, HasSubstr(part));
  }
}

TEST(DemoCommand, SaysWhereTheStampsComeFrom) {
  const TemporaryDirectory directory;
  expect_error(ErrorKind::usage, {"/nowhere", "tuxpaint-stamps-default", "--data"}, [&] {
    call(cli::demo_command, {"--raw", "/nowhere", "--out", directory.path().string()});
  });
}

}  // namespace
}  // namespace pdmp::testing

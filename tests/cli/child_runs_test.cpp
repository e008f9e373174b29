// Children are `pdmp` itself, so the program is run here: its demo trains that way.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/files/file.h"
#include "cli/program.h"
#include "cli/trained_run.h"

namespace pdmp::testing {
namespace {

using ::testing::HasSubstr;

// The rows of the demo without the folders of their runs.
nlohmann::json scores(const std::string& output) {
  nlohmann::json rows = nlohmann::json::parse(output).at("rows");
  for (nlohmann::json& row : rows) row.erase("runs");
  return rows;
}

TEST(ChildRuns, DemoIsTheSameWithAnyNumberOfProcesses) {
  const TemporaryDirectory directory;
  const std::string data = (directory / "data").string(), out = (directory / "demo").string();
  write_toy_data(data, 8, {"numbers", "caption"});
  const auto demo = [&](const std::string& jobs, std::vector<std::string> more) {
    more.insert(more.begin(), {"demo", "--data", data, "--out", out + jobs, "--seeds", "2", "--jobs", jobs, "--json"});
    return run_program(fast(std::move(more)));
  };
  const ProgramResult one = demo("1", {}), three = demo("3", {});
  ASSERT_EQ(three.code, 0) << three.error;
  EXPECT_EQ(scores(three.out), scores(one.out));
  EXPECT_FALSE(std::filesystem::exists(out + "3/runs/concat/joint/seed0.log"));

  // Paths that begin in another folder.
  const ProgramResult relative =
      run_program(fast({"demo", "--data", "data", "--out", "demo3", "--seeds", "2", "--jobs", "3", "--json"}),
                  "cd " + shell_quoted(directory.path().string()));
  ASSERT_EQ(relative.code, 0) << relative.error;
  EXPECT_EQ(scores(relative.out), scores(one.out));

  // Other options are refused before anything is trained.
  const ProgramResult other = demo("3", {"--momentum", "0.5"});
  EXPECT_EQ(other.code, 2);
  for (const std::string& part : {"--out " + out + "3: ", std::string("momentum"), std::string("another --out")}) {
    EXPECT_THAT(other.error, HasSubstr(part));
  }

  // A run that fails is named; the others are not stopped.
  const std::string config = out + "3/runs/concat/joint/seed0/config.toml";
  write_file_atomically(config, read_file(config) + "x");
  const ProgramResult failed = demo("3", {});
  EXPECT_EQ(failed.code, 3);
  EXPECT_THAT(failed.error, HasSubstr(config));
  for (const nlohmann::json& row : nlohmann::json::parse(failed.out).at("rows")) {
    EXPECT_EQ(row.contains("refusal"), row.at("name") == "joint") << row;
  }
}

}  // namespace
}  // namespace pdmp::testing

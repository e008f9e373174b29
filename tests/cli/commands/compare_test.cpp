// Trainings are processes of the program, so it is the program that is run here.
#include <algorithm>
#include <fmt/format.h>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <tuple>
#include <unistd.h>

#include "base/files/file.h"
#include "base/files/folder_lock.h"
#include "base/text/text_table.h"
#include "cli/program.h"
#include "cli/trained_run.h"

namespace pdmp::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

struct CompareCommand : ::testing::Test {
  TemporaryDirectory directory;
  std::string data = (directory / "data").string(), out = (directory / "out").string();

  void SetUp() override { write_toy_data(data, 8, {"numbers", "caption"}); }

  std::vector<std::string> arguments(const std::string& methods, std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"compare", "--data", data, "--out", out, "--methods", methods, "--seeds", "2"});
    return fast(std::move(more));
  }
  ProgramResult compare(const std::string& methods, std::vector<std::string> more = {}) const {
    return run_program(arguments(methods, std::move(more)));
  }
  nlohmann::json json() const {
    std::ifstream file(out + "/comparison.json");
    return nlohmann::json::parse(file);
  }
};

TEST_F(CompareCommand, TrainsTheGridOnceAndWritesTheTables) {
  const ProgramResult first = compare("joint,pdmp:gamma=2,umt,greedy", {"--jobs", "2"});
  ASSERT_EQ(first.code, 0) << first.error;
  for (const char* row : {"numbers alone", "caption alone", "joint", "pdmp:gamma=2", "umt", "mmtm"}) {
    EXPECT_THAT(first.out, HasSubstr(row));
  }
  for (const char* file : {"comparison.csv", "comparison.json", "comparison.md", "analysis.json"}) {
    EXPECT_TRUE(fs::exists(fs::path(out) / file)) << file;
  }
  EXPECT_FALSE(fs::exists(out + "/runs/concat/umt/seed0/alone"));  // its teachers are the rows of modalities alone
  const nlohmann::json before = json();

  // One run is lost: it alone is trained again, with the same result.
  const auto kept = fs::path(out) / "runs/concat/joint/seed1/summary.json";
  const auto written = fs::last_write_time(kept);
  fs::remove_all(out + "/runs/concat/umt/seed1");
  const ProgramResult second = compare("joint,pdmp:gamma=2,umt,greedy", {"--jobs", "1", "--json"});
  ASSERT_EQ(second.code, 0) << second.error;
  EXPECT_EQ(fs::last_write_time(kept), written);
  for (size_t i = 0; i < before.at("rows").size(); ++i) {
    EXPECT_EQ(before.at("rows")[i].value("accuracy", nlohmann::json()),
              nlohmann::json::parse(second.out).at("rows")[i].value("accuracy", nlohmann::json()));
  }

  // Other flags would mix two comparisons.
  const ProgramResult other = compare("joint", {"--momentum", "0.5"});
  EXPECT_EQ(other.code, 2);
  EXPECT_THAT(other.error, HasSubstr("momentum"));
  EXPECT_THAT(other.error, HasSubstr("another --out"));
}

// The analysis that is there belongs to the runs that are there.
TEST_F(CompareCommand, WhatDoesNotFitIsRefusedBeforeAnythingIsTrainedOrWritten) {
  ASSERT_EQ(compare("joint,pdmp:gamma=2").code, 0);
  const std::string analysis = read_file(out + "/analysis.json"), table = read_file(out + "/comparison.json");
  const std::string first = data;
  data = (directory / "other").string();
  write_toy_data(data, 9, {"numbers", "caption"});
  const std::string second = data;
  struct Case {
    std::string data, epochs, ema;
    const char* expected;
  };
  for (const Case& one : {Case{second, "3", "0", "expected the data that"},
                          Case{first, "3", "0.9", "ema (the run: 0, now: 0.9); give the same options, or choose"},
                          Case{first, "30", "0", "can't be trained for more epochs; choose another --out"}}) {
    for (const bool dry : {false, true}) {
      data = one.data;
      std::vector<std::string> words = arguments("joint,pdmp:gamma=2,ogm", {"--ema", one.ema});
      *std::next(std::find(words.begin(), words.end(), "--epochs")) = one.epochs;
      if (dry) words.emplace_back("--dry-run");
      const ProgramResult refused = run_program(words);
      EXPECT_NE(refused.code, 0) << one.expected;
      EXPECT_THAT(refused.error, HasSubstr(one.expected));
      EXPECT_THAT(refused.error, ::testing::Not(HasSubstr("each modality alone")));
      EXPECT_THAT(refused.error, ::testing::Not(HasSubstr("--overwrite")));
      EXPECT_EQ(read_file(out + "/analysis.json"), analysis) << one.expected;
      EXPECT_EQ(read_file(out + "/comparison.json"), table) << one.expected;
    }
  }
}

TEST_F(CompareCommand, ControlsStandBesidePdmpUnlessOff) {
  const std::vector<std::string> leading = {"--analysis.criterion",
                                            "manual",
                                            "--analysis.performance-dominant",
                                            "numbers",
                                            "--analysis.optimization-dominant",
                                            "caption"};
  const ProgramResult first = compare("joint,pdmp:gamma=2", leading);
  ASSERT_EQ(first.code, 0) << first.error;
  std::vector<std::string> names;
  const nlohmann::json rows = json().at("rows");
  for (const nlohmann::json& row : rows) names.push_back(row.at("name"));
  EXPECT_THAT(names, ::testing::ElementsAre("numbers alone", "caption alone", "joint", "pdmp:gamma=2",
                                            "pdmp:coefficients=[numbers=2,caption=2]", "joint:lr=0.1"));
  EXPECT_EQ(json().at("rows")[5].at("control_of")[0].at("of"), "pdmp:gamma=2");
  EXPECT_THAT(json().at("answers").dump(), HasSubstr("pdmp:gamma=2 against its controls: "));

  std::vector<std::string> off = leading;
  off.insert(off.end(), {"--controls", "off", "--reference", "alone:caption"});
  const ProgramResult second = compare("joint,pdmp:gamma=2,uniform_lr:factor=1", off);
  ASSERT_EQ(second.code, 0) << second.error;
  ASSERT_EQ(json().at("rows").size(), 5u);
  EXPECT_EQ(json().at("reference"), "caption alone");
  EXPECT_FALSE(json().at("rows")[2].at("difference").is_null());
  EXPECT_EQ(json().at("rows")[4].at("never_acted"), "joint");
  EXPECT_TRUE(json().at("rows")[3].at("never_acted").is_null());
}

// Every line, of which the legend is only shown on request.
TEST_F(CompareCommand, TablesFitColumns) {
  ASSERT_EQ(compare("joint,ogm").code, 0);
  const auto widest = [&](const std::string& before, std::vector<std::string> more) {
    const ProgramResult result = run_program(arguments("joint,ogm", std::move(more)), before);
    std::istringstream lines(result.out.substr(0, result.out.find("\n\ndata ")));  // without paths
    std::string line;
    size_t most = 0;
    while (std::getline(lines, line)) most = std::max(most, display_width(line));
    return most;
  };
  EXPECT_LE(widest("export COLUMNS=60", {}), 60u);
  EXPECT_GT(widest("unset COLUMNS", {}), 60u);
  EXPECT_LE(widest("unset COLUMNS", {}), 100u);
  EXPECT_GT(widest("export COLUMNS=60", {"--wide"}), 100u);
  EXPECT_THAT(compare("joint,ogm").out, ::testing::Not(HasSubstr("\nrank: ")));
  EXPECT_THAT(compare("joint,ogm", {"--explain"}).out, HasSubstr("\nrank: "));
}

TEST_F(CompareCommand, SearchesEveryMethodWithTheSameNumberOfTrials) {
  const ProgramResult result = compare("joint,ogm", {"--tune", "3"});
  ASSERT_EQ(result.code, 0) << result.error;
  for (const char* method : {"joint", "ogm"}) {
    for (int trial = 0; trial < 3; ++trial) {
      EXPECT_TRUE(fs::exists(fmt::format("{}/tune/concat/{}/trial{}/summary.json", out, method, trial)));
    }
  }
  EXPECT_THAT(result.out, HasSubstr("3"));
  EXPECT_EQ(json().at("rows")[2].at("tuned").get<std::string>().empty(), false);
}

TEST_F(CompareCommand, BestTestIsMarked) {
  const ProgramResult result = compare("joint", {"--best-test"});
  ASSERT_EQ(result.code, 0) << result.error;
  EXPECT_EQ(json().at("selected_by"), "test");
  EXPECT_THAT(result.out, HasSubstr("TEST"));
}

// Paths that begin in the folder the command is called in.
struct CompareFromFolders : CompareCommand {
  ProgramResult from(const std::string& folder, const std::string& data_path, const std::string& out_path,
                     const std::string& methods, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words = {"compare",   "--data", data_path, "--out", out_path,
                                      "--methods", methods,  "--seeds", "1"};
    words.insert(words.end(), more.begin(), more.end());
    return run_program(fast(words), "cd " + shell_quoted((directory / folder).string()));
  }
  std::filesystem::file_time_type written(const std::string& run) const {
    return fs::last_write_time(fs::path(out) / run / "summary.json");
  }
};

TEST_F(CompareFromFolders, RelativePathsGoOnFromAnyFolder) {
  fs::create_directories(directory / "elsewhere");
  const ProgramResult first = from(".", "data", "out", "joint,pdmp:gamma=2");
  ASSERT_EQ(first.code, 0) << first.error;
  const nlohmann::json before = json();
  const auto joint = written("runs/concat/joint/seed0"), alone = written("alone/caption/seed0");

  fs::remove_all(out + "/runs/concat/pdmp-gamma=2");
  for (const auto& [folder, data_path, out_path] :
       {std::tuple{".", "data", "out"}, {"elsewhere", "../data", "../out"}, {"data", ".", "../elsewhere/../out"}}) {
    const ProgramResult again = from(folder, data_path, out_path, "joint,pdmp:gamma=2");
    ASSERT_EQ(again.code, 0) << again.error;
    for (size_t i = 0; i < before.at("rows").size(); ++i) {
      EXPECT_EQ(json().at("rows")[i].at("accuracy"), before.at("rows")[i].at("accuracy")) << folder;
    }
  }
  const ProgramResult more = from("elsewhere", "../data", "../out", "joint,pdmp:gamma=2,ogm");
  ASSERT_EQ(more.code, 0) << more.error;
  EXPECT_EQ(json().at("rows").size(), before.at("rows").size() + 1);
  EXPECT_EQ(written("runs/concat/joint/seed0"), joint);
  EXPECT_EQ(written("alone/caption/seed0"), alone);
}

TEST_F(CompareFromFolders, DataThatMovedAreTheSameAndOtherDataAreNot) {
  ASSERT_EQ(from(".", "data", "out", "joint").code, 0);
  const auto joint = written("runs/concat/joint/seed0");
  fs::rename(data, directory / "moved");
  const ProgramResult moved = from(".", "moved", "out", "joint,ogm");
  ASSERT_EQ(moved.code, 0) << moved.error;
  EXPECT_EQ(written("runs/concat/joint/seed0"), joint);

  write_toy_data(directory / "other", 6, {"numbers", "caption"});
  const ProgramResult other = from(".", "other", "out", "joint,ogm");
  EXPECT_EQ(other.code, 1);
  for (const char* part : {"--out out: expected the data", "train had 24 samples, has 18", "choose another --out"}) {
    EXPECT_THAT(other.error, HasSubstr(part));
  }
  EXPECT_EQ(written("runs/concat/joint/seed0"), joint);
}

TEST_F(CompareCommand, TellsThatAnotherProcessWorksInTheFolder) {
  ASSERT_EQ(compare("joint").code, 0);
  const FolderLock other(out, "");
  const ProgramResult second = compare("joint", {"--momentum", "0.5"});
  EXPECT_EQ(second.code, 75);
  EXPECT_THAT(second.error, HasSubstr(fmt::format("{}: another process ({} on ", out, getpid())));
  EXPECT_THAT(second.error, ::testing::Not(HasSubstr("remove")));
}

std::map<std::string, nlohmann::json> rows_by_name(const nlohmann::json& comparison) {
  std::map<std::string, nlohmann::json> rows;
  for (const nlohmann::json& row : comparison.at("rows")) rows[row.at("name")] = row;
  return rows;
}

// An analysis that cannot be read, and a teacher whose weights are gone.
TEST_F(CompareCommand, WhatFailsIsARowAndTheRestGoesOn) {
  ASSERT_EQ(compare("joint").code, 0);
  const std::string teacher = out + "/alone/numbers/seed0", analysis = out + "/analysis.json";
  fs::remove_all(teacher + "/checkpoints");
  std::ofstream(analysis) << "{}";
  const ProgramResult result = compare("joint,pdmp,umt", {"--controls", "off"});
  ASSERT_EQ(result.code, 3) << result.error;
  EXPECT_THAT(result.error, HasSubstr("the same command tries again"));
  std::map<std::string, nlohmann::json> rows = rows_by_name(json());
  EXPECT_EQ(rows.at("joint").at("failure"), nullptr);
  EXPECT_EQ(rows.at("joint").at("accuracy").at("values").size(), 2);
  EXPECT_THAT(rows.at("pdmp").at("failure").get<std::string>(), HasSubstr("it needs " + analysis));
  EXPECT_THAT(rows.at("umt").at("failure").get<std::string>(), HasSubstr("seed 0 of 2: "));
  EXPECT_THAT(rows.at("umt").at("failure").get<std::string>(), HasSubstr("alone/numbers/seed0"));
  EXPECT_THAT(result.out, HasSubstr("failed: it needs"));

  fs::remove_all(teacher);
  fs::remove(analysis);
  const ProgramResult again = compare("joint,pdmp,umt", {"--controls", "off"});
  EXPECT_EQ(again.code, 0) << again.error;
  for (const auto& [name, row] : rows_by_name(json())) EXPECT_EQ(row.at("failure"), nullptr) << name;
}

void damage(const std::string& file, const std::string& before, const std::string& after) {
  std::string text = read_file(file);
  text.replace(text.find(before), before.size(), after);
  write_file_atomically(file, text);
}

TEST_F(CompareCommand, ASeedThatFailedIsTriedAgain) {
  ASSERT_EQ(compare("joint,umt,ogm").code, 0);
  const std::string teacher = out + "/alone/caption/seed1", ogm = out + "/runs/concat/ogm/seed0";
  const auto joint = fs::last_write_time(out + "/runs/concat/joint/seed1/summary.json");
  fs::remove_all(out + "/runs/concat/umt/seed1");
  for (const std::string& run : {teacher, ogm}) damage(run + "/config.toml", "epochs = 3", "epochs = 4");
  const ProgramResult result = compare("joint,umt,ogm");
  ASSERT_EQ(result.code, 3) << result.error;
  std::map<std::string, nlohmann::json> rows = rows_by_name(json());
  EXPECT_THAT(rows.at("caption alone").at("failure").get<std::string>(), HasSubstr("seed 1 of 2: "));
  EXPECT_THAT(rows.at("ogm").at("failure").get<std::string>(), HasSubstr("seed 0 of 2: " + ogm + "/config.toml"));
  EXPECT_THAT(rows.at("umt").at("failure").get<std::string>(), HasSubstr("seed 1 of 2: it needs " + teacher));
  EXPECT_EQ(rows.at("ogm").at("accuracy"), nullptr);
  EXPECT_EQ(rows.at("joint").at("failure"), nullptr);

  for (const std::string& run : {teacher, ogm}) fs::remove_all(run);
  const ProgramResult again = compare("joint,umt,ogm");
  EXPECT_EQ(again.code, 0) << again.error;
  for (const auto& [name, row] : rows_by_name(json())) EXPECT_EQ(row.at("failure"), nullptr) << name;
  EXPECT_EQ(fs::last_write_time(out + "/runs/concat/joint/seed1/summary.json"), joint);
}

// One training is ended as the kernel does where memory is short.
TEST_F(CompareCommand, ATrainingThatIsKilledFailsAlone) {
  std::string line = shell_quoted(PDMP_PROGRAM);
  for (const std::string& word : arguments("joint,ogm", {"--jobs", "1"})) line += " " + shell_quoted(word);
  const std::string run = out + "/runs/concat/ogm/seed0";
  const ProgramResult killed = run_command(line + " & p=$!; while kill -0 $p; do c=$(pgrep -P $p -f " +
                                           shell_quoted(run) + ") && kill -9 $c && break; sleep 0.02; done; wait $p");
  ASSERT_EQ(killed.code, 3) << killed.error;
  EXPECT_THAT(rows_by_name(json()).at("ogm").at("failure").get<std::string>(),
              HasSubstr("seed 0 of 2: ended by SIGKILL"));
  EXPECT_EQ(compare("joint,ogm").code, 0);
}

TEST_F(CompareCommand, ListsInBracketsGoThroughTableFoldersAndConfig) {
  const std::string both = "pdmp:coefficients=[numbers=5,caption=5]", one = "pdmp:coefficients=[numbers=5,caption=1]";
  const ProgramResult first = compare("joint," + both + "," + one, {"--reference", both, "--wide"});
  ASSERT_EQ(first.code, 0) << first.error;
  EXPECT_THAT(first.out, HasSubstr(both));
  const std::map<std::string, nlohmann::json> rows = rows_by_name(json());
  EXPECT_NE(rows.at(both).at("runs")[0], rows.at(one).at("runs")[0]);
  EXPECT_THAT(read_file(rows.at(both).at("runs")[0].get<std::string>() + "/config.toml"),
              HasSubstr("coefficients = \"caption=5,numbers=5\""));
  EXPECT_EQ(json().at("reference"), both);

  const auto config = directory.write("base.toml", "methods = [\"joint\", \"" + both + "\", \"" + one + "\"]\n");
  const ProgramResult again =
      run_program(fast({"compare", "--config", config.string(), "--data", data, "--out", out, "--seeds", "2"}));
  ASSERT_EQ(again.code, 0) << again.error;
  EXPECT_EQ(rows_by_name(json()).at(one).at("accuracy"), rows.at(one).at("accuracy"));
  EXPECT_THAT(run_program({"compare", "--help"}).out, HasSubstr("pdmp:coefficients=[audio=15,lips=15]"));
}

TEST_F(CompareCommand, DryRunCountsEstimatesAndWritesNothing) {
  const ProgramResult text = compare("joint,umt,greedy", {"--dry-run", "--tune", "3"});
  ASSERT_EQ(text.code, 0) << text.error;
  EXPECT_THAT(text.out, HasSubstr("4 of one modality, 4 of methods, 6 of a search; 0 of these 14 are finished"));
  EXPECT_THAT(text.out, HasSubstr("estimates"));
  EXPECT_FALSE(fs::exists(out));

  const auto files = [&] {
    std::vector<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(out)) names.push_back(entry.path().string());
    std::sort(names.begin(), names.end());
    return names;
  };
  ASSERT_EQ(compare("joint").code, 0);
  const std::vector<std::string> before = files();
  const ProgramResult again = compare("joint,ogm", {"--dry-run", "--json"});
  ASSERT_EQ(again.code, 0) << again.error;
  const nlohmann::json cost = nlohmann::json::parse(again.out);
  EXPECT_EQ(cost.at("trainings").at("total"), 8);
  EXPECT_EQ(cost.at("trainings").at("finished"), 6);
  EXPECT_EQ(cost.at("estimate"), true);
  for (const char* number : {"seconds", "disk_bytes", "disk_peak_bytes", "memory_bytes"}) {
    EXPECT_GT(cost.at(number).get<double>(), 0) << number;
  }
  EXPECT_EQ(files(), before);
}

TEST_F(CompareCommand, RefusesNonsenseBeforeAnythingIsWritten) {
  for (const auto& [methods, word] : {std::pair{"joint,pdmpp", "pdmpp"},
                                      {"joint:seed=1", "seed"},
                                      {"joint,joint", "twice"},
                                      {"pdmp:coefficients=[numbers=1", "the [ at character 19 is not closed"}}) {
    const ProgramResult result = compare(methods);
    EXPECT_EQ(result.code, 2) << methods;
    EXPECT_THAT(result.error, HasSubstr(word));
  }
  EXPECT_FALSE(fs::exists(out));
}

}  // namespace
}  // namespace pdmp::testing

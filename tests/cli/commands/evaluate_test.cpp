#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/files/file.h"
#include "cli/trained_run.h"
#include "metrics/metric.h"
#include "pdmp/run.h"
#include "run/files/predictions.h"
#include "support/expect_error.h"

namespace pdmp::testing {
namespace {

nlohmann::json evaluated(std::vector<std::string> args) {
  args.emplace_back("--json");
  return nlohmann::json::parse(call(cli::evaluate_command, args));
}

TEST(EvaluateCommand, GivesTheScoresOfTheSummary) {
  const TrainingRun summary = read_summary(trained_run().run);
  const nlohmann::json json =
      nlohmann::json::parse(call(cli::evaluate_command, {"--run", trained_run().run, "--json"}));
  EXPECT_NEAR(json.at("accuracy").get<double>(), summary.test->accuracy(), 1e-9);
  EXPECT_NEAR(json.at("macro_f1").get<double>(), summary.test->score("macro_f1"), 1e-9);
  EXPECT_NEAR(json.at("loss").get<double>(), summary.test->loss(), 1e-5);
  EXPECT_NEAR(json.at("unimodal").at("caption").get<double>(), summary.test->unimodal_accuracy[1], 1e-9);
  EXPECT_EQ(json.at("n"), 18);
  int64_t total = 0;
  for (const nlohmann::json& row : json.at("confusion")) {
    for (const nlohmann::json& count : row) total += count.get<int64_t>();
  }
  EXPECT_EQ(total, 18);
}

TEST(EvaluateCommand, SplitAndDataCanBeChosen) {
  const TemporaryDirectory directory;
  write_toy_data(directory.path(), 4, {"numbers", "caption", "picture"});
  const nlohmann::json json =
      nlohmann::json::parse(call(cli::evaluate_command, {"--run", trained_run().run, "--data",
                                                         directory.path().string(), "--split", "train", "--json"}));
  EXPECT_EQ(json.at("n"), 12);
  EXPECT_EQ(json.at("split"), "train");
  EXPECT_THAT(call(cli::evaluate_command, {"--run", trained_run().run, "--split", "val"}),
              ::testing::HasSubstr("val: 18 samples, accuracy "));
}

TEST(EvaluateCommand, ScoresEachClassAndShowsTheMatrix) {
  const nlohmann::json json = evaluated({"--run", trained_run().run});
  const nlohmann::json &classes = json.at("per_class"), &confusion = json.at("confusion");
  ASSERT_EQ(classes.size(), 3u);
  double f1 = 0;
  for (size_t c = 0; c < 3; ++c) {
    double truth = 0, found = 0;
    for (size_t other = 0; other < 3; ++other) {
      truth += confusion[c][other].get<double>();
      found += confusion[other][c].get<double>();
    }
    const auto hits = confusion[c][c].get<double>();
    EXPECT_EQ(classes[c].at("class"), json.at("classes")[c]);
    EXPECT_EQ(classes[c].at("n"), 6);
    EXPECT_NEAR(classes[c].at("recall").get<double>(), hits / truth, 1e-12);
    EXPECT_NEAR(classes[c].at("precision").get<double>(), found == 0 ? 0 : hits / found, 1e-12);
    f1 += classes[c].at("f1").get<double>() / 3;
  }
  EXPECT_NEAR(f1, json.at("macro_f1").get<double>(), 1e-12);
  const std::string text = call(cli::evaluate_command, {"--run", trained_run().run});
  EXPECT_THAT(text, ::testing::ContainsRegex("\nclass +precision +recall +F1 +n\nred +[01]\\.[0-9]{4} "));
  EXPECT_THAT(text, ::testing::HasSubstr("\nconfusion matrix: rows are the truth, columns the prediction\ntruth"));
}

TEST(EvaluateCommand, ScoresEachValueOfAColumn) {
  const TemporaryDirectory directory;
  write_toy_data(directory.path(), 8, {"numbers", "caption", "picture"});
  std::string table = read_file(directory / "metadata.csv"), with_machine;
  std::istringstream lines(table);
  int64_t number = 0;
  for (std::string line; std::getline(lines, line); ++number) {
    with_machine += line + (number == 0 ? ",machine" : number % 4 == 0 ? "," : number % 2 == 0 ? ",m10" : ",m9") + "\n";
  }
  directory.write("metadata.csv", with_machine);
  const std::vector<std::string> args = {"--run", trained_run().run, "--data", directory.path().string(),
                                         "--by",  "machine"};
  const nlohmann::json json = evaluated(args);
  const nlohmann::json& groups = json.at("by").at("groups");
  EXPECT_EQ(json.at("by").at("column"), "machine");
  ASSERT_EQ(groups.size(), 3u);
  double right = 0;
  int64_t samples = 0;
  for (const nlohmann::json& group : groups) {
    right += group.at("accuracy").get<double>() * group.at("n").get<double>();
    samples += group.at("n").get<int64_t>();
    EXPECT_TRUE(group.contains("macro_f1"));
  }
  EXPECT_EQ(samples, 12);
  EXPECT_NEAR(right / 12, json.at("accuracy").get<double>(), 1e-12);
  EXPECT_EQ(groups[0].at("value"), "");
  EXPECT_EQ(groups[1].at("value"), "m9");  // in natural order
  EXPECT_EQ(groups[1].at("n"), 6);
  EXPECT_EQ(groups[2].at("n"), 3);
  const std::string text = call(cli::evaluate_command, args);
  EXPECT_THAT(text, ::testing::ContainsRegex("\nmachine +samples +accuracy +macro-F1\n\\(empty\\) +3 .*\nm9 +6 "));
  expect_error(ErrorKind::usage, {"`by`", "'machin'", "'machine'"}, [&] {
    call(cli::evaluate_command, {"--run", trained_run().run, "--data", directory.path().string(), "--by", "machin"});
  });
}

// A group of all samples has the scores of the whole, by every metric.
TEST(EvaluateCommand, GroupsAreScoredAsTheWholeIs) {
  const TemporaryDirectory directory;
  write_toy_data(directory.path(), 8, {"numbers", "caption", "picture"});
  std::istringstream lines(read_file(directory / "metadata.csv"));
  std::string table;
  for (std::string line; std::getline(lines, line);) table += line + (table.empty() ? ",site" : ",a") + "\n";
  directory.write("metadata.csv", table);
  const nlohmann::json json =
      evaluated({"--run", trained_run().run, "--data", directory.path().string(), "--by", "site"});
  const nlohmann::json& group = json.at("by").at("groups").at(0);
  size_t metrics = 0;
  for (const Metric& metric : metric_table()) {
    ASSERT_EQ(group.contains(metric.name), json.contains(metric.name)) << metric.name;
    if (!json.contains(metric.name)) continue;
    EXPECT_NEAR(group.at(metric.name).get<double>(), json.at(metric.name).get<double>(), 1e-6) << metric.name;
    ++metrics;
  }
  EXPECT_GE(metrics, 5u);
}

// Captions of every other test sample emptied: rows of both patterns, and the counts must be theirs.
TEST(EvaluateCommand, ReportsEachPatternOfPresentModalities) {
  const TemporaryDirectory directory;
  ToyData data = write_toy_data(directory.path(), 8, {"numbers", "caption", "picture"});
  int64_t emptied = 0, rows = 0;
  for (ToyRow& row : data.rows) {
    if (row.split != "test" || rows++ % 2 == 1) continue;
    row.caption.clear();
    ++emptied;
  }
  data.write(directory.path());
  const std::vector<std::string> args = {"--run", trained_run().run, "--data", directory.path().string()};
  const nlohmann::json json = evaluated(args);
  const nlohmann::json& patterns = json.at("patterns");
  ASSERT_EQ(patterns.size(), 2u);
  EXPECT_EQ(patterns[0].at("present"), nlohmann::json::array({"numbers", "caption", "picture"}));
  EXPECT_EQ(patterns[1].at("present"), nlohmann::json::array({"numbers", "picture"}));
  EXPECT_EQ(patterns[0].at("n"), 12 - emptied);
  EXPECT_EQ(patterns[1].at("n"), emptied);
  double correct = 0;
  for (const nlohmann::json& pattern : patterns)
    correct += pattern.at("n").get<double>() * pattern.at("accuracy").get<double>();
  EXPECT_NEAR(correct / 12, json.at("accuracy").get<double>(), 1e-9);
  const std::string text = call(cli::evaluate_command, args);
  EXPECT_THAT(text, ::testing::ContainsRegex("present +samples +accuracy\n"));
  EXPECT_THAT(text, ::testing::ContainsRegex("\nnumbers \\+ picture +6 +[01]\\.[0-9]{4}\n"));
}

TEST(EvaluateCommand, ModalitiesCanBeTakenAway) {
  const nlohmann::json whole = evaluated({"--run", trained_run().run});
  ASSERT_EQ(whole.at("patterns").size(), 1u);
  EXPECT_NEAR(whole.at("patterns")[0].at("accuracy").get<double>(), whole.at("accuracy").get<double>(), 1e-9);
  const nlohmann::json json = evaluated({"--run", trained_run().run, "--missing", "caption,picture"});
  ASSERT_EQ(json.at("patterns").size(), 1u);
  EXPECT_EQ(json.at("patterns")[0].at("present"), nlohmann::json::array({"numbers"}));
  EXPECT_EQ(json.at("patterns")[0].at("n"), 18);
  EXPECT_EQ(json.at("missing"), nlohmann::json::array({"caption", "picture"}));
  EXPECT_NE(json.at("loss"), whole.at("loss"));
  EXPECT_THAT(call(cli::evaluate_command, {"--run", trained_run().run}),
              ::testing::Not(::testing::HasSubstr("present")));
  EXPECT_THAT(call(cli::evaluate_command, {"--run", trained_run().run, "--missing", "caption"}),
              ::testing::HasSubstr("\nnumbers + picture "));
}

// All samples without caption lose the other two: nothing is left of them, and they are scored all the same.
TEST(EvaluateCommand, SamplesWithoutAnythingAreScoredAndNoted) {
  const TemporaryDirectory directory;
  ToyData data = write_toy_data(directory.path(), 4, {"numbers", "caption", "picture"});
  for (ToyRow& row : data.rows) {
    if (row.id == "test0" || row.id == "test3") row.caption.clear();
  }
  data.write(directory.path());
  const std::vector<std::string> args = {"--run",     trained_run().run, "--data", directory.path().string(),
                                         "--missing", "numbers,picture"};
  const nlohmann::json patterns = evaluated(args).at("patterns");
  ASSERT_EQ(patterns.size(), 2u);
  EXPECT_EQ(patterns[1].at("present"), nlohmann::json::array());
  EXPECT_EQ(patterns[1].at("n"), 2);
  const std::string text = call(cli::evaluate_command, args);
  EXPECT_THAT(text, ::testing::HasSubstr("2 samples have no modality left"));
  // What was taken away has no scores.
  EXPECT_THAT(text, ::testing::ContainsRegex("numbers +- +-\n"));
  EXPECT_TRUE(evaluated(args).at("dependency").at("numbers").is_null());
  EXPECT_TRUE(evaluated(args).at("unimodal").at("caption").is_number());
}

// Labels by what the run says of each sample. Of three attacks one is called live, of four live ones two are not.
void write_attacks(const std::filesystem::path& directory) {
  ToyData data = write_toy_data(directory, 12, {"numbers", "caption", "picture"});
  std::map<std::string, std::string> said;
  for (const runs::Prediction& one :
       runs::read_predictions(std::filesystem::path(trained_run().run) / "predictions.csv", "test"))
    said[one.id] = one.prediction;
  std::vector<std::string> called_live = {"red", "red", "green"}, called_attack = {"red", "red", "green", "blue"};
  std::vector<ToyRow> rows;
  for (ToyRow& row : data.rows) {
    if (row.split == "test") {
      std::vector<std::string>& labels = said.at(row.id) == "red" ? called_live : called_attack;
      if (labels.empty()) continue;
      row.label = labels.back();
      labels.pop_back();
    }
    rows.push_back(row);
  }
  ASSERT_TRUE(called_live.empty() && called_attack.empty()) << "the run says too few or too many are red";
  data.rows = rows;
  data.write(directory);
}

TEST(EvaluateCommand, AttackDetectionHasItsScoresWhereALiveClassIsNamed) {
  const TemporaryDirectory directory;
  write_attacks(directory.path());
  const std::vector<std::string> args = {"--run", trained_run().run, "--data", directory.path().string()};
  EXPECT_FALSE(evaluated(args).contains("acer"));
  EXPECT_THAT(call(cli::evaluate_command, args), ::testing::Not(::testing::HasSubstr("ACER")));
  nlohmann::json description = read_json(directory / "dataset.json");
  description["live_class"] = "red";
  write_json(directory / "dataset.json", description);
  const nlohmann::json json = evaluated(args);
  EXPECT_EQ(json.at("n"), 7);
  EXPECT_NEAR(json.at("apcer").get<double>(), 1.0 / 3, 1e-12);
  EXPECT_NEAR(json.at("bpcer").get<double>(), 0.5, 1e-12);
  EXPECT_NEAR(json.at("acer").get<double>(), 5.0 / 12, 1e-12);
  EXPECT_THAT(call(cli::evaluate_command, args),
              ::testing::ContainsRegex("^test: 7 samples.*, ACER 0.4167, APCER 0.3333, BPCER 0.5000[,\n]"));
  description["live_class"] = "real";
  write_json(directory / "dataset.json", description);
  expect_error(ErrorKind::data, {"dataset.json", "'live_class'", "red, green, blue", "'real'"},
               [&] { evaluated(args); });
}

TEST(EvaluateCommand, RefusesToTakeAwayWhatIsNotThereOrEverything) {
  const auto without = [](const std::string& missing) {
    call(cli::evaluate_command, {"--run", trained_run().run, "--missing", missing});
  };
  expect_error(ErrorKind::usage, {"`missing`", "'captoin'", "'caption'"}, [&] { without("captoin"); });
  expect_error(ErrorKind::usage, {"`missing`", "numbers, caption, picture", "all"},
               [&] { without("numbers,picture,caption"); });
}

TEST(EvaluateCommand, RefusesDataOfOtherClasses) {
  const TemporaryDirectory directory;
  ToyData data = write_toy_data(directory.path(), 4, {"numbers", "caption", "picture"});
  data.classes = {"red", "green", "blue", "grey"};
  data.write(directory.path());
  expect_error(ErrorKind::data, {"red, green, blue", "grey"}, [&] {
    call(cli::evaluate_command, {"--run", trained_run().run, "--data", directory.path().string()});
  });
}

TEST(EvaluateCommand, RefusesWhatIsNoFinishedRun) {
  const TemporaryDirectory directory;
  expect_error(ErrorKind::usage, {directory.path().string(), "config.toml"}, [&] {
    call(cli::evaluate_command, {"--run", directory.path().string()});
  });
  expect_error(ErrorKind::usage, {"--run"}, [] { call(cli::evaluate_command, {}); });
  const std::filesystem::path run = directory / "unfinished";
  std::filesystem::create_directory(run);
  std::filesystem::copy_file(trained_run().run + "/config.toml", run / "config.toml");
  expect_error(ErrorKind::data, {"not finished", "`resume`"}, [&] {
    call(cli::evaluate_command, {"--run", run.string()});
  });
}

}  // namespace
}  // namespace pdmp::testing

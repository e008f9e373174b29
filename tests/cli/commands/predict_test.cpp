#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/files/file.h"
#include "cli/program.h"
#include "cli/trained_run.h"
#include "data/tables/csv.h"
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
  const nlohmann::json json = nlohmann::json::parse(call(cli::predict_command, {"--run", trained_run().run, "--json"}));
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
  const nlohmann::json all = nlohmann::json::parse(call(cli::predict_command, {"--run", trained_run().run, "--json"}));
  const nlohmann::json one = nlohmann::json::parse(
      call(cli::predict_command,
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
      call(cli::predict_command, {"--run", trained_run().run, "--input", "caption=a red thing, and a comma"});
  EXPECT_THAT(text, ::testing::ContainsRegex("^input  (red|green|blue) +[01]\\.[0-9]{4}\n$"));
}

namespace fs = std::filesystem;

// Columns of a CSV text by name; "" where there is none.
std::vector<std::vector<std::string>> columns_of(const std::string& text, const std::vector<std::string>& names) {
  const data::MetadataTable table = data::parse_csv(text, "predictions.csv");
  std::vector<std::vector<std::string>> rows;
  for (const data::MetadataTable::Row& row : table.rows) {
    rows.emplace_back();
    for (const std::string& name : names) rows.back().push_back(row.fields[table.find(name).value()]);
  }
  return rows;
}

const std::vector<std::string> kAnswers = {"id", "prediction", "probability_red", "probability_green",
                                           "probability_blue"};

// What the run itself wrote about its test split.
std::vector<std::vector<std::string>> answers_of_run() {
  std::vector<std::string> names = kAnswers;
  names.emplace_back("split");
  std::vector<std::vector<std::string>> rows =
      columns_of(read_file(fs::path(trained_run().run) / "predictions.csv"), names);
  std::erase_if(rows, [](const auto& row) { return row.back() != "test"; });
  for (auto& row : rows) row.pop_back();
  return rows;
}

// The test rows of the run's data set as a table of their own, in `directory`, with the modalities' names.
std::string write_test_rows(const fs::path& directory) {
  std::string table = "numbers,caption,picture,id,weather\n";
  const data::MetadataTable rows =
      data::parse_csv(read_file(fs::path(trained_run().data) / "metadata.csv"), "metadata.csv");
  for (const data::MetadataTable::Row& row : rows.rows) {
    if (row.fields[1] != "test") continue;
    table +=
        data::csv_record({row.fields[3] + "," + row.fields[4], row.fields[5], row.fields[7], row.fields[0], "fine"});
  }
  write_file_atomically(directory / "rows.csv", table);
  fs::copy(fs::path(trained_run().data) / "picture", directory / "picture");
  return (directory / "rows.csv").string();
}

TEST(PredictCommand, ATableOfRowsGetsTheNumbersOfTheDataSet) {
  const TemporaryDirectory directory;
  const std::string table = write_test_rows(directory.path());
  const std::string csv = call(cli::predict_command, {"--run", trained_run().run, "--data", table, "--csv"});
  EXPECT_EQ(columns_of(csv, kAnswers), answers_of_run());
  EXPECT_TRUE(csv.starts_with("id,prediction,probability_red,probability_green,probability_blue,error\n"));
}

TEST(PredictCommand, ADataSetNeedsNoLabelsAndSplits) {
  const TemporaryDirectory directory;
  const std::string table = write_test_rows(directory.path());
  fs::copy_file(fs::path(trained_run().data) / "dataset.json", directory / "dataset.json");
  const data::MetadataTable all =
      data::parse_csv(read_file(fs::path(trained_run().data) / "metadata.csv"), "metadata.csv");
  std::string text = "id,n0,n1,caption,picture_file_name\n";
  for (const data::MetadataTable::Row& row : all.rows) {
    if (row.fields[1] != "test") continue;
    text += data::csv_record({row.fields[0], row.fields[3], row.fields[4], row.fields[5], row.fields[7]});
  }
  directory.write("metadata.csv", text);
  const std::vector<std::string> args = {"--run", trained_run().run, "--data", directory.path().string(), "--csv"};
  EXPECT_EQ(columns_of(call(cli::predict_command, args), kAnswers), answers_of_run());
  const std::string everything =
      call(cli::predict_command, {"--run", trained_run().run, "--data", trained_run().data, "--split", "all", "--csv"});
  EXPECT_EQ(columns_of(everything, {"id"}).size(), 72u);  // train, val and test
}

TEST(PredictCommand, AFolderOfModalitiesGetsTheNumbersOfItsSamples) {
  const TemporaryDirectory directory;
  write_test_rows(directory.path());
  for (const fs::directory_entry& entry : fs::directory_iterator(directory / "picture")) {
    if (!entry.path().filename().string().starts_with("test")) fs::remove(entry.path());
  }
  const std::vector<std::string> args = {
      "--run", trained_run().run, "--data", directory.path().string(), "--allow-missing", "--csv"};
  const auto rows = columns_of(call(cli::predict_command, args), kAnswers);
  ASSERT_EQ(rows.size(), 18u);
  EXPECT_EQ(rows[0][0], "test0");
  EXPECT_EQ(rows[10][0], "test10");  // in natural order
  const nlohmann::json one =
      nlohmann::json::parse(call(cli::predict_command, {"--run", trained_run().run, "--json", "--input",
                                                        "picture=" + (directory / "picture/test10.png").string()}));
  EXPECT_NEAR(std::stod(rows[10][2]), one[0].at("probabilities").at("red").get<double>(), 1e-5);
}

// Of three rows one has a picture outside of the table's folder, one a picture that is none.
TEST(PredictCommand, BadRowsSayWhyAndTheStatusIsOne) {
  const TemporaryDirectory directory;
  write_test_rows(directory.path());
  const std::string outside = trained_run().data + "/picture/test0.png";
  directory.write("empty.png", "no picture");
  const std::string table =
      directory
          .write("few.csv", "id,numbers,caption,picture\nx,\"0,0\",a,picture/test0.png\ny,\"0,0\",a," + outside +
                                "\nz,\"0,0\",a,empty.png\n")
          .string();
  const std::vector<std::string> args = {"predict", "--run", trained_run().run, "--data", table, "--csv"};
  const ProgramResult result = run_program(args);
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.error, HasSubstr("2 of 3 rows have no prediction"));
  const auto rows = columns_of(result.out, {"id", "error"});
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0][1], "");
  EXPECT_THAT(rows[1][1], HasSubstr("--root"));
  EXPECT_THAT(rows[2][1], HasSubstr("empty.png"));
  std::vector<std::string> rooted = args;
  rooted.insert(rooted.end(), {"--root", trained_run().data});
  EXPECT_THAT(run_program(rooted).error, HasSubstr("1 of 3 rows have no prediction"));
}

// A program that asks row by row would wait for ever if an answer waited for more rows.
TEST(PredictCommand, StandardInputIsAnsweredLineByLine) {
  const std::string ask = shell_quoted(R"({"id": "first", "caption": "a red thing"})"),
                    more = shell_quoted(R"({"caption": "a blue thing", "weather": "fine"})");
  const ProgramResult result = run_command("coproc P { exec " + shell_quoted(PDMP_PROGRAM) + " predict --run " +
                                           shell_quoted(trained_run().run) +
                                           " --stdin --allow-missing --batch-size 8 --quiet; }; "
                                           "out=${P[0]}; in=${P[1]}; id=$P_PID; "
                                           "echo " +
                                           ask +
                                           " >&$in; read -r -t 120 line <&$out; echo \"$line\"; "
                                           "echo 'no object' >&$in; read -r -t 120 line <&$out; echo \"$line\"; "
                                           "echo " +
                                           more + " >&$in; eval \"exec $in>&-\"; cat <&$out; wait $id");
  EXPECT_EQ(result.code, 1) << result.error;  // one line was none
  std::vector<nlohmann::json> answers;
  std::istringstream lines(result.out);
  for (std::string line; std::getline(lines, line);) answers.push_back(nlohmann::json::parse(line));
  ASSERT_EQ(answers.size(), 3u) << result.out;
  EXPECT_EQ(answers[0].at("id"), "first");
  EXPECT_TRUE(answers[0].contains("class"));
  EXPECT_EQ(answers[1].at("id"), "2");
  EXPECT_THAT(answers[1].at("error").get<std::string>(), HasSubstr("standard input:2: expected a JSON object"));
  EXPECT_EQ(answers[2].at("id"), "3");
  EXPECT_EQ(answers[2].at("probabilities").size(), 3u);
}

TEST(PredictCommand, StandardInputGetsTheNumbersOfTheDataSet) {
  const TemporaryDirectory directory;
  write_test_rows(directory.path());
  const data::MetadataTable table = data::parse_csv(read_file(directory / "rows.csv"), "rows.csv");
  std::string lines;
  for (const data::MetadataTable::Row& row : table.rows) {
    const nlohmann::json object = {
        {"numbers", row.fields[0]}, {"caption", row.fields[1]}, {"picture", row.fields[2]}, {"id", row.fields[3]}};
    lines += object.dump() + "\n";
  }
  const std::string file = directory.write("rows.jsonl", lines).string();
  const ProgramResult piped =
      run_command("cd " + shell_quoted(directory.path().string()) + " && " + shell_quoted(PDMP_PROGRAM) +
                  " predict --run " + shell_quoted(trained_run().run) + " --data - --csv --quiet < rows.jsonl");
  EXPECT_EQ(piped.code, 0) << piped.error;
  EXPECT_EQ(columns_of(piped.out, kAnswers), answers_of_run());
  const std::string read = call(cli::predict_command, {"--run", trained_run().run, "--data", file, "--csv"});
  EXPECT_EQ(columns_of(read, kAnswers), answers_of_run());
}

TEST(PredictCommand, RefusesWhatContradictsItself) {
  const auto predict = [&](std::vector<std::string> args) {
    args.insert(args.end(), {"--run", trained_run().run});
    call(cli::predict_command, args);
  };
  expect_error(ErrorKind::usage, {"--data", "--stdin"}, [&] { predict({"--stdin", "--data", "x.csv"}); });
  expect_error(ErrorKind::usage, {"--json", "--csv"}, [&] { predict({"--json", "--csv"}); });
  expect_error(ErrorKind::io, {"`data`", "nowhere.csv"}, [&] { predict({"--data", "nowhere.csv"}); });
}

TEST(PredictCommand, SaysWhatIsWrongWithAnInput) {
  const std::vector<std::string> run = {"--run", trained_run().run};
  const auto predict = [&](const std::vector<std::string>& more) {
    std::vector<std::string> args = run;
    args.insert(args.end(), more.begin(), more.end());
    call(cli::predict_command, args);
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

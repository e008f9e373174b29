// Names, classes, cells and messages of libraries that a terminal or a spreadsheet would obey.
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/program.h"
#include "cli/toy_data.h"
#include "data/tables/csv.h"
#include "support/temporary_directory.h"

namespace pdmp {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::ProgramResult;
using testing::run_program;
using testing::TemporaryDirectory;

// Clears the screen, sets the title, C1 (CSI), a change of direction, and what would end a line.
const std::string kEscape =
    "\x1B[2J\x1B]0;x\x07\x7F\xC2\x9B"
    "1m\u202E";

// No byte that a terminal obeys but newlines.
void expect_printable(const std::string& text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const bool c1 = c == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    ASSERT_FALSE((c < 0x20 && c != '\n') || c == 0x7F || c1) << "byte " << i << " of: " << text;
  }
  for (const char* direction : {"\u202E", "\u2066"}) ASSERT_EQ(text.find(direction), std::string::npos) << text;
}

void expect_printable(const ProgramResult& result) {
  expect_printable(result.out);
  expect_printable(result.error);
}

// A data set whose classes, ids and captions would all be obeyed, with one cell that does not decode.
class HostileNames : public ::testing::Test {
 protected:
  HostileNames() {
    testing::ToyData data = testing::write_toy_data(data_, 8);
    data.classes = {"=1+1|`x\\" + kEscape, "@green" + kEscape, "-0.5"};
    int count = 0;
    for (testing::ToyRow& row : data.rows) {
      row.id = "+id" + kEscape + row.id;
      row.label = data.classes[static_cast<size_t>(count++ % 3)];
      row.caption = "caption " + kEscape;
    }
    data.rows[0].numbers[0] = "nan" + kEscape;
    data.write(data_);
  }

  ProgramResult train() const {
    return run_program({"train", "--data", data_.string(), "--run", run_.string(), "--epochs", "1", "--threads", "1",
                        "--max-undecodable", "0.5", "--precision", "fp32"});
  }

  static std::string content(const fs::path& file) {
    std::ostringstream text;
    text << std::ifstream(file, std::ios::binary).rdbuf();
    return text.str();
  }

  TemporaryDirectory directory_;
  const fs::path data_ = directory_ / "data", run_ = directory_ / "run";
};

TEST_F(HostileNames, NothingThatDataCommandsPrintIsObeyed) {
  const std::string id = "+id" + kEscape + "train0", png = (directory_ / "x.png").string();
  for (const auto& command :
       std::vector<std::vector<std::string>>{{"data", "info", data_.string()},
                                             {"data", "info", data_.string(), "--json"},
                                             {"data", "check", data_.string()},
                                             {"data", "check", data_.string(), "--json"},
                                             {"data", "show", data_.string(), "--id", id, "--out", png}}) {
    const ProgramResult result = run_program(command);
    EXPECT_FALSE(result.out.empty());
    expect_printable(result);
    EXPECT_THAT(result.out + result.error, HasSubstr("\\u001b[2J"));
  }
}

TEST_F(HostileNames, TrainingEvaluationAndPredictionPrintAndWriteThemSafely) {
  const ProgramResult trained = train();
  ASSERT_EQ(trained.code, 0) << trained.error;
  expect_printable(trained);
  EXPECT_THAT(trained.error, HasSubstr("did not decode"));
  for (const char* command : {"evaluate", "predict"}) {
    expect_printable(run_program({command, "--run", run_.string()}));
    const ProgramResult result = run_program({command, "--run", run_.string(), "--json"});
    expect_printable(result);
    const nlohmann::json json = nlohmann::json::parse(result.out);
    EXPECT_THAT(json.dump(), HasSubstr("\u202E"));  // the text itself is not changed
  }
  const data::MetadataTable table = data::parse_csv(content(run_ / "predictions.csv"), "predictions.csv");
  for (const data::MetadataTable::Row& row : table.rows) {
    EXPECT_EQ(row.fields[0].substr(0, 2), "'+");                                        // id
    EXPECT_TRUE(row.fields[2] == "-0.5" || row.fields[2][0] == '\'') << row.fields[2];  // label: numbers stay
    EXPECT_TRUE(row.fields[4][0] == '0' || row.fields[4][0] == '1');                    // a probability
  }
}

TEST_F(HostileNames, ErrorsAreOneLine) {
  const ProgramResult label = run_program({"data", "check", data_.string(), "--split", "x\ny" + kEscape});
  EXPECT_EQ(label.code, 2);
  expect_printable(label);
  EXPECT_EQ(std::count(label.error.begin(), label.error.end(), '\n'), 1) << label.error;
  EXPECT_THAT(label.error, HasSubstr("x\\ny\\u001b"));
  for (const auto& command : std::vector<std::vector<std::string>>{
           {"train", "--" + kEscape, "x"},
           {kEscape},
           {"data", "info", "/nowhere/" + kEscape},
           {"train", "--config", "/nowhere/\xFF" + kEscape},
           {"train", "--data", data_.string(), "--run", run_.string(), "--method", kEscape},
           {"predict", "--run", kEscape + "\n\nfine"}}) {
    const ProgramResult result = run_program(command);
    EXPECT_NE(result.code, 0);
    expect_printable(result);
    EXPECT_EQ(std::count(result.error.begin(), result.error.end(), '\n'), 1) << result.error;
  }
}

TEST_F(HostileNames, AMessageThatQuotesAFileHasAnEnd) {
  const fs::path file = directory_.write("long.toml", "a = " + std::string(500000, 'x'));
  const ProgramResult result = run_program({"train", "--config", file.string()});
  EXPECT_THAT(result.error, HasSubstr("long.toml:1: expected"));
  EXPECT_LT(result.error.size(), 5000u);
}

TEST_F(HostileNames, ATerminalSeesNoneOfThemInTheProgressLine) {
  // `script` runs the program on a terminal of its own, where the bar and its label are drawn.
  const std::string command = PDMP_PROGRAM " train --data '" + data_.string() + "' --run '" +
                              (directory_ / ("run" + kEscape)).string() +
                              "' --epochs 1 --threads 1 --max-undecodable 0.5";
  const fs::path log = directory_ / "terminal";
  const std::string line = "script -qec \"" + command + "\" /dev/null >'" + log.string() + "' 2>&1 </dev/null";
  std::ignore = std::system(line.c_str());
  const std::string text = content(log);
  EXPECT_FALSE(text.empty());
  EXPECT_THAT(text, Not(HasSubstr("\x1B[2J")));  // what erases the bar is another sequence
  EXPECT_THAT(text, Not(HasSubstr("\x1B]0")));
}

}  // namespace
}  // namespace pdmp

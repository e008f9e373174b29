// A warning about a cell that does not decode says where it is: line of the metadata and id, and not what it holds.
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/program.h"
#include "cli/toy_data.h"
#include "support/temporary_directory.h"

namespace pdmp {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::ProgramResult;
using testing::run_program;

// Rows 2, 3 and 4 of the metadata (the first three samples) have a vector, an array and an image that do not decode.
class UndecodableCell : public ::testing::Test {
 protected:
  UndecodableCell() {
    rows_ = testing::write_toy_data(data_, 8, {"numbers", "caption", "wave", "picture"});
    rows_.rows[0].numbers = {"0.890504", "NaN"};
    rows_.write(data_);
    std::ofstream(data_ / rows_.rows[1].wave) << "no array";
    std::ofstream(data_ / rows_.rows[2].picture) << "no picture";
  }

  std::vector<std::string> train(const std::string& most) const {
    return {"train",     "--data", data_.string(), "--run", (directory_ / "run").string(), "--epochs", "1",
            "--threads", "1",      "--precision",  "fp32",  "--max-undecodable",           most};
  }

  testing::TemporaryDirectory directory_;
  const fs::path data_ = directory_ / "data";
  testing::ToyData rows_;
};

TEST_F(UndecodableCell, TrainingNamesLineAndId) {
  const ProgramResult result = run_program(train("0.5"));
  EXPECT_EQ(result.code, 0);
  EXPECT_THAT(result.error,
              AllOf(HasSubstr("1 of numbers did not decode"), HasSubstr("metadata.csv:2, sample 'train0': "),
                    HasSubstr("column 'n1', found 'NaN'"), Not(HasSubstr("0.890504"))));
  EXPECT_THAT(result.error, HasSubstr("metadata.csv:3, sample 'train1': '"));
  EXPECT_THAT(result.error, HasSubstr("metadata.csv:4, sample 'train2': '"));
}

TEST_F(UndecodableCell, TheLimitNamesLineAndId) {
  const ProgramResult result = run_program(train("0"));
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.error, AllOf(HasSubstr("cells do not decode"), HasSubstr("metadata.csv:"),
                                  HasSubstr(", sample 'train"), Not(HasSubstr("0.890504"))));
}

TEST_F(UndecodableCell, MissingFilesNameLineAndId) {
  fs::remove(data_ / rows_.rows[4].picture);
  const ProgramResult result = run_program(train("0.5"));
  EXPECT_THAT(result.error,
              AllOf(HasSubstr("1 of 24 files are missing"), HasSubstr("metadata.csv:6, sample 'train4': '"),
                    HasSubstr(rows_.rows[4].picture + "': no such file")));
}

TEST_F(UndecodableCell, CheckNamesLineAndIdAndNotTheCell) {
  const ProgramResult result = run_program({"data", "check", data_.string()});
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.out, AllOf(HasSubstr("metadata.csv:2: train train0, numbers: "), Not(HasSubstr("0.890504"))));
  EXPECT_THAT(result.out, HasSubstr("metadata.csv:3: train train1, wave: '"));
}

TEST_F(UndecodableCell, FillingACacheNamesLineAndId) {
  const ProgramResult result =
      run_program({"cache", "fill", "--data", data_.string(), "--cache", (directory_ / "cache").string()});
  EXPECT_THAT(result.error, HasSubstr("metadata.csv:4, sample 'train2': '"));
}

TEST_F(UndecodableCell, JsonLinesToo) {
  std::ofstream lines(data_ / "metadata.jsonl");
  fs::remove(data_ / "metadata.csv");
  lines << "\n";  // rows begin in line 2
  for (const testing::ToyRow& row : rows_.rows) {
    lines << nlohmann::json{{"id", row.id},
                            {"split", row.split},
                            {"label", row.label},
                            {"n0", row.numbers[0]},
                            {"n1", row.numbers[1]},
                            {"caption", row.caption},
                            {"wave_file_name", row.wave},
                            {"picture_file_name", row.picture}}
          << "\n";
  }
  lines.close();
  const ProgramResult result = run_program(train("0.5"));
  EXPECT_EQ(result.code, 0) << result.error;
  EXPECT_THAT(result.error, AllOf(HasSubstr("metadata.jsonl:2, sample 'train0': "), Not(HasSubstr("0.890504"))));
}

// Where no cell of a modality tells its shape, nothing can be trained.
TEST_F(UndecodableCell, AModalityWithoutAnyCellThatTells) {
  for (testing::ToyRow& row : rows_.rows) std::ofstream(data_ / row.wave) << "no array";
  const ProgramResult result = run_program(train("1"));
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.error, HasSubstr("metadata.csv:2, sample 'train0': '"));
}

TEST_F(UndecodableCell, AVectorOfAnotherLengthIsNotQuoted) {
  rows_.modalities = {"caption", "numbers"};
  rows_.write(data_);
  nlohmann::json description = nlohmann::json::parse(std::ifstream(data_ / "dataset.json"));
  description["modalities"][1] = {{"name", "list"}, {"type", "vector"}, {"column", "caption"}};
  std::ofstream(data_ / "dataset.json") << description;
  for (testing::ToyRow& row : rows_.rows) row.caption = row.id == "train5" ? "\"1,2,3,777777\"" : "\"1,2,3\"";
  rows_.modalities = {};
  std::string table = "id,split,label,caption\n";
  for (const testing::ToyRow& row : rows_.rows)
    table += row.id + "," + row.split + "," + row.label + "," + row.caption + "\n";
  std::ofstream(data_ / "metadata.csv") << table;
  const ProgramResult result = run_program({"data", "check", data_.string()});
  EXPECT_THAT(result.out, AllOf(HasSubstr("metadata.csv:7: train train5, list: "),
                                HasSubstr("expected 3 numbers, found 4"), Not(HasSubstr("777777"))));
}

}  // namespace
}  // namespace pdmp

// `pdmp data check` prints a fault once, with the number of its cells; `data info` counts numbers that do not parse.
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/program.h"
#include "cli/toy_data.h"
#include "support/temporary_directory.h"

namespace pdmp {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::run_program;

class RepeatedFault : public ::testing::Test {
 protected:
  RepeatedFault() : rows_(testing::write_toy_data(data_.path(), 8, {"numbers", "wave"})) {}

  static size_t count(const std::string& text, const std::string& part) {
    size_t found = 0;
    for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
    return found;
  }

  testing::TemporaryDirectory data_;
  testing::ToyData rows_;
};

TEST_F(RepeatedFault, ADifferentFileWithTheSameFaultIsNotANewOne) {
  for (size_t i = 0; i < 10; ++i) data_.write(rows_.rows[i].wave, "no array");
  data_.write(rows_.rows[20].wave, "");
  const auto result = run_program({"data", "check", data_.path().string()});
  EXPECT_EQ(result.code, 1);
  EXPECT_EQ(count(result.out, "unknown content"), 1u) << result.out;
  EXPECT_THAT(result.out, HasSubstr("metadata.csv:2: train train0, wave: '"));
  EXPECT_THAT(result.out, HasSubstr("the same in 9 more cells: metadata.csv:3 train1, metadata.csv:4 train2, "));
  EXPECT_THAT(result.out, HasSubstr("metadata.csv:22: train train20, wave: '"));
  EXPECT_THAT(result.out, AllOf(HasSubstr("0 bytes"), HasSubstr("... (--json names all)")));
  const auto json = nlohmann::json::parse(run_program({"data", "check", data_.path().string(), "--json"}).out);
  EXPECT_EQ(json.at("failures").size(), 11u);
}

TEST_F(RepeatedFault, OneFileOfManyRows) {
  for (size_t i = 0; i < 3; ++i) rows_.rows[i].wave = "wave/one.npy";
  data_.write("wave/one.npy", "no array");
  rows_.write(data_.path());
  const auto result = run_program({"data", "check", data_.path().string()});
  EXPECT_EQ(count(result.out, "wave/one.npy"), 1u);
  EXPECT_THAT(result.out, HasSubstr("the same in 2 more cells: metadata.csv:3 train1, metadata.csv:4 train2\n"));
}

TEST_F(RepeatedFault, InfoCountsNumbersThatDoNotParse) {
  EXPECT_THAT(run_program({"data", "info", data_.path().string()}).out, Not(HasSubstr("do not parse")));
  for (const size_t row : std::initializer_list<size_t>{0, 1, 5, 6, 7, 9, 30})
    rows_.rows[row].numbers = {"0.5", row == 1 ? "nan" : "n/a"};
  rows_.rows[10].numbers = {"1e-400", "1"};  // 0
  rows_.write(data_.path());
  EXPECT_THAT(run_program({"data", "info", data_.path().string()}).out,
              HasSubstr("numbers: cells whose numbers do not parse: 7: metadata.csv:2, metadata.csv:3, metadata.csv:7, "
                        "metadata.csv:8, metadata.csv:9 ...; see pdmp data check"));
  const auto json = nlohmann::json::parse(run_program({"data", "info", data_.path().string(), "--json"}).out);
  EXPECT_EQ(json.at("modalities").at(0).at("unparsed"), 7);
  EXPECT_EQ(json.at("modalities").at(1).at("unparsed"), 0);
}

}  // namespace
}  // namespace pdmp

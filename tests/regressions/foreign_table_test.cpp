// Tables as spreadsheets and other programs write them: the message says what it is and what to do; labels that look
// alike are warned of.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/importers/shared/list_file.h"
#include "data/manifest/manifest.h"
#include "data/types/entry.h"
#include "pdmp/error.h"
#include "pdmp/tensor.h"
#include "support/expect_error.h"
#include "support/temporary_directory.h"

namespace pdmp {
namespace {

using ::testing::AllOf;
using testing::cell;
using testing::entry;
using testing::expect_error;
using ::testing::HasSubstr;
using ::testing::Not;

std::string utf16(const std::string& text, bool big) {
  std::string bytes;
  for (const char c : text) bytes += big ? std::string{'\0', c} : std::string{c, '\0'};
  return bytes;
}

class ForeignTable : public ::testing::Test {
 protected:
  std::string message(const std::string& table, const char* name = "metadata.csv") const {
    folder_.write("dataset.json", R"({"modalities": [{"name": "v", "type": "vector", "columns": ["x", "y"]}]})");
    folder_.write(name, table);
    try {
      data::read_manifest(folder_.path(), 0);
    } catch (const Error& error) {
      std::filesystem::remove(folder_ / name);
      EXPECT_EQ(error.kind(), ErrorKind::data);
      return error.what();
    }
    std::filesystem::remove(folder_ / name);
    return "accepted";
  }

  // What is warned of.
  std::string warnings(const std::string& json, const std::string& table) const {
    folder_.write("dataset.json", json);
    folder_.write("metadata.csv", table);
    ::testing::internal::CaptureStderr();
    data::read_manifest(folder_.path(), 0);
    return ::testing::internal::GetCapturedStderr();
  }

  testing::TemporaryDirectory folder_;
};

const std::string kGood = "id,split,label,x,y\n1,train,a,0.5,1\n2,test,b,0.25,2\n";

TEST_F(ForeignTable, Utf16WithoutAByteOrderMark) {
  EXPECT_EQ(message(kGood), "accepted");
  EXPECT_THAT(message(utf16(kGood, false)),
              AllOf(HasSubstr("metadata.csv:1: expected UTF-8, found UTF-16 without a byte-order mark"),
                    HasSubstr("save the file as UTF-8"), HasSubstr("iconv -f UTF-16LE")));
  EXPECT_THAT(message(utf16(kGood, true)), HasSubstr("iconv -f UTF-16BE"));
  EXPECT_THAT(message("\xFF\xFE" + utf16(kGood, false)), HasSubstr("found UTF-16; save"));
  EXPECT_THAT(message(utf16(R"({"label": "a", "x": 1, "y": 2})", false), "metadata.jsonl"),
              HasSubstr("metadata.jsonl:1: expected UTF-8, found UTF-16 without"));
  const auto list = folder_.write("train.txt", utf16("a,0\nb,1\n", false));
  expect_error(ErrorKind::data, {"train.txt", "UTF-16 without a byte-order mark"}, [&] { data::read_list(list); });
}

TEST_F(ForeignTable, SpreadsheetsAndArchives) {
  EXPECT_THAT(message("PK\x03\x04 and so on"), AllOf(HasSubstr("zip archive"), HasSubstr("export it as CSV")));
  EXPECT_THAT(message("\x1F\x8B\x08 and so on"), HasSubstr("gunzip"));
}

TEST_F(ForeignTable, BytesOfZero) {
  EXPECT_THAT(
      message(kGood + std::string(3000, '\0')),
      AllOf(HasSubstr("metadata.csv:4: expected text, found bytes of 0 up to the end"), HasSubstr("copy it again")));
  EXPECT_THAT(message(kGood + "3,train,a,1" + std::string(5, '\0')), HasSubstr("metadata.csv:4: expected text"));
  EXPECT_THAT(message("id,split,label,x,y\n1,train,a\0b,0.5,1\n" + std::string("2\0,", 3) + "test,b,1,2\n"),
              HasSubstr("a byte of 0 amid the text"));
  EXPECT_THAT(message("{\"label\": \"a\", \"x\": 1, \"y\": 2}\n" + std::string(100, '\0'), "metadata.jsonl"),
              HasSubstr("metadata.jsonl:2: expected text, found bytes of 0 up to the end"));
  EXPECT_THAT(message("{\"label\": \"a\\u0000b\", \"x\": 1, \"y\": 2}\n", "metadata.jsonl"),
              HasSubstr("metadata.jsonl:1: 'label': expected text, found a character of code 0"));
}

TEST_F(ForeignTable, OtherSeparators) {
  const auto separated = [](char separator) {
    std::string table = kGood;
    std::replace(table.begin(), table.end(), ',', separator);
    return table;
  };
  EXPECT_THAT(message(separated(';')),
              AllOf(HasSubstr("metadata.csv:1: expected the columns of the header to be separated by commas, found "
                              "semicolons"),
                    HasSubstr("save the table with commas")));
  EXPECT_THAT(message(separated('\t')), HasSubstr("found tabs; save the table with commas"));
  EXPECT_THAT(message(separated('|')), HasSubstr("found bars"));
  EXPECT_THAT(message("sep=;\n" + separated(';')), HasSubstr("found semicolons"));
  EXPECT_THAT(message("id;split;label;x;y\n1;train;a;0,5;1\n"),
              AllOf(HasSubstr("semicolons"), HasSubstr("decimal points")));
  EXPECT_THAT(message("\n\n\"id\"\t\"split, or part\"\t\"label\"\n"), AllOf(HasSubstr(":3:"), HasSubstr("found tabs")));
}

TEST_F(ForeignTable, DecimalCommas) {
  EXPECT_THAT(message("id,split,label,x,y\n1,train,a,0,5,1\n"),
              AllOf(HasSubstr("metadata.csv:2: expected 5 fields as in the header, found 6"),
                    HasSubstr("a number a decimal point")));
  EXPECT_THAT(message("label,x,y,start\na,1,2,\"1,5\"\n"), AllOf(HasSubstr("'start'"), HasSubstr("decimal point")));
  data::ModalityEntry columns = entry("vector");
  columns.columns = {"x", "y"};
  expect_error(ErrorKind::data, {"expected 2 numbers, found 3", "decimal point"},
               [&] { data::make_modality_type(columns)->load(cell("0,5,1"), nullptr); });
  expect_error(ErrorKind::data, {"'5;1'", "decimal point"},
               [&] { data::make_modality_type(entry("vector"))->load(cell("0,5;1,5"), nullptr); });
}

constexpr const char* kText = R"({"modalities": [{"name": "t", "type": "text", "column": "t"}]})";

TEST_F(ForeignTable, LabelsThatLookAlike) {
  EXPECT_THAT(warnings(kText, "label,t\ncat,x\ncat ,x\ndog,x\n"),
              AllOf(HasSubstr("'cat' and 'cat ' differ in white space alone"), Not(HasSubstr("'dog'"))));
  EXPECT_THAT(warnings(kText, "label,t\nice cream,x\nice  cream,x\nice\u00A0cream,x\n"),
              AllOf(HasSubstr("'ice  cream' and 'ice cream' differ in white space"), HasSubstr("ice\\u00a0cream")));
  EXPECT_THAT(warnings(kText, "label,t\ncaf\u00E9,x\ncafe\u0301,x\n"),
              AllOf(HasSubstr("(cafe\\u0301)"), HasSubstr("(caf\\u00e9)"), HasSubstr("Unicode normal form alone")));
  EXPECT_THAT(warnings(kText, "label,t\n\u212B,x\n\u00C5,x\n"), HasSubstr("Unicode normal form alone"));
  EXPECT_THAT(warnings(kText, "label,t\ncat,x\nCat,x\n"), Not(HasSubstr("look alike")));
  EXPECT_THAT(warnings(R"({"classes": ["a", "a "], "modalities": [{"name": "t", "type": "text", "column": "t"}]})",
                       "label,t\na,x\na ,x\n"),
              HasSubstr("'a' and 'a ' differ in white space alone"));
}

TEST_F(ForeignTable, ALabelThatLooksLikeAClassIsToldSo) {
  folder_.write("dataset.json",
                R"({"classes": ["cat", "dog"], "modalities": [{"name": "t", "type": "text", "column": "t"}]})");
  folder_.write("metadata.csv", "label,t\ncat ,x\n");
  expect_error(ErrorKind::data, {"metadata.csv:2", "found 'cat '", "'cat' and 'cat ' look alike"},
               [&] { data::read_manifest(folder_.path(), 0); });
}

}  // namespace
}  // namespace pdmp

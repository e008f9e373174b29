#include "data/tables/csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pdmp/error.h"
#include "support/temporary_directory.h"

namespace pdmp::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string message_of(std::string_view text) {
  try {
    parse_csv(text, "m.csv");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::data);
    EXPECT_EQ(error.file(), "m.csv");
    EXPECT_THAT(error.what(), StartsWith("m.csv:" + std::to_string(error.line()) + ": "));
    return error.what();
  }
  return "nothing was thrown";
}

TEST(Csv, ReadsQuotesCommasAndNewlines) {
  const MetadataTable table = parse_csv("a,b\n\"x, y\",\"say \"\"hi\"\"\"\n\"two\nlines\",z\n", "m.csv");
  EXPECT_THAT(table.columns, ElementsAre("a", "b"));
  ASSERT_EQ(table.rows.size(), 2u);
  EXPECT_THAT(table.rows[0].fields, ElementsAre("x, y", "say \"hi\""));
  EXPECT_THAT(table.rows[1].fields, ElementsAre("two\nlines", "z"));
}

TEST(Csv, CountsLinesOverQuotedNewlinesAndEmptyLines) {
  const MetadataTable table = parse_csv("a,b\r\n\"1\r\n2\",x\r\n\r\ny,z", "m.csv");
  ASSERT_EQ(table.rows.size(), 2u);
  EXPECT_EQ(table.rows[0].line, 2);
  EXPECT_EQ(table.rows[1].line, 5);
  EXPECT_EQ(table.rows[0].fields[0], "1\r\n2");
  EXPECT_EQ(table.rows[1].fields[1], "z");
}

TEST(Csv, ByteOrderMarkIsNotPartOfTheFirstColumn) {
  EXPECT_THAT(parse_csv("\xEF\xBB\xBFid,label\r\n1,a\r\n", "m.csv").columns, ElementsAre("id", "label"));
}

TEST(Csv, EmptyFieldsAreKept) {
  EXPECT_THAT(parse_csv("a,b,c\n,,\n", "m.csv").rows.at(0).fields, ElementsAre("", "", ""));
}

TEST(Csv, ErrorsNameFileAndLine) {
  EXPECT_THAT(message_of("a,b\n1,2\n3,\"4\n5,6\n"), HasSubstr("m.csv:3: a quoted field begins here and never ends"));
  EXPECT_THAT(message_of("a,b\n1,2,3\n"), HasSubstr("m.csv:2: expected 2 fields as in the header, found 3"));
  EXPECT_THAT(message_of("a,b\n1\n"), HasSubstr("m.csv:2: expected 2 fields as in the header, found 1"));
  EXPECT_THAT(message_of("a,b,a\n"), HasSubstr("m.csv:1: column 'a' is there twice"));
  EXPECT_THAT(message_of("a\n5\" pipe\n"), HasSubstr("m.csv:2: a quote inside a field without quotes"));
  EXPECT_THAT(message_of("a\n\"x\"y\n"), HasSubstr("m.csv:2: expected a comma or the end of the line"));
  EXPECT_THAT(message_of(""), HasSubstr("m.csv:1: expected a header line"));
  EXPECT_THAT(message_of("\xFF\xFE"
                         "a"),
              HasSubstr("m.csv:1: expected UTF-8, found UTF-16"));
  EXPECT_THAT(message_of("a\nb\nc\xE9\n"), HasSubstr("m.csv:3: expected UTF-8, found byte 0xe9"));
}

TEST(Csv, WritesWhatItReads) {
  const std::vector<std::string> fields = {"plain", "a,b", "say \"hi\"", "two\nlines", ""};
  EXPECT_EQ(csv_record(fields), "plain,\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\",\n");
  EXPECT_EQ(parse_csv("a,b,c,d,e\n" + csv_record(fields), "m.csv").rows.at(0).fields, fields);
  EXPECT_EQ(parse_csv("a\n" + csv_record({""}), "m.csv").rows.size(), 1u);
}

// Files are read in blocks, whose ends fall anywhere: within quotes, between CR and LF, within a character.
TEST(Csv, FilesAreReadAsTheirTextIs) {
  const testing::TemporaryDirectory directory;
  for (const char* end : {"\n", "\r\n", "\r"}) {
    std::string text = std::string("id,text") + end;
    for (int i = 0; i < 20000; ++i) {
      text += std::to_string(i) + ",\"caf\u00E9, \"\"" + std::string(static_cast<size_t>(i % 7), '\n') + "\"" + end;
    }
    const MetadataTable expected = parse_csv(text, "m.csv"), found = read_csv(directory.write("m.csv", text));
    ASSERT_EQ(expected.rows.size(), 20000u);
    ASSERT_EQ(found.rows.size(), 20000u);
    for (size_t i = 0; i < found.rows.size(); ++i) {
      ASSERT_EQ(found.rows[i].line, expected.rows[i].line) << i;
      ASSERT_EQ(found.rows[i].fields, expected.rows[i].fields) << i;
    }
  }
}

TEST(Csv, FaultsInLaterBlocksNameTheirLine) {
  const testing::TemporaryDirectory directory;
  std::string text = "a,b\n";
  for (int i = 0; i < 30000; ++i) text += "1,2\n";
  const auto message = [&](const std::string& more) -> std::string {
    try {
      read_csv(directory.write("m.csv", text + more));
    } catch (const Error& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_THAT(message("1\n"), HasSubstr("m.csv:30002: expected 2 fields"));
  EXPECT_THAT(message("1,\xFF\n"), HasSubstr("m.csv:30002: expected UTF-8"));
  EXPECT_THAT(message("1,\"2\n"), HasSubstr("m.csv:30002: a quoted field begins here"));
  EXPECT_THAT(message("1,2\"\n" + text), HasSubstr("m.csv:30002: a quote inside a field"));
}

}  // namespace
}  // namespace pdmp::data

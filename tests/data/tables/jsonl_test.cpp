#include "data/tables/jsonl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pdmp/error.h"

namespace pdmp::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string message_of(std::string_view text) {
  try {
    parse_jsonl(text, "m.jsonl");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::data);
    EXPECT_EQ(error.file(), "m.jsonl");
    EXPECT_THAT(error.what(), StartsWith("m.jsonl:" + std::to_string(error.line()) + ": "));
    return error.what();
  }
  return "nothing was thrown";
}

TEST(Jsonl, KeysBecomeColumnsInOrderOfAppearance) {
  const MetadataTable table = parse_jsonl(
      "{\"label\": \"b\", \"a\": 1.5}\n\n{\"a\": null, \"files\": [\"x.png\", \"y.png\"], \"v\": [1, 2.5], \"label\": "
      "3}",
      "m.jsonl");
  EXPECT_THAT(table.columns, ElementsAre("label", "a", "files", "v"));
  ASSERT_EQ(table.rows.size(), 2u);
  EXPECT_THAT(table.rows[0].fields, ElementsAre("b", "1.5", "", ""));
  EXPECT_THAT(table.rows[1].fields, ElementsAre("3", "", "x.png;y.png", "1,2.5"));
  EXPECT_EQ(table.rows[1].line, 3);
}

TEST(Jsonl, ErrorsNameFileAndLine) {
  EXPECT_THAT(message_of("{\"a\": 1}\n{\"a\": \n"), HasSubstr("m.jsonl:2: expected a JSON object"));
  EXPECT_THAT(message_of("[1]\n"), HasSubstr("m.jsonl:1: expected a JSON object, found array"));
  EXPECT_THAT(message_of("{\"a\": {\"b\": 1}}\n"), HasSubstr("m.jsonl:1: 'a': expected text, a number or a list"));
}

}  // namespace
}  // namespace pdmp::data

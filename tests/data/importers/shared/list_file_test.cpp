#include "data/importers/shared/list_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/expect_error.h"
#include "support/temporary_directory.h"

namespace pdmp::data {
namespace {

using ::testing::ElementsAre;
using testing::expect_error;
using testing::TemporaryDirectory;

TEST(ListFile, TrapByteOrderMarkAndCrlfAreGone) {
  const TemporaryDirectory folder;
  const ListFile list = read_list(folder.write("a.csv", "\xEF\xBB\xBFNEU,1\r\n\r\nHAP,2"));
  ASSERT_EQ(list.lines.size(), 2u);
  EXPECT_EQ(list.lines[0].text, "NEU,1");
  EXPECT_EQ(list.lines[1].text, "HAP,2");
  EXPECT_EQ(list.lines[1].number, 3);
}

TEST(ListFile, PointersEmptyFilesAndOtherEncodingsAreRefused) {
  const TemporaryDirectory folder;
  const auto pointer = folder.write("p.csv", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n");
  expect_error(ErrorKind::data, {"p.csv", "Git LFS pointer", "git lfs pull"}, [&] { read_list(pointer); });
  const auto empty = folder.write("e.csv", "\r\n");
  expect_error(ErrorKind::data, {"e.csv", "empty"}, [&] { read_list(empty); });
  const auto latin = folder.write("l.csv", "a\nb\xE9\n");
  expect_error(ErrorKind::data, {"l.csv:2", "UTF-8", "0xe9"}, [&] { read_list(latin); });
  expect_error(ErrorKind::io, {"train.csv or all.csv", "`lists`", folder.path().string()}, [&] {
    require_list({folder.path()}, {"train.csv", "all.csv"});
  });
}

TEST(ListFile, QuotedFieldsHoldSeparatorsAndQuotes) {
  EXPECT_THAT(*split_fields("a,\"b, c\",\"say \"\"d\"\"\",", ','), ElementsAre("a", "b, c", "say \"d\"", ""));
  EXPECT_THAT(*split_fields("Male speech, man speaking&-id&good", '&'),
              ElementsAre("Male speech, man speaking", "-id", "good"));
  EXPECT_FALSE(split_fields("a,\"b", ','));
}

TEST(ListFile, NamesLeadOutOfNoFolder) {
  EXPECT_TRUE(is_plain_name("--4-0ihtnBU_000058"));
  for (const char* name : {"", "..", "a/b", "a\\b", "../x"}) EXPECT_FALSE(is_plain_name(name)) << name;
  EXPECT_EQ(whole_number("000058"), 58);
  for (const char* text : {"", "-1", "5s", "StartTime"}) EXPECT_FALSE(whole_number(text)) << text;
}

}  // namespace
}  // namespace pdmp::data

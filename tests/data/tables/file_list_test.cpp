#include "data/tables/file_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pdmp::data {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(SplitFileList, CutsAtSemicolonsWithoutBackslash) {
  EXPECT_THAT(split_file_list("a.png;b.png"), ElementsAre("a.png", "b.png"));
  EXPECT_THAT(split_file_list("a\\;b"), ElementsAre("a;b"));
  EXPECT_THAT(split_file_list("a\\\\;b"), ElementsAre("a\\", "b"));
  EXPECT_THAT(split_file_list("a\\\\\\;b"), ElementsAre("a\\;b"));
  EXPECT_THAT(split_file_list("a\\b\\\\c"), ElementsAre("a\\b\\\\c"));
  EXPECT_THAT(split_file_list("a\\"), ElementsAre("a\\"));
  EXPECT_THAT(split_file_list(";;a;;b;"), ElementsAre("a", "b"));
  EXPECT_THAT(split_file_list(""), IsEmpty());
}

TEST(JoinFileList, IsReadBackAsItWas) {
  const std::vector<std::string> parts = {"a", ";", "\\", "b;", "\\;"};
  std::vector<std::string> names;
  for (const std::string& x : parts) {
    for (const std::string& y : parts) {
      for (const std::string& z : parts) names.push_back(x + y + z);
    }
  }
  EXPECT_EQ(split_file_list(join_file_list(names)), names);
  for (const std::string& name : names) {
    EXPECT_THAT(split_file_list(join_file_list({name})), ElementsAre(name));
    EXPECT_THAT(split_file_list(escaped_file(name)), ElementsAre(name));
    EXPECT_EQ(unescaped_file(escaped_file(name)), name);
    EXPECT_THAT(split_file_list(join_file_list({name, "x"})), ElementsAre(name, "x"));
  }
  EXPECT_EQ(join_file_list({"a;1.png", "b.png"}), "a\\;1.png;b.png");
}

TEST(UnescapedFile, TakesASemicolonAsItIs) { EXPECT_EQ(unescaped_file("a;b\\;c\\d"), "a;b;c\\d"); }

}  // namespace
}  // namespace pdmp::data

#include "base/text_table.h"

#include <gtest/gtest.h>

namespace pdmp {
namespace {

TEST(TextTable, AlignsColumnsLeftOrRight) {
  EXPECT_EQ(text_table({{"name", "n", "x"}, {"a", "100", "1"}}, true), "name    n  x\na     100  1\n");
  EXPECT_EQ(text_table({{"name", "n", "x"}, {"a", "100", "1"}}, false), "name  n    x\na     100  1\n");
}

TEST(TextTable, CountsCharactersNotBytes) {
  EXPECT_EQ(text_table({{"", "0.5 ± 0.1"}, {"a", "0.25 +- 0.1"}}, true), "     0.5 ± 0.1\na  0.25 +- 0.1\n");
}

TEST(TextTable, RowsMayBeShorterAndLinesEndWithoutSpaces) {
  EXPECT_EQ(text_table({{"a"}, {"b", "c"}, {"long", ""}}, false), "a\nb     c\nlong\n");
  EXPECT_EQ(text_table({}, false), "");
}

TEST(TextTable, NumbersInGroupsOfThree) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(-999), "-999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(11176512), "11,176,512");
  EXPECT_EQ(grouped(-3627122688), "-3,627,122,688");
}

}  // namespace
}  // namespace pdmp

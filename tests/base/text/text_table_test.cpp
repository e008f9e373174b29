#include "base/text/text_table.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <sstream>

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

TEST(TextTable, WideCharactersTakeTwoColumns) {
  EXPECT_EQ(display_width(""), 0u);
  EXPECT_EQ(display_width("0.5 ± 0.1"), 9u);
  EXPECT_EQ(display_width("≈⇓="), 3u);
  EXPECT_EQ(display_width("画像"), 4u);
  EXPECT_EQ(text_table({{"画像", "1"}, {"image", "2"}}, true), "画像   1\nimage  2\n");
}

// The longest line of a text, in columns.
size_t widest(const std::string& text) {
  std::istringstream lines(text);
  std::string line;
  size_t most = 0;
  while (std::getline(lines, line)) most = std::max(most, display_width(line));
  return most;
}

TEST(FittedTable, IsOneTableWhereItFitsOrHasNoLimit) {
  const TableRows rows = {{"", "first", "second"}, {"a", "1", "2"}};
  EXPECT_EQ(fitted_table(rows, {1}, 0), text_table(rows, true));
  EXPECT_EQ(fitted_table(rows, {1}, 30), text_table(rows, true));
}

TEST(FittedTable, GoesOnBelowGroupByGroup) {
  const TableRows rows = {
      {"", "one first", "one second", "two first", "two second"}, {"row", "1", "2", "3", "4"}, {"only one", "5", "6"}};
  // 8 + 2 + 9 + 2 + 10 = 31 columns for the first group; the second begins a table of its own, without the row that
  // has nothing in it.
  EXPECT_EQ(fitted_table(rows, {1, 3}, 44),
            "          one first  one second\n"
            "row               1           2\n"
            "only one          5           6\n"
            "\n"
            "     two first  two second\n"
            "row          3           4\n");
}

TEST(FittedTable, SplitsAGroupThatFitsIntoNoTable) {
  const TableRows rows = {{"", "0123456789", "abcdefghij", "ABCDEFGHIJ"}, {"row", "1", "2", "3"}};
  EXPECT_EQ(fitted_table(rows, {1}, 30),
            "     0123456789  abcdefghij\n"
            "row           1           2\n"
            "\n"
            "     ABCDEFGHIJ\n"
            "row           3\n");
}

TEST(FittedTable, LongNamesGoOnInTheNextLineAndAreNotLost) {
  const std::string name = "pdmp:coefficients=[audio=15,lips=15]";
  const TableRows rows = {{"", "accuracy"}, {name, "0.5"}, {"joint", "0.75"}};
  EXPECT_EQ(fitted_table(rows, {1}, 30),
            "                 accuracy\n"
            "pdmp:                 0.5\n"
            "  coefficients=\n"
            "  [audio=15,\n"
            "  lips=15]\n"
            "joint                0.75\n");
}

TEST(FittedTable, NoLineIsWider) {
  const TableRows rows = {{"", std::string(50, 'h') + " 画像画像画像画像", "b"},
                          {std::string(90, 'n'), "0.5 ± 0.1", std::string(45, 'v')}};
  for (const int64_t width : {30, 44, 60, 80}) EXPECT_LE(widest(fitted_table(rows, {1}, width)), width) << width;
}

TEST(WrappedText, BreaksAtBlanksAndKeepsPathsWhole) {
  EXPECT_EQ(wrapped_text("one two", 0), "one two\n");
  EXPECT_EQ(wrapped_text("one two", 7), "one two\n");
  EXPECT_EQ(wrapped_text("one two three", 7), "one two\n  three\n");
  EXPECT_EQ(wrapped_text("data /a/long/path here", 8), "data\n  /a/long/path\n  here\n");
}

TEST(TextTable, NamesAreBoundedAndPrintable) {
  EXPECT_EQ(fitted_name("tap", 3), "tap");
  EXPECT_EQ(fitted_name("taps", 3), "ta~");
  EXPECT_EQ(fitted_name("äöüä", 4), "äöüä");
  EXPECT_EQ(fitted_name("äöüäö", 4), "äöü~");
  EXPECT_EQ(fitted_name("\x1b[2J", 16), "\\u001b[2J");
  EXPECT_EQ(fitted_name("\x1b[2J", 4), "\\u0~");
  EXPECT_EQ(fitted_name(std::string(1000, 'a'), 5), "aaaa~");
  EXPECT_EQ(display_width("äö~"), 3u);
}

TEST(TextTable, NumbersInGroupsOfThree) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(-999), "-999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(11176512), "11,176,512");
  EXPECT_EQ(grouped(-3627122688), "-3,627,122,688");
}

TEST(Columns, WideAndCombiningCharacters) {
  EXPECT_EQ(display_width("abc"), 3u);
  EXPECT_EQ(display_width("\xC3\xA9"), 1u);
  EXPECT_EQ(display_width("e\xCC\x81"), 1u);         // e and a combining accent
  EXPECT_EQ(display_width("\xE7\x94\xBB"), 2u);      // U+753B
  EXPECT_EQ(display_width("\xF0\x9F\x98\x80"), 2u);  // an emoji
  EXPECT_EQ(display_width("\xFF"), 1u);
  EXPECT_EQ(cut_to_width("\xE7\x94\xBBxy", 3), "\xE7\x94\xBBx");
  EXPECT_EQ(cut_to_width("\xE7\x94\xBBxy", 1), "");
  EXPECT_EQ(cut_to_width("ab", 5), "ab");
}

TEST(Wrapped, LinesAreNoLongerThanAsked) {
  EXPECT_EQ(wrapped("one two three", 7), "one two\nthree");
  EXPECT_EQ(wrapped("one  two", 20), "one two");
  EXPECT_EQ(wrapped("a unbreakable b", 4), "a\nunbreakable\nb");
  EXPECT_EQ(wrapped("\xCE\xB3\xCE\xB3\xCE\xB3 x", 5), "\xCE\xB3\xCE\xB3\xCE\xB3 x");  // characters, not bytes
  EXPECT_EQ(wrapped("", 5), "");
}

}  // namespace
}  // namespace pdmp

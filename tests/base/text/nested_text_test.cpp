#include "base/text/nested_text.h"

#include <gtest/gtest.h>

#include "support/expect_error.h"

namespace pdmp {
namespace {

using Items = std::vector<std::string>;

TEST(NestedText, CommasWithinBracketsSeparateNothing) {
  EXPECT_EQ(split_nested("pdmp:coefficients=[audio=15,lips=15],joint:lr=.015", ','),
            (Items{"pdmp:coefficients=[audio=15,lips=15]", "joint:lr=.015"}));
  EXPECT_EQ(split_nested("pdmp:coefficients=[a:b=15,lips=15]:lr=1", ':'),
            (Items{"pdmp", "coefficients=[a:b=15,lips=15]", "lr=1"}));
  EXPECT_EQ(split_nested("a=[b=[1,2],c],d", ','), (Items{"a=[b=[1,2],c]", "d"}));
  EXPECT_EQ(split_nested("a='x,y',b=\"z,'\",c", ','), (Items{"a='x,y'", "b=\"z,'\"", "c"}));
  EXPECT_EQ(split_nested("a, [b,c]", ','), (Items{"a", " [b,c]"}));
  EXPECT_EQ(split_nested("", ','), Items{""});
  EXPECT_EQ(split_nested("a,,b", ','), (Items{"a", "", "b"}));
}

TEST(NestedText, WithinAWordBracketsAndQuotesAreCharacters) {
  EXPECT_EQ(split_nested("o'brien,/data/[2024]/x,a[1", ','), (Items{"o'brien", "/data/[2024]/x", "a[1"}));
  EXPECT_EQ(split_nested("a=[x[1],b=2],c", ','), (Items{"a=[x[1],b=2]", "c"}));
  EXPECT_EQ(nesting_problem("o'brien,a[1"), "");
}

TEST(NestedText, ProblemsHaveAPosition) {
  EXPECT_EQ(nesting_problem("pdmp:coefficients=[audio=15"), "the [ at character 19 is not closed");
  EXPECT_EQ(nesting_problem("a=[b=[1,2]"), "the [ at character 3 is not closed");
  EXPECT_EQ(nesting_problem("audio=15,lips=15],joint"), "the ] at character 17 closes nothing");
  EXPECT_EQ(nesting_problem("a='x,y"), "the ' at character 3 is not closed");
  EXPECT_EQ(nesting_problem("a=['x]"), "the ' at character 4 is not closed");
  testing::expect_error(ErrorKind::usage, {"--methods: ", "'a=[1'", "the [ at character 3 is not closed"},
                        [] { expect_nested("a=[1", "--methods"); });
}

TEST(NestedText, EnclosuresComeOff) {
  EXPECT_EQ(without_enclosure("[a=1,b=2]"), "a=1,b=2");
  EXPECT_EQ(without_enclosure("'a]b'"), "a]b");
  EXPECT_EQ(without_enclosure("[[a],[b]]"), "[a],[b]");
  for (const char* text : {"[a],[b]", "[a]b", "a[b]", "", "[", "'", "[a"}) EXPECT_EQ(without_enclosure(text), text);
}

TEST(NestedText, EnclosedTextsReadBack) {
  EXPECT_EQ(enclosed_where_needed("/a/b.safetensors", ":,"), "/a/b.safetensors");
  EXPECT_EQ(enclosed_where_needed("/a:b,c", ":,"), "[/a:b,c]");
  EXPECT_EQ(enclosed_where_needed("a],b", ":,"), "\"a],b\"");
  EXPECT_EQ(enclosed_where_needed("[a]", ":,"), "[[a]]");
  EXPECT_EQ(enclosed_where_needed("a],\"b", ":,"), "'a],\"b'");
  EXPECT_EQ(enclosed_where_needed("a],\"'b", ":,"), std::nullopt);
  for (const char* text : {"/a:b,c", "a],b", "[a]", "x"}) {
    EXPECT_EQ(without_enclosure(*enclosed_where_needed(text, ":,")), text);
  }
}

}  // namespace
}  // namespace pdmp

#include "base/toml.h"

#include <gtest/gtest.h>

#include "support/expect_error.h"

namespace pdmp {
namespace {

using testing::expect_error;

// "key=text@line" of every entry.
std::vector<std::string> entries(std::string_view content) {
  std::vector<std::string> result;
  for (const TomlEntry& entry : parse_toml(content, "f.toml")) {
    result.push_back(entry.key + "=" + entry.text + "@" + std::to_string(entry.line));
  }
  return result;
}

using Entries = std::vector<std::string>;

TEST(Toml, KeysSectionsAndComments) {
  EXPECT_EQ(entries("# head\nepochs = 5 # tail\r\n\n[pdmp]\n  gamma=1e1\n[a.b]\n\"c d\" = true\ne.f = -0.5"),
            (Entries{"epochs=5@2", "pdmp.gamma=1e1@5", "a.b.c d=true@7", "a.b.e.f=-0.5@8"}));
  EXPECT_EQ(entries(""), Entries());
  EXPECT_EQ(entries("\n# only this"), Entries());
  EXPECT_EQ(entries("\xEF\xBB\xBF"
                    "a = 1"),
            Entries{"a=1@1"});
}

TEST(Toml, Strings) {
  EXPECT_EQ(entries(R"(a = "x # y, [z] = \"q\" \\ \t")"), Entries{"a=x # y, [z] = \"q\" \\ \t@1"});
  EXPECT_EQ(entries(R"(a = 'C:\new "x"')"), Entries{R"(a=C:\new "x"@1)"});
  EXPECT_EQ(entries(R"(a = "\u00e9\U0001F600")"), Entries{"a=\xC3\xA9\xF0\x9F\x98\x80@1"});
  EXPECT_EQ(entries("a = \"\"\nb = ''"), (Entries{"a=@1", "b=@2"}));
}

TEST(Toml, NumbersMayHaveUnderscores) {
  EXPECT_EQ(entries("a = 1_000_000\nb = inf"), (Entries{"a=1000000@1", "b=inf@2"}));
}

TEST(Toml, ArraysOverSeveralLines) {
  EXPECT_EQ(entries("a = [1, 2.5,\n # comment\n 3, ]\nb = [\"x\", 'y']\nc = []"),
            (Entries{"a=1,2.5,3@1", "b=x,y@4", "c=@5"}));
}

TEST(Toml, ErrorsNameTheLineAndWhatStoodThere) {
  const auto expect_fault = [](const char* content, const std::vector<std::string>& words) {
    SCOPED_TRACE(content);
    expect_error(ErrorKind::data, words, [&] { parse_toml(content, "f.toml"); });
  };
  expect_fault("a = 1\nresume\n", {"f.toml:2: expected '=' after the key, found the end of the line"});
  expect_fault("a = sgd", {"f.toml:1:", "write \"sgd\""});
  expect_fault("a = \"open\nb = 1", {"f.toml:1: expected a closing quote"});
  expect_fault("a = 1 2", {"f.toml:1: expected the end of the line, found '2'"});
  expect_fault("a = 1\n\na = 2", {"f.toml:3: 'a' is set twice"});
  expect_fault("[a]\nb = 1\n[a]\nb = 1", {"f.toml:4: 'a.b' is set twice"});
  expect_fault("a = [1, 2", {"f.toml:1: expected ',' or ']'"});
  expect_fault("a = [1\n\n, 2 3]", {"f.toml:3: expected ',' or ']' in the array, found '3]'"});
  expect_fault("a = ['x,y']", {"f.toml:1: expected items without commas"});
  expect_fault("a = \"\\q\"", {"f.toml:1: expected an escape"});
  expect_fault("a = \"\\ud800\"", {"f.toml:1: expected a Unicode character"});
  expect_fault("a = \"\"\"x\"\"\"", {"f.toml:1: expected a string on one line"});
  expect_fault("a = {b = 1}", {"f.toml:1: expected a string in quotes, a number", "'{b = 1}'"});
  expect_fault("[[a]]", {"f.toml:1: expected a [section]"});
  expect_fault("[a\nb = 1", {"f.toml:1: expected ']'"});
  expect_fault("= 1", {"f.toml:1: expected a key, found '= 1'"});
}

TEST(Toml, WrittenStringsReadBack) {
  std::string every;
  for (int c = 1; c < 256; ++c) every += static_cast<char>(c);
  EXPECT_EQ(parse_toml("a = " + toml_string(every), "f.toml").at(0).text, every);
}

}  // namespace
}  // namespace pdmp

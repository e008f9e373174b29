#include "base/text/toml.h"

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

TEST(Toml, SectionsMayMeetOtherKeysAndThemselves) {
  EXPECT_EQ(entries("a = \"x\"\n[a.b]\nc = 1\n [a.b] # again\nd = [\n1, # [e]\n\"[f]\"\n]\n[g]\nh = 2"),
            (Entries{"a=x@1", "a.b.c=1@3", "a.b.d=1,[f]@5", "g.h=2@10"}));
}

TEST(Toml, Strings) {
  EXPECT_EQ(entries(R"(a = "x # y, [z] = \"q\" \\ \t")"), Entries{"a=x # y, [z] = \"q\" \\ \t@1"});
  EXPECT_EQ(entries(R"(a = 'C:\new "x"')"), Entries{R"(a=C:\new "x"@1)"});
  EXPECT_EQ(entries(R"(a = "\u00e9\U0001F600")"), Entries{"a=\xC3\xA9\xF0\x9F\x98\x80@1"});
  EXPECT_EQ(entries("a = \"\"\nb = ''"), (Entries{"a=@1", "b=@2"}));
  EXPECT_EQ(entries("\"\u00E9\" = 'x' # \u00E9\n\"k\xFF\" = \"\xFE\" # \xFD"), (Entries{"\u00E9=x@1", "k\xFF=\xFE@2"}));
}

TEST(Toml, NumbersMayHaveUnderscores) {
  EXPECT_EQ(entries("a = 1_000_000\nb = inf"), (Entries{"a=1000000@1", "b=inf@2"}));
  EXPECT_EQ(entries("a = 5.0\nb = [1e-3, -1_0.5]\nc = +5"), (Entries{"a=5.0@1", "b=0.001,-10.5@2", "c=5@3"}));
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
  expect_fault("a = 1\nresume\n", {"f.toml:2: expected TOML, found 'resume'", "expected '='"});
  expect_fault("a = sgd", {"f.toml:1: expected a string in quotes", "found 'sgd'", "write \"sgd\""});
  expect_fault("a = \"open\nb = 1", {"f.toml:1: expected a closing quote"});
  expect_fault("a = 1 2", {"f.toml:1: expected TOML, found 'a = 1 2'", "saw '2'"});
  expect_fault("a = 1\n\na = 2", {"f.toml:3: 'a' is set twice"});
  expect_fault("[a]\nb = 1\nb = 1", {"f.toml:3: 'b' is set twice"});
  expect_fault("[a]\nb = 1\n[a]\nb = 1", {"f.toml:4: 'a.b' is set twice"});
  expect_fault("[a]\nb = 1\n\n[c]\nd = sgd", {"f.toml:5: expected a string in quotes", "found 'sgd'"});
  expect_fault("[a]\nb = 1\n[c]\nd = ['x',\n'y,z']", {"f.toml:5: expected items without commas"});
  expect_fault("a = [1, 2", {"f.toml:1: expected TOML", "array"});
  expect_fault("a = [1\n\n, 2 3]",
               {"f.toml:3: expected TOML, found ', 2 3]'", "expected comma or closing ']', saw '3'"});
  expect_fault("a = ['x',\n'y,z']", {"f.toml:2: expected items without commas but within brackets, found 'y,z'"});
  expect_fault("a = \"\\q\"", {"f.toml:1: expected TOML", "unknown escape sequence '\\q'"});
  expect_fault("a = \"\\ud800\"", {"f.toml:1: expected TOML", "surrogates"});
  expect_fault("a = \"\"\"x\"\"\"", {"f.toml:1: expected a string on one line", "found '\"\"\"x\"\"\"'"});
  expect_fault("b = 1\na = {b = 1}", {"f.toml:2: expected a string in quotes, a number", "'{b = 1}'"});
  expect_fault("a = 2020-01-01", {"f.toml:1: expected a string in quotes, a number", "'2020-01-01'"});
  expect_fault("a = [[1], [2]]", {"f.toml:1: expected a string in quotes, a number", "'[1]'"});
  expect_fault("[[a]]", {"f.toml:1: expected a [section]"});
  expect_fault("[[a]]\nb = 1", {"f.toml:1: expected a [section]"});
  expect_fault("[a\nb = 1", {"f.toml:1: expected TOML", "expected ']'"});
  expect_fault("= 1", {"f.toml:1: expected TOML, found '= 1'"});
  expect_fault("a = 1\n[\nb = 1", {"f.toml:2: expected the name of a section"});
  expect_fault("[ = 1]", {"f.toml:1: expected the name of a section"});
  expect_fault("[[", {"f.toml:1: expected the name of a section"});
  expect_fault("[]", {"f.toml:1: expected TOML"});
  expect_fault("[a.]", {"f.toml:1: expected TOML"});
  expect_fault("a = '''x[\n'''\n[\n", {"f.toml:1: expected a string on one line"});
  expect_fault("a = 1\n\u00E9 = 1", {"f.toml:2: expected text in quotes, found '\u00E9 = 1'"});
  expect_fault("[[\x98]]", {"f.toml:1: expected the name of a section"});
  expect_fault("a = 1\n[b]\nc = [1, }", {"f.toml:2: expected TOML, found a key or a value that is none"});
  expect_fault("b = 1\na = 0\"\u048D", {"f.toml:2: expected no quote within a key or a value"});
  expect_fault("a = 15.'\u048D'", {"f.toml:1: expected no quote within"});
  expect_fault("a = 0e['\u048D'", {"f.toml:1: expected TOML, found a bracket within a value"});
  expect_fault("a = 'x' 'y'", {"f.toml:1: expected no quote within"});
  expect_fault("[a\x98]", {"f.toml:1: expected text in quotes"});
  expect_fault("a = \u00E9", {"f.toml:1: expected text in quotes"});
  expect_fault("a = 18446744073709551615", {"f.toml:1: expected TOML", "64 bits"});
}

TEST(Toml, WorkIsBounded) {
  const auto expect_fault = [](const std::string& content, const std::vector<std::string>& words) {
    expect_error(ErrorKind::data, words, [&] { parse_toml(content, "f.toml"); });
  };
  expect_fault("a = \"" + std::string(kMostTomlBytes, 'x') + "\"", {"f.toml: expected at most 1024 KiB"});
  std::string dotted = "a";
  for (int i = 0; i < 100000; ++i) dotted += ".a";
  expect_fault("b = 1\n" + dotted + " = 1", {"f.toml:2: expected keys of at most 32 parts"});
  expect_fault("[" + dotted + "]", {"f.toml:1: expected keys of at most 32 parts"});
  expect_fault("a = " + std::string(100000, '['), {"f.toml:1: expected TOML"});
  std::string inner = "a = ";
  for (int i = 0; i < 100000; ++i) inner += "{a = ";
  expect_fault(inner, {"f.toml:1: expected TOML"});
  std::string numbers = "a = [0.5";
  for (int i = 0; i < 1000; ++i) numbers += ", 0.5";
  EXPECT_EQ(parse_toml(numbers + "]", "f.toml").size(), 1u);  // dots of numbers are none of keys
  EXPECT_EQ(parse_toml("a = \"" + std::string(1000, '.') + "\" # " + std::string(1000, '.'), "f.toml").size(), 1u);
}

TEST(Toml, WrittenStringsReadBack) {
  std::string every;
  for (int c = 1; c < 256; ++c) every += static_cast<char>(c);
  EXPECT_EQ(parse_toml("a = " + toml_string(every), "f.toml").at(0).text, every);
  EXPECT_EQ(toml_string("\"\\\n\x1B\u009B\u202E\u00E9\xFF"), R"("\"\\\n\u001b\u009b\u202e)"
                                                             "\u00E9\xFF\"");
}

}  // namespace
}  // namespace pdmp

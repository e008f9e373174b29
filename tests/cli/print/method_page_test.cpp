#include "cli/print/method_page.h"

#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>

#include "pdmp/method.h"

namespace pdmp::cli {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string& page() {
  static const std::string text = method_page();
  return text;
}

// The part of the page under "## name".
std::string section(const std::string& name) {
  const size_t start = page().find("\n## " + name + "\n");
  if (start == std::string::npos) return "";
  return page().substr(start, page().find("\n## ", start + 1) - start);
}

TEST(MethodPage, IsTheOneInTheDocumentationAsFarAsItIsNotMeasured) {
  std::ifstream file(PDMP_GOLDEN_DIR "/../../docs/methods.md");
  std::ostringstream text;
  text << file.rdbuf();
  const std::string kept = text.str(), mark = std::string(kMeasuredBelow) + "\n";
  const size_t end = kept.find(mark);
  ASSERT_NE(end, std::string::npos) << "docs/methods.md has no line " << kMeasuredBelow;
  EXPECT_EQ(kept.substr(0, end + mark.size()), page())
      << "docs/methods.md is behind the table; put what `build/release/pdmp list methods --markdown` prints in the "
         "place of its lines up to "
      << kMeasuredBelow;
}

TEST(MethodPage, EndsWhereMeasurementsBegin) {
  EXPECT_THAT(page(), EndsWith("\n" + std::string(kMeasuredBelow) + "\n"));
  EXPECT_EQ(page().find(kMeasuredBelow), page().rfind(kMeasuredBelow));
  EXPECT_THAT(page(), Not(HasSubstr("## Measured")));
}

TEST(MethodPage, HasEveryMethodWithItsTextsAndOptions) {
  for (const MethodInfo& row : method_table()) {
    const std::string text = section(row.name);
    for (const std::string part : {row.summary, row.description, row.formula, row.source, row.cost}) {
      EXPECT_STRNE(part.c_str(), "") << row.name;
      EXPECT_THAT(text, HasSubstr(part)) << row.name;
    }
    EXPECT_THAT(text, HasSubstr(row.release)) << row.name;
    EXPECT_GE(row.step_factor, 0.5) << row.name;
    OptionList list;
    const auto options = row.make_options();
    options->describe(list);
    for (const auto& option : list.all()) {
      EXPECT_THAT(text, HasSubstr("| `" + option->name() + "` | ")) << row.name;
      EXPECT_THAT(text, HasSubstr(option->help().substr(0, option->help().find('|')))) << row.name;
    }
  }
}

// methods-modulation 13, 14.
TEST(MethodPage, TellsFormulaCostAndRangesOfSearch) {
  EXPECT_THAT(section("joint"), HasSubstr("\n```\nL = CE(f)\n```\n"));
  EXPECT_THAT(section("joint"), HasSubstr("* cost: a step takes 1 times `joint`'s. "));
  EXPECT_THAT(section("joint"), Not(HasSubstr("* release:")));
  EXPECT_THAT(section("joint"), EndsWith("\nNo options.\n"));
  EXPECT_THAT(section("mmpareto"), HasSubstr("* cost: a step takes 1.67 times `joint`'s. "));
  EXPECT_THAT(section("mmpareto"), HasSubstr("| `gamma` | `1.5` | in (0, inf) | 1 to 2 | "));
  EXPECT_THAT(section("pdmp"), HasSubstr("| `gamma` | `15` | in [1, inf) | 5 to 25 | "));
  EXPECT_THAT(section("ogm"), HasSubstr("* release: "));
}

}  // namespace
}  // namespace pdmp::cli

#include "cli/print/model_page.h"

#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>

#include "pdmp/model.h"

namespace pdmp::cli {
namespace {

using ::testing::HasSubstr;

const std::string& page() {
  static const std::string text = model_page();
  return text;
}

// The part of the page under "### name".
std::string section(const std::string& name) {
  const size_t start = page().find("### " + name + "\n");
  if (start == std::string::npos) return "";
  return page().substr(start, page().find("\n#", start + 1) - start);
}

TEST(ModelPage, IsTheOneInTheDocumentation) {
  std::ifstream file(PDMP_GOLDEN_DIR "/../../docs/models.md");
  std::ostringstream kept;
  kept << file.rdbuf();
  EXPECT_EQ(kept.str(), page()) << "docs/models.md is behind the tables; run from the root of the checkout:\n"
                                   "  build/release/pdmp list models --markdown > docs/models.md";
}

TEST(ModelPage, HasEveryEncoderAndFusionWithEveryOption) {
  const auto expect_options = [](const auto& row) {
    const auto options = row.make_options();
    OptionList list;
    options->describe(list);
    EXPECT_THAT(section(row.name), HasSubstr("* " + std::string(row.summary) + "\n"));
    for (const auto& option : list.all()) {
      EXPECT_THAT(section(row.name), HasSubstr("| `" + option->name() + "` | ")) << row.name;
      EXPECT_THAT(section(row.name), HasSubstr(option->help().substr(0, option->help().find('|')))) << row.name;
    }
  };
  for (const EncoderInfo& row : encoder_table()) expect_options(row);
  for (const FusionInfo& row : fusion_table()) expect_options(row);
}

// models.md 1.1, 2, 5.1, 6.2, 7.2.
TEST(ModelPage, CountsParametersAtTheReferenceSetting) {
  const int64_t two_resnets = 2 * 11176512;
  EXPECT_THAT(section("resnet18"),
              HasSubstr("parameters: 11,176,512 (image 3x224x224), 11,170,240 (audio 1x257x299)\n"));
  EXPECT_THAT(section("concat"), HasSubstr("of them 6,150 in the fusion; the encoders are `resnet18`"));
  EXPECT_THAT(section("sum"), HasSubstr("of them 6,156 in the fusion"));
  EXPECT_EQ(two_resnets + 528390, 22881414);
  EXPECT_THAT(section("film"), HasSubstr("parameters: 22,881,414, of them 528,390 in the fusion"));
  EXPECT_THAT(section("gated"), HasSubstr("of them 528,390 in the fusion"));
  EXPECT_THAT(section("film_bilinear"), HasSubstr("of them 134,221,318 in the fusion"));
  EXPECT_THAT(section("se_fusion"), HasSubstr("parameters: 12,179,350"));
  EXPECT_THAT(section("mmtm"), HasSubstr("parameters: 14,606,470"));
  EXPECT_THAT(section("mmformer"), HasSubstr("parameters: 18,763,626"));
}

TEST(ModelPage, SaysHowManyModalitiesAFusionTakes) {
  EXPECT_THAT(section("concat"), HasSubstr("* takes any number of modalities\n"));
  EXPECT_THAT(section("film_bilinear"), HasSubstr("* takes one or two modalities\n"));
}

TEST(ModelPage, WritesDefaultsAsASpecTakesThem) {
  EXPECT_THAT(section("mlp"), HasSubstr("| `hidden` | `64+64+32` | in [1, inf) |"));
  EXPECT_THAT(section("resnet18"), HasSubstr("| `stem` | `7x7` | one of 7x7, 3x3 |"));
}

}  // namespace
}  // namespace pdmp::cli

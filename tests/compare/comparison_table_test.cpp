// A comparison for a terminal and for a page.
#include <algorithm>
#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>

#include "base/text/text_table.h"
#include "compare/comparison.h"
#include "compare/example.h"

namespace pdmp::comparing {
namespace {

using ::testing::AllOf;
using testing::best;
using testing::example;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::reference;

// Everything between two empty lines.
std::vector<std::string> paragraphs(const std::string& text) {
  std::vector<std::string> result;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find("\n\n", at), text.size());
    result.push_back(text.substr(at, end - at) + "\n");
    at = end + 2;
  }
  return result;
}

// A comparison of models with `modalities` modalities, long names among its rows.
Comparison comparison_of(size_t modalities) {
  Comparison comparison = example();
  comparison.modalities.clear();
  const std::vector<std::string> names = {"picture", "sound", "depth_map", "accelerometer", "heart_rate", "caption"};
  for (size_t m = 0; m < modalities; ++m) comparison.modalities.push_back(names[m]);
  ComparisonRow control = reference();
  control.name = "pdmp:coefficients=[picture=15,sound=15,depth_map=15,accelerometer=15,heart_rate=15,caption=15]";
  control.controls = {
      {.of = "pdmp:gamma=5", .what = "every encoder × 5", .of_encoders = true, .gain = best().against_reference}};
  control.never_acted = "joint";
  comparison.rows.push_back(control);
  for (ComparisonRow& row : comparison.rows) {
    if (is_unimodal(row) || !row.refusal.empty()) continue;
    row.modalities = comparison.modalities;
    row.branch_accuracy.assign(modalities, {.4, .6});
    row.dependency.assign(modalities, {.25, .25});
  }
  return comparison;
}

TEST(ComparisonText, WithoutALimitHasOneTableOfScoresAndOneOfWhatIsInside) {
  const std::vector<std::string> parts = paragraphs(comparison_text(example()));
  ASSERT_EQ(parts.size(), 4u);
  EXPECT_EQ(
      parts[0],
      "               rank    test accuracy       macro-F1      difference to joint  Holm p  McNemar         vs "
      "picture alone  Holm p  McNemar\n"
      "picture alone     3  0.400 ± 0.000    0.500 ± 0.000                                                        "
      "best single\n"
      "joint             2  0.700 ± 0.000 ≈  0.500 ± 0.000                reference                   +0.300 "
      "[+0.200, +0.400]  0.0002      1/2\n"
      "pdmp:gamma=5      1  0.750 ± 0.071    0.500 ± 0.000  +0.050 [-0.013, +0.100]  0.0400      1/2  +0.350 "
      "[+0.250, +0.450]  0.0002      1/2\n"
      "mla  n/a: it has a fusion | of its own\n");
  EXPECT_EQ(parts[1],
            "The best single modality is picture alone (0.400 on test; the only one). It is beaten by joint by +0.300, "
            "pdmp:gamma=5 by +0.350.\n");
  EXPECT_EQ(parts[2],
            "               picture branch  picture share   sound branch  sound share            ECE   epoch  × joint  "
            " memory\n"
            "picture alone                                                             0.125 ± 0.000  3.00 s           "
            "1.50 GB\n"
            "joint           0.500 ± 0.141           75 %  0.300 ± 0.000         25 %  0.125 ± 0.000  3.00 s     1.00  "
            "1.50 GB\n"
            "pdmp:gamma=5    0.500 ± 0.141           75 %  0.300 ± 0.000         25 %  0.125 ± 0.000  3.00 s     1.25  "
            "1.50 GB\n");
}

TEST(ComparisonText, OfSixtyColumnsGoesOnInFurtherTables) {
  const std::vector<std::string> parts = paragraphs(comparison_text(example(), {.width = 60, .explain = false}));
  ASSERT_EQ(parts.size(), 8u);
  EXPECT_EQ(parts[0],
            "               rank    test accuracy       macro-F1\n"
            "picture alone     3  0.400 ± 0.000    0.500 ± 0.000\n"
            "joint             2  0.700 ± 0.000 ≈  0.500 ± 0.000\n"
            "pdmp:gamma=5      1  0.750 ± 0.071    0.500 ± 0.000\n");
  EXPECT_EQ(parts[1],
            "                  difference to joint  Holm p  McNemar\n"
            "joint                       reference\n"
            "pdmp:gamma=5  +0.050 [-0.013, +0.100]  0.0400      1/2\n");
  EXPECT_EQ(parts[2],
            "                      vs picture alone  Holm p  McNemar\n"
            "picture alone              best single\n"
            "joint          +0.300 [+0.200, +0.400]  0.0002      1/2\n"
            "pdmp:gamma=5   +0.350 [+0.250, +0.450]  0.0002      1/2\n"
            "mla  n/a: it has a fusion | of its own\n");
}

TEST(ComparisonText, FitsEveryWidthWithAnyNumberOfModalities) {
  for (const size_t modalities : {1, 2, 6}) {
    for (const int64_t width : {60, 80, 200}) {
      for (const bool explain : {false, true}) {
        std::istringstream lines(comparison_text(comparison_of(modalities), {.width = width, .explain = explain}));
        std::string line;
        while (std::getline(lines, line)) {
          if (line.find(' ', line.find_first_not_of(' ')) == std::string::npos) continue;  // one word, to be copied
          EXPECT_LE(display_width(line), static_cast<size_t>(width)) << modalities << " modalities: " << line;
        }
      }
    }
  }
}

TEST(ComparisonText, ShortensNoNameAndKeepsEveryModality) {
  const std::string text = comparison_text(comparison_of(6), {.width = 60, .explain = false});
  for (const char* part : {"accelerometer=15,", "heart_rate=15,", "caption=15]", "accelerometer branch",
                           "accelerometer share", "caption share"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
  const std::string name = comparison_of(6).rows.back().name;
  EXPECT_THAT(comparison_csv(comparison_of(6)), HasSubstr(name));
  EXPECT_THAT(comparison_markdown(comparison_of(6)), HasSubstr(name));
}

TEST(ComparisonText, SaysWhatWasComparedAndOnRequestWhatTheColumnsMean) {
  const std::string text = comparison_text(example(), {.width = 0, .explain = true});
  for (const char* words : {"data stamps: 6,000 training and 750 test samples, 4 classes; chance 0.250",
                            "frequent in training 0.300",
                            "2 seeds (0, 1)",
                            "best on validation",
                            "none were searched",
                            "note: mla trains on 90 % of train",
                            "\nrank: ",
                            "\ntest accuracy: ",
                            "\nmacro-F1: ",
                            "\ndifference to joint: ",
                            "10,000 resamples",
                            "\nvs picture alone: ",
                            "\nHolm p: ",
                            "\nMcNemar: ",
                            "\nbranch: ",
                            "\nshare: ",
                            "\nECE: ",
                            "\nepoch: ",
                            "\n× joint: ",
                            "\nmemory: "}) {
    EXPECT_THAT(text, HasSubstr(words));
  }
  EXPECT_THAT(text, Not(HasSubstr("!!!")));
  const std::string brief = comparison_text(example());
  EXPECT_THAT(brief, AllOf(Not(HasSubstr("\nrank: ")), HasSubstr("2 seeds (0, 1)"), HasSubstr("--explain")));
}

TEST(ComparisonText, MarksWhatIsBelowTheBestSingleModalityAndWhatNeverActed) {
  Comparison comparison = example();
  comparison.rows[1].against_unimodal->difference.mean = -.1;  // Holm p .0002
  comparison.rows[2].against_unimodal->difference.mean = -.1;
  comparison.rows[2].against_unimodal->p_holm = .3;
  comparison.rows[2].never_acted = "joint";
  const std::string text = comparison_text(comparison);
  EXPECT_THAT(text, HasSubstr("0.700 ± 0.000 ≈⇓  "));
  EXPECT_THAT(text, HasSubstr("0.750 ± 0.071 ↓=  "));
  EXPECT_THAT(text, HasSubstr("↓ Below the best single modality, within chance: pdmp:gamma=5 by -0.100. "
                              "⇓ Significantly below the best single modality: joint by -0.100."));
  EXPECT_THAT(text, HasSubstr("\npdmp:gamma=5 never acted: equal to joint (every loss and prediction is the same)\n"));
  const std::string page = comparison_markdown(comparison);
  EXPECT_THAT(page, AllOf(HasSubstr("| 0.700 ± 0.000 ≈⇓ |"), HasSubstr("| **0.750 ± 0.071** ↓= |"),
                          HasSubstr("\n- pdmp:gamma=5 never acted: equal to joint")));
}

TEST(ComparisonText, AUnimodalReferenceHasNoSecondColumnsForTheSame) {
  Comparison comparison = example();
  comparison.reference = "picture alone";
  for (size_t i : {1, 2}) comparison.rows[i].against_reference = comparison.rows[i].against_unimodal;
  const std::string text = comparison_text(comparison);
  EXPECT_THAT(text.substr(0, text.find('\n')), AllOf(HasSubstr("vs picture alone"), Not(HasSubstr("best single"))));
  EXPECT_THAT(text, HasSubstr("picture alone     3  0.400 ± 0.000    0.500 ± 0.000                reference\n"));
}

TEST(ComparisonText, SaysWhatTheSearchFound) {
  Comparison comparison = example();
  comparison.trials = 12;
  comparison.rows[2].tuned = "lr=0.004,pdmp.gamma=8";
  EXPECT_THAT(comparison_text(comparison), AllOf(HasSubstr("12 trials for every method"),
                                                 HasSubstr("found for pdmp:gamma=5: lr=0.004,pdmp.gamma=8")));
}

TEST(ComparisonText, IsLoudWhereTheTestSplitChose) {
  Comparison comparison = example();
  comparison.selected_by = "test";
  EXPECT_EQ(comparison_text(comparison).find("!!! THE TEST SPLIT CHOSE"), 0u);
  EXPECT_THAT(comparison_markdown(comparison), HasSubstr("**!!! THE TEST SPLIT CHOSE"));
}

TEST(ComparisonText, NamesFusionsWhereThereAreSeveral) {
  Comparison comparison = example();
  comparison.rows.push_back(reference("sum"));
  comparison.rows.push_back(best("sum"));
  const std::string text = comparison_text(comparison);
  EXPECT_THAT(text, HasSubstr("\npicture alone "));
  EXPECT_THAT(text, HasSubstr("\njoint (concat) "));
  EXPECT_THAT(text, HasSubstr("\njoint (sum) "));
  EXPECT_THAT(text, HasSubstr("mla (concat)  n/a: it has"));
}

TEST(ComparisonText, WithoutReferenceAndWithOneSeed) {
  Comparison comparison = example();
  comparison.reference.clear();
  comparison.best_unimodal.clear();
  comparison.seeds = {7};
  comparison.rows = {reference()};
  ComparisonRow& row = comparison.rows[0];
  row.scores["accuracy"] = {.7};
  row.against_unimodal.reset();
  const std::string text = comparison_text(comparison);
  EXPECT_THAT(text, HasSubstr("joint     2        0.700 ≈"));  // no deviation of one value
  EXPECT_THAT(text, HasSubstr("1 seed (7)"));
  EXPECT_THAT(text, AllOf(Not(HasSubstr("difference to")), Not(HasSubstr("McNemar")), Not(HasSubstr("×"))));
}

TEST(ComparisonMarkdown, IsATableWithTheBestInBold) {
  const std::string text = comparison_markdown(example());
  EXPECT_EQ(text.find("# Comparison on stamps\n"), 0u);
  EXPECT_THAT(text,
              HasSubstr("|  | rank | test accuracy | macro-F1 | difference to joint | Holm p | McNemar | vs picture "
                        "alone | Holm p | McNemar |\n"
                        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n"
                        "| picture alone | 3 | 0.400 ± 0.000 | 0.500 ± 0.000 |  |  |  | best single |  |  |\n"
                        "| joint | 2 | 0.700 ± 0.000 ≈ | 0.500 ± 0.000 | reference |  |  | +0.300 [+0.200, +0.400] "
                        "| 0.0002 | 1/2 |\n"
                        "| pdmp:gamma=5 | 1 | **0.750 ± 0.071** | 0.500 ± 0.000 | +0.050 [-0.013, +0.100] | "
                        "0.0400 | 1/2 | +0.350 [+0.250, +0.450] | 0.0002 | 1/2 |\n"
                        "| mla | n/a: it has a fusion \\| of its own |  |  |  |  |  |  |  |  |\n"));
  EXPECT_THAT(text, HasSubstr("- The best single modality is picture alone (0.400 on test; the only one)."));
  EXPECT_THAT(text, HasSubstr("| joint | 0.500 ± 0.141 | 75 % | 0.300 ± 0.000 | 25 % |"));
  EXPECT_THAT(text, HasSubstr("- macro-F1: "));
}

TEST(MeanText, OfOneSeedOfSeveralAndOfWhatIsUndefined) {
  EXPECT_EQ(mean_text({.8125}), "0.812");
  EXPECT_EQ(mean_text({.5, .75}), "0.625 ± 0.177");
  EXPECT_EQ(mean_text({}), "");
  EXPECT_EQ(mean_text({.5, std::nan("")}), "-");
}

}  // namespace
}  // namespace pdmp::comparing

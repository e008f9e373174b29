#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pdmp/analysis.h"

namespace pdmp::analysis {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

AnalysisResult ranked(const std::vector<std::string>& names, const std::vector<std::vector<double>>& curves) {
  AnalysisOptions options;
  options.end_mode = "last";
  AnalysisResult result = rank_modalities(names, curves, std::vector<double>(names.size(), 1.0), 4096, options);
  result.evaluated_on = "val";
  result.n_train = 300;
  return result;
}

TEST(AnalysisTable, ALinePerModalityAndWhatFollows) {
  const std::string text = analysis_table(ranked({"audio", "visual"}, {{.30, .40, .55}, {.20, .30, .62}}));
  EXPECT_EQ(
      text,
      "modality  early          final          role\n"
      "audio     0.350 ± 0.007  0.550 ± 0.008  leads at first\n"
      "visual    0.250 ± 0.007  0.620 ± 0.008  best on its own\n"
      "PDMP: audio learns faster but visual is better in the end, so the gradients of visual's encoder are multiplied "
      "by gamma and those of the other encoder by 1/gamma.\n"
      "3 epochs on 300 samples, accuracy on 4096 of val; early = mean of the first 2.\n");
}

TEST(AnalysisTable, OneModalityThatIsBoth) {
  const std::string text = analysis_table(ranked({"audio", "visual"}, {{.3, .4, .7}, {.2, .3, .5}}));
  EXPECT_THAT(text, HasSubstr("best on its own, leads at first"));
  EXPECT_THAT(text, HasSubstr("every encoder's gradients are multiplied by gamma"));
  EXPECT_THAT(text, Not(HasSubstr("Ambiguous")));
}

TEST(AnalysisTable, SaysWhatItIsNotSureOf) {
  const std::string text = analysis_table(ranked({"audio", "visual"}, {{.3, .4, .60}, {.2, .3, .61}}));
  EXPECT_THAT(text, HasSubstr("Ambiguous (performance)"));
}

TEST(AnalysisTable, SaysWhereItStopped) {
  AnalysisResult result = ranked({"audio", "visual"}, {{.30, .40, .55}, {.20, .30, .62}});
  result.stop.of = 40;
  EXPECT_THAT(analysis_table(result), HasSubstr("\n3 epochs on 300 samples"));
  result.stop.stopped_after = 3;
  EXPECT_THAT(analysis_table(result), HasSubstr("\n3 of 40 epochs on 300 samples"));
  EXPECT_THAT(analysis_table(result), HasSubstr("Stopped as more would not change who is best."));
}

TEST(AnalysisTable, ManualAndSingle) {
  AnalysisResult manual;
  manual.ranking.modalities = {"a", "b"};
  manual.ranking.optimization_dominant = 1;
  manual.ranking.early = manual.ranking.final = {std::nan(""), std::nan("")};
  manual.criterion = "manual";
  EXPECT_THAT(analysis_table(manual), HasSubstr("Named by hand"));
  EXPECT_THAT(analysis_table(ranked({"a"}, {{.3, .4}})), HasSubstr("plain joint training"));
}

}  // namespace
}  // namespace pdmp::analysis

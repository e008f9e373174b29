#include "compare/shared_analysis.h"

#include <gtest/gtest.h>

#include "compare/small_grid.h"

namespace pdmp::comparing {
namespace {

TEST(SharedAnalysis, IsMadeOnceForTheSameSettings) {
  testing::SmallGrid small({"joint"});
  const auto file = small.directory / "analysis.json";
  const AnalysisResult first = shared_analysis(small.options.run, small.data, file);
  EXPECT_EQ(first.ranking.modalities, (std::vector<std::string>{"a", "b"}));
  const auto written = std::filesystem::last_write_time(file);
  shared_analysis(small.options.run, small.data, file);
  EXPECT_EQ(std::filesystem::last_write_time(file), written);
  small.options.run.train.epochs = 4;
  EXPECT_EQ(shared_analysis(small.options.run, small.data, file).epochs, 4);
}

}  // namespace
}  // namespace pdmp::comparing

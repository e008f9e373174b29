#include "run/files/environment.h"

#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pdmp/error.h"

namespace pdmp::runs {
namespace {

using ::testing::MatchesRegex;
using ::testing::StartsWith;

TEST(Environment, SaysWhatARunWasMadeWith) {
  TrainOptions options;
  options.threads = 3;
  const nlohmann::json value = environment(options);
  EXPECT_THAT(value.at("pdmp").get<std::string>(), MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+"));
  EXPECT_THAT(value.at("libtorch").get<std::string>(), StartsWith("2."));
  EXPECT_THAT(value.at("compiler").get<std::string>(), StartsWith("g++ "));
  EXPECT_EQ(value.at("threads"), 3);
  EXPECT_EQ(value.at("precision"), "fp32");
  EXPECT_GE(value.at("cpu").at("cores").get<int>(), 1);
  options.threads = 0;
  EXPECT_EQ(environment(options).at("threads"), at::get_num_threads());
}

}  // namespace
}  // namespace pdmp::runs

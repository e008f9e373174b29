#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pdmp/error.h"
#include "pdmp/run.h"

namespace pdmp::runs {
namespace {

using ::testing::HasSubstr;

TEST(RunOptions, DescribesTheFixedFlags) {
  RunOptions options;
  OptionList list;
  options.describe(list);
  for (const char* name : {"data",
                           "run",
                           "method",
                           "pdmp.gamma",
                           "pdmp.mechanism",
                           "pdmp.coefficients",
                           "analysis",
                           "resume",
                           "overwrite",
                           "dry-run",
                           "seed",
                           "epochs",
                           "batch-size",
                           "lr",
                           "optimizer",
                           "momentum",
                           "weight-decay",
                           "fusion",
                           "modalities",
                           "encoders",
                           "init",
                           "channels-last",
                           "convolution",
                           "threads",
                           "workers",
                           "device",
                           "precision",
                           "select",
                           "val",
                           "max-undecodable",
                           "cache",
                           "cache-gib",
                           "analysis.subset",
                           "analysis.criterion",
                           "analysis.end-mode",
                           "analysis.epochs",
                           "analysis.stop"}) {
    EXPECT_NO_THROW(list.at(name, "--" + std::string(name))) << name;
  }
  list.set("method", "pdmp", "--method");
  list.set("analysis", "file.json", "--analysis");
  EXPECT_EQ(options.method, "pdmp");
  EXPECT_EQ(options.analysis_file, "file.json");
  EXPECT_THROW(list.set("val", "test", "--val"), Error);
}

TEST(RunOptions, HasEveryMethodOfTheTable) {
  RunOptions options;
  ASSERT_EQ(options.methods.size(), method_table().size());
  for (const MethodInfo& row : method_table()) {
    options.method = row.name;
    EXPECT_NE(options.method_options().make(), nullptr);
  }
  options.method = "pdpm";
  try {
    options.method_options();
    FAIL() << "an unknown method was taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_THAT(error.what(), HasSubstr("did you mean 'pdmp'"));
  }
}

}  // namespace
}  // namespace pdmp::runs

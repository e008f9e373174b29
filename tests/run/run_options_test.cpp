#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pdmp/error.h"
#include "pdmp/methods/pdmp.h"
#include "pdmp/run.h"
#include "support/expect_error.h"

namespace pdmp::runs {
namespace {

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
  EXPECT_EQ(options.method.name(), "pdmp");
  EXPECT_EQ(options.analysis_file, "file.json");
  EXPECT_THROW(list.set("val", "test", "--val"), Error);
}

TEST(RunOptions, CopiesShareNothing) {
  RunOptions options;
  OptionList list;
  options.describe(list);
  const RunOptions copy = options;
  list.set("pdmp.gamma", "3", "--pdmp.gamma");
  list.set("lr", "0.5", "--lr");
  EXPECT_EQ(options.method.get<PdmpOptions>().gamma, 3);
  EXPECT_EQ(copy.method.get<PdmpOptions>().gamma, 15);
  EXPECT_NE(copy.train.optimizer.lr, 0.5);
}

TEST(RunOptions, HasEveryMethodOfTheTable) {
  RunOptions options;
  for (const MethodInfo& row : method_table()) {
    options.method = row.name;
    EXPECT_NE(options.method.make(), nullptr);
  }
  options.method = "pdpm";
  testing::expect_error(ErrorKind::usage, {"did you mean 'pdmp'"}, [&] { options.method.make(); });
}

}  // namespace
}  // namespace pdmp::runs

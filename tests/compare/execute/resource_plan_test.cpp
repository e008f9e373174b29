#include "compare/execute/resource_plan.h"

#include <gtest/gtest.h>
#include <thread>

#include "base/files/file.h"
#include "cli/toy_data.h"
#include "support/expect_error.h"
#include "support/temporary_directory.h"

namespace pdmp::testing {
namespace {

constexpr int64_t kGiB = int64_t{1} << 30;

TEST(BestJobs, OneACoreUnlessRunsOrMemoryAreFewer) {
  EXPECT_EQ(comparing::best_jobs(2, 0, 4, 16 * kGiB, kGiB), 2);
  EXPECT_EQ(comparing::best_jobs(8, 0, 3, 64 * kGiB, kGiB), 3);
  EXPECT_EQ(comparing::best_jobs(8, 2, 100, 64 * kGiB, kGiB), 4);      // two threads each
  EXPECT_EQ(comparing::best_jobs(8, 0, 100, 10 * kGiB, 2 * kGiB), 4);  // 8 of 10 GiB
  EXPECT_EQ(comparing::best_jobs(2, 0, 4, kGiB, 4 * kGiB), 1);
  EXPECT_EQ(comparing::best_jobs(2, 4, 4, 16 * kGiB, kGiB), 1);
}

class LayOut : public ::testing::Test {
 protected:
  LayOut() {
    write_toy_data((directory_ / "data").string(), 4, {"numbers", "caption"});
    options_.data.data = (directory_ / "data").string();
    train_ = load_data(options_.data, 0).train;
  }
  comparing::ResourcePlan plan_resources(int64_t jobs, int64_t runs) const {
    return pdmp::comparing::plan_resources(options_, *train_, jobs, runs, directory_ / "out");
  }

  const TemporaryDirectory directory_;
  RunOptions options_;
  std::shared_ptr<const Dataset> train_;
};

TEST_F(LayOut, SharesTheCores) {
  const auto cores = static_cast<int64_t>(std::thread::hardware_concurrency());
  EXPECT_EQ(plan_resources(0, 1).jobs, 1);
  EXPECT_EQ(plan_resources(0, 1).threads, cores);
  EXPECT_EQ(plan_resources(3 * cores, 100).jobs, 3 * cores);
  EXPECT_EQ(plan_resources(3 * cores, 100).threads, 1);
  EXPECT_EQ(plan_resources(0, 1).precision, "fp32");  // of a small model
}

// Threads and precision change numbers; jobs do not.
TEST_F(LayOut, ThreadsAndPrecisionStayWhatTheyWere) {
  make_directories(directory_ / "out");
  comparing::write_resource_plan({.jobs = 2, .threads = 7, .precision = "bf16"}, directory_ / "out");
  const comparing::ResourcePlan again = plan_resources(5, 100);
  EXPECT_EQ(again.jobs, 5);
  EXPECT_EQ(again.threads, 7);
  EXPECT_EQ(again.precision, "bf16");
  options_.train.threads = 3;
  options_.train.precision = "fp32";
  EXPECT_EQ(plan_resources(5, 100).threads, 3);
  EXPECT_EQ(plan_resources(5, 100).precision, "fp32");
}

TEST_F(LayOut, AFileOfSomethingElseIsNamed) {
  directory_.write("out/layout.json", "{}");
  expect_error(ErrorKind::data, {"layout.json", "remove it"}, [&] { plan_resources(0, 4); });
}

}  // namespace
}  // namespace pdmp::testing

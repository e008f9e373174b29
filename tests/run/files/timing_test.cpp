#include "run/files/timing.h"

#include <gtest/gtest.h>

#include "support/temporary_directory.h"

namespace pdmp::runs {
namespace {

TEST(Timing, SecondsOfEpochsAreAddedUp) {
  const testing::TemporaryDirectory folder;
  const auto file = folder.write("timing.jsonl", R"({"train_seconds":2.5,"evaluation_seconds":0.5})"
                                                 "\n"
                                                 R"({"train_seconds":1})"
                                                 "\n[1]\n{\"train_sec");
  EXPECT_EQ(seconds_trained(file), 4.0);
  EXPECT_EQ(seconds_trained(folder / "none"), 0.0);
}

TEST(Timing, PhasesAreMeansOverTheEpochsThatWereTimed) {
  const testing::TemporaryDirectory folder;
  const auto file =
      folder.write("timing.jsonl",
                   R"({"train_seconds":9})"
                   "\n"
                   R"({"train_seconds":3,"evaluation_seconds":1,"phases":{"backward":1.5,"evaluation":1,"loss":0.5}})"
                   "\n"
                   R"({"train_seconds":3,"evaluation_seconds":1,"phases":{"backward":2.5,"evaluation":1}})"
                   "\n");
  EXPECT_EQ(phase_text(file),
            "phase       s/epoch   share\n"
            "backward      2.000  50.0 %\n"
            "evaluation    1.000  25.0 %\n"
            "other         0.750  18.8 %\n"
            "loss          0.250   6.2 %\n");
}

TEST(Timing, WithoutTimedEpochsThereIsNoTable) {
  const testing::TemporaryDirectory folder;
  EXPECT_EQ(phase_text(folder.write("timing.jsonl", R"({"train_seconds":3})")), "");
}

}  // namespace
}  // namespace pdmp::runs

#include "compare/comparison.h"

#include <algorithm>
#include <fmt/format.h>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <utility>

#include "run/files/summary.h"
#include "support/expect_error.h"
#include "support/temporary_directory.h"

namespace pdmp::comparing {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Run directories on disk: what they got right ('1') of the test samples, one string a seed.
class Runs {
 public:
  Runs() {
    comparison.seeds = {3, 4};
    comparison.modalities = {"a", "b"};
    comparison.reference = "joint";
    comparison.resamples = 2000;
  }

  ComparisonRow& add(const std::string& name, const std::string& fusion, const std::vector<std::string>& hits,
                     double seconds = 2) {
    ComparisonRow row;
    row.name = name;
    row.fusion = fusion;
    row.modalities = fusion.empty() ? std::vector<std::string>{"a"} : comparison.modalities;
    for (size_t s = 0; s < hits.size(); ++s) {
      const std::string run = fmt::format("{}-{}-{}", fusion, name, s);
      row.runs.push_back((directory / run).string());
      TrainingRun summary;
      summary.seed = comparison.seeds[s];
      summary.modalities = row.modalities;
      summary.beginning = {{{"a", fmt::format("weights {}", s)}}, fmt::format("batches {}", s)};
      summary.test = scores(hits[s], row.modalities.size());
      summary.val = scores("1110", row.modalities.size());
      directory.write(run + "/predictions.csv", predictions(hits[s]));
      directory.write(run + "/timing.jsonl", timing(seconds));
      directory.write(run + "/metrics.jsonl", metrics(hits[s]));
      runs::write_summary(summary, directory / run / "summary.json");
    }
    comparison.rows.push_back(row);
    return comparison.rows.back();
  }

  // Writes the summary of a run again, changed.
  void change(const std::string& run, const std::function<void(TrainingRun&)>& how) const {
    TrainingRun summary = read_summary(directory / run);
    how(summary);
    runs::write_summary(summary, directory / run / "summary.json");
  }

  static std::string predictions(const std::string& hits) {
    std::string text = "id,split,label,prediction\nv0,val,x,x\n";
    for (size_t i = 0; i < hits.size(); ++i) text += fmt::format("t{},test,x,{}\n", i, hits[i] == '1' ? "x" : "y");
    return text;
  }

  testing::TemporaryDirectory directory;
  Comparison comparison;

 private:
  static Evaluation scores(const std::string& hits, size_t modalities) {
    Evaluation evaluation;
    evaluation.n = static_cast<int64_t>(hits.size());
    evaluation.scores["accuracy"] =
        static_cast<double>(std::count(hits.begin(), hits.end(), '1')) / static_cast<double>(hits.size());
    evaluation.scores["macro_f1"] = evaluation.accuracy() / 2;
    evaluation.scores["calibration_error"] = 0.125;
    for (size_t m = 0; m < modalities; ++m) {
      evaluation.unimodal_accuracy.push_back(0.25 + 0.25 * static_cast<double>(m));
      evaluation.unimodal_loss.push_back(1);
      evaluation.dependency.push_back(m == 0 ? 1 : 3);
    }
    return evaluation;
  }

  // Losses that follow from the hits.
  static std::string metrics(const std::string& hits) {
    return fmt::format("{{\"kind\": \"step\", \"loss/total\": 3}}\n{{\"kind\": \"epoch\", \"train/loss\": {}}}\n",
                       std::count(hits.begin(), hits.end(), '1'));
  }

  static std::string timing(double seconds) {
    return fmt::format("{{\"train_seconds\": {}, \"peak_memory_bytes\": 700}}\n", seconds - 1) +
           fmt::format("{{\"train_seconds\": {}, \"peak_memory_bytes\": 900}}\n", seconds + 1);
  }
};

// Of 16 samples: "better" gets 6 more than "joint" in the first seed; 6 more, but misses one that joint gets, in the
// second.
void add_three(Runs& runs, const std::string& fusion) {
  runs.add("joint", fusion, {"1111000000000000", "1111100000000000"});
  runs.add("better", fusion, {"1111111111000000", "1111011111100000"}, 3);
  runs.add("same", fusion, {"1111000000000000", "1111100000000000"}, 1);
}

TEST(Complete, ReadsWhatTheRunsLeft) {
  Runs runs;
  runs.add("a alone", "", {"1000", "1100"}, 4);
  runs.add("joint", "concat", {"1110", "1100"});
  complete(runs.comparison, {});
  const ComparisonRow &alone = runs.comparison.rows[0], &joint = runs.comparison.rows[1];
  EXPECT_THAT(alone.accuracy(), ElementsAre(.25, .5));
  EXPECT_THAT(joint.accuracy(), ElementsAre(.75, .5));
  EXPECT_THAT(joint.score("macro_f1"), ElementsAre(.375, .25));
  EXPECT_THAT(joint.score("calibration_error"), ElementsAre(.125, .125));
  EXPECT_THAT(joint.validation_accuracy, ElementsAre(.75, .75));
  EXPECT_THAT(joint.branch_accuracy, ElementsAre(ElementsAre(.25, .25), ElementsAre(.5, .5)));
  ASSERT_EQ(joint.dependency.size(), 2u);
  EXPECT_THAT(joint.dependency[1], ElementsAre(DoubleNear(.75, 1e-6), DoubleNear(.75, 1e-6)));
  EXPECT_THAT(alone.epoch_seconds, ElementsAre(4, 4));
  EXPECT_THAT(joint.peak_memory, ElementsAre(900, 900));
  EXPECT_EQ(alone.rank, 2);
  EXPECT_EQ(joint.rank, 1);
  EXPECT_FALSE(alone.against_reference.has_value());
  EXPECT_FALSE(alone.best);
  EXPECT_EQ(runs.comparison.best_unimodal, "a alone");
  EXPECT_NEAR(joint.against_unimodal->difference.mean, .25, 1e-12);
}

TEST(Complete, ComparesWithTheReference) {
  Runs runs;
  add_three(runs, "concat");
  complete(runs.comparison, {});
  const ComparisonRow &joint = runs.comparison.rows[0], &better = runs.comparison.rows[1],
                      &same = runs.comparison.rows[2];
  ASSERT_TRUE(better.against_reference.has_value());
  const Contrast& gain = *better.against_reference;
  EXPECT_NEAR(gain.difference.mean, 11.0 / 32, 1e-12);
  EXPECT_GT(gain.difference.low, 0);
  EXPECT_LT(gain.difference.p, 0.05);
  EXPECT_DOUBLE_EQ(gain.p_holm, 2 * gain.difference.p);
  EXPECT_EQ(same.against_reference->difference.mean, 0);
  EXPECT_EQ(same.against_reference->p_holm, 1);
  ASSERT_EQ(gain.mcnemar.size(), 2u);
  EXPECT_EQ(gain.mcnemar[0].only_other, 6);
  EXPECT_NEAR(gain.mcnemar[0].p, 0.03125, 1e-12);  // scipy.stats.binomtest(0, 6).pvalue
  EXPECT_NEAR(gain.mcnemar_holm[0], 0.0625, 1e-12);
  EXPECT_EQ(gain.mcnemar[1].only_reference, 1);
  EXPECT_EQ(gain.mcnemar[1].only_other, 6);
  EXPECT_NEAR(gain.mcnemar[1].p, 0.125, 1e-12);  // scipy.stats.binomtest(1, 7).pvalue
  EXPECT_DOUBLE_EQ(better.relative_time, 1.5);
  EXPECT_DOUBLE_EQ(same.relative_time, 0.5);
  EXPECT_FALSE(joint.against_reference.has_value());
}

TEST(Complete, RanksAllRowsAndMarksWhatIsNoWorseThanTheBest) {
  Runs runs;
  add_three(runs, "concat");
  add_three(runs, "sum");
  runs.add("close", "sum", {"1111111111000000", "1111011111000000"});
  ComparisonRow& refused = runs.add("refused", "sum", {});
  refused.refusal = "it has no branches";
  complete(runs.comparison, {});
  std::vector<double> places;
  for (const ComparisonRow& row : runs.comparison.rows) places.push_back(row.rank);
  EXPECT_THAT(places, ElementsAre(5.5, 1.5, 5.5, 5.5, 1.5, 5.5, 3, 0));
  EXPECT_TRUE(runs.comparison.rows[1].best);
  EXPECT_TRUE(runs.comparison.rows[1].indistinguishable);
  EXPECT_FALSE(runs.comparison.rows[0].indistinguishable);
  EXPECT_FALSE(runs.comparison.rows[6].best);
  EXPECT_TRUE(runs.comparison.rows[6].indistinguishable);  // one sample in one seed
  EXPECT_THAT(runs.comparison.rows[7].accuracy(), IsEmpty());
}

// Predictions and losses of "same" are those of "joint".
TEST(Complete, AMethodThatWentAsJointTrainingNeverActed) {
  Runs runs;
  add_three(runs, "concat");
  for (size_t i = 0; i < 3; ++i) runs.comparison.rows[i].method = i == 0 ? "joint" : "dnr";
  const auto never_acted = [&] {
    Comparison copy = runs.comparison;
    complete(copy, {});
    EXPECT_EQ(copy.rows[1].never_acted, "");
    return copy.rows[2].never_acted;
  };
  EXPECT_EQ(never_acted(), "joint");
  const std::string metrics = "{\"kind\": \"epoch\", \"train/loss\": ";
  runs.directory.write("concat-same-1/metrics.jsonl", metrics + "5.000000000000001}\n");  // the hits are the same
  EXPECT_EQ(never_acted(), "");
  runs.directory.write("concat-same-1/metrics.jsonl", metrics + "5}\n");
  EXPECT_EQ(never_acted(), "joint");
  runs.change("concat-same-0", [](TrainingRun& summary) { summary.test->scores["loss"] += 1e-12; });
  EXPECT_EQ(never_acted(), "");
}

TEST(Complete, WithoutAReferenceThereAreOnlyRanks) {
  Runs runs;
  add_three(runs, "concat");
  runs.comparison.reference.clear();
  complete(runs.comparison, {});
  EXPECT_EQ(runs.comparison.rows[1].rank, 1);
  EXPECT_FALSE(runs.comparison.rows[1].against_reference.has_value());
  EXPECT_EQ(runs.comparison.rows[1].relative_time, 0);
}

TEST(Complete, RefusesOtherTestSamples) {
  Runs runs;
  add_three(runs, "concat");
  const std::string file = "concat-better-1/predictions.csv";
  runs.directory.write(file, Runs::predictions("1111"));
  testing::expect_error(ErrorKind::data, {file, "expected the 16 test samples", "concat-joint-0", "found 4"}, [&] {
    Comparison copy = runs.comparison;
    complete(copy, {});
  });
  std::string text = Runs::predictions("1111011111100000");
  runs.directory.write(file, text.replace(text.find("t7,test,x"), 9, "t7,test,z"));
  testing::expect_error(ErrorKind::data, {file, "expected 't7' (x) as test sample 8", "found 't7' (z)"},
                        [&] { complete(runs.comparison, {}); });
}

TEST(Complete, RefusesOtherBeginningsUnlessTheMethodHasThemByNature) {
  Runs runs;
  add_three(runs, "concat");
  const auto completed = [&](const std::vector<std::string>& other_batches) {
    Comparison copy = runs.comparison;
    complete(copy, other_batches);
  };
  runs.change("concat-same-1", [](TrainingRun& summary) { summary.beginning.batches = "others"; });
  testing::expect_error(ErrorKind::data, {"concat-same-1", "other batches", "concat-joint-1"}, [&] { completed({}); });
  completed({"same"});
  runs.change("concat-better-0", [](TrainingRun& summary) { summary.beginning.encoders["a"] = "others"; });
  testing::expect_error(ErrorKind::data, {"concat-better-0", "other encoder weights"}, [&] { completed({"same"}); });
}

TEST(Complete, NamesWhatIsWrongWithARun) {
  Runs runs;
  add_three(runs, "concat");
  const auto completed = [&] {
    Comparison copy = runs.comparison;
    complete(copy, {});
  };
  runs.directory.write("concat-same-0/timing.jsonl", "{\"train_seconds\": 1, \"peak_memory_bytes\": 2}\n{}\n");
  testing::expect_error(ErrorKind::data, {"concat-same-0/timing.jsonl:2", "train_seconds"}, completed);
  runs.directory.write("concat-same-0/timing.jsonl", "{\"train_seconds\": 1, \"peak_memory_bytes\": 2}\n");
  runs.directory.write("concat-same-0/metrics.jsonl", "{\"kind\": \"epoch\"}\n");
  testing::expect_error(ErrorKind::data, {"concat-same-0/metrics.jsonl:1", "train/loss"}, completed);
  runs.change("concat-better-1", [](TrainingRun& summary) { summary.seed = 9; });
  testing::expect_error(ErrorKind::data, {"concat-better-1", "expected seed 4, found 9"}, completed);
  runs.change("concat-joint-1", [](TrainingRun& summary) { summary.val = std::exchange(summary.test, std::nullopt); });
  testing::expect_error(ErrorKind::data, {"concat-joint-1", "test split"}, completed);
}

}  // namespace
}  // namespace pdmp::comparing

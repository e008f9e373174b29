#include "compare/tune.h"

#include <cstdlib>

#include "base/files/file.h"
#include "compare/small_grid.h"
#include "run/files/summary.h"
#include "support/expect_error.h"

namespace pdmp::comparing {
namespace {

RunOptions of_method(const std::string& method) {
  RunOptions options;
  options.method = method;
  return options;
}

double number(const Settings& settings, const std::string& name) {
  for (const auto& [key, text] : settings) {
    if (key == name) return std::atof(text.c_str());
  }
  ADD_FAILURE() << name << " was not drawn";
  return 0;
}

TEST(Tune, TheFirstTrialIsTheOptionsAsTheyAre) { EXPECT_TRUE(draw_trial(of_method("pdmp"), 0, 1, 4).empty()); }

TEST(Tune, DrawsWithinTheRangesOfTheMethod) {
  for (int64_t k = 1; k < 50; ++k) {
    const Settings settings = draw_trial(of_method("pdmp"), k, 1, 4);
    EXPECT_GE(number(settings, "lr"), 1e-3 / 4 * 0.999);
    EXPECT_LE(number(settings, "lr"), 1e-3 * 4 * 1.001);
    EXPECT_GE(number(settings, "pdmp.gamma"), 5);
    EXPECT_LE(number(settings, "pdmp.gamma"), 25);
  }
  EXPECT_EQ(draw_trial(of_method("joint"), 1, 1, 4).size(), 1);  // nothing of its own to search: the learning rate
}

TEST(Tune, ADrawDependsOnSeedMethodAndTrialOnly) {
  EXPECT_EQ(draw_trial(of_method("pdmp"), 3, 1, 4), draw_trial(of_method("pdmp"), 3, 1, 4));
  EXPECT_NE(draw_trial(of_method("pdmp"), 3, 1, 4), draw_trial(of_method("pdmp"), 4, 1, 4));
  EXPECT_NE(draw_trial(of_method("pdmp"), 3, 1, 4), draw_trial(of_method("pdmp"), 3, 2, 4));
}

TEST(Tune, EverySearchedMethodTakesWhatIsDrawn) {
  for (const MethodInfo& row : method_table()) {
    for (int64_t k = 1; k < 4; ++k) {
      const RunOptions options = of_method(row.name);
      EXPECT_NO_THROW(with_variant(options, {row.name, row.name, draw_trial(options, k, 5, 4)})) << row.name;
    }
  }
}

TEST(Tune, TheBestTrialIsChosenOnValidation) {
  const testing::SmallGrid small({"joint"});
  const auto trial = [&](const std::string& name, double lr) {
    RunOptions options = small.options.run;
    options.run = (small.directory / name).string();
    options.train.optimizer.lr = lr;
    train(options);
    return Trial{{{"lr", fmt::format("{}", lr)}}, options.run};
  };
  const std::vector<Trial> trials = {
      trial("slow", 1e-6), {{{"lr", "9"}}, (small.directory / "diverged").string()}, trial("fast", 0.05)};
  const Metric& accuracy = find_metric("accuracy");
  EXPECT_EQ(best_trial(trials, accuracy).run, trials[2].run);
  EXPECT_EQ(settings_text(best_trial(trials, accuracy).settings), "lr=0.05");
  testing::expect_error(ErrorKind::data, {"diverged", "no trial has a validation score"},
                        [&] { best_trial({trials[1]}, accuracy); });
}

// Validation: the first has the higher accuracy, the second the higher macro-F1, the third the lower loss.
TEST(Tune, TheBestTrialIsChosenByTheMetric) {
  const testing::TemporaryDirectory folder;
  const auto trial = [&](const std::string& name, double accuracy, double macro_f1, double loss) {
    TrainingRun summary;
    summary.modalities = {"a"};
    Evaluation val;
    val.scores["accuracy"] = accuracy;
    val.scores["macro_f1"] = macro_f1;
    val.scores["loss"] = loss;
    val.unimodal_accuracy = val.unimodal_loss = val.dependency = {1};
    summary.val = val;
    std::filesystem::create_directories(folder.path() / name);
    runs::write_summary(summary, folder.path() / name / "summary.json");
    return Trial{{}, (folder.path() / name).string()};
  };
  const std::vector<Trial> trials = {trial("a", .8, .5, .7), trial("b", .7, .6, .6), trial("c", .6, .4, .5)};
  EXPECT_EQ(&best_trial(trials, find_metric("accuracy")), &trials[0]);
  EXPECT_EQ(&best_trial(trials, find_metric("macro_f1")), &trials[1]);
  EXPECT_EQ(&best_trial(trials, find_metric("loss")), &trials[2]);
}

}  // namespace
}  // namespace pdmp::comparing

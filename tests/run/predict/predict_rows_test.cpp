#include "run/predict/predict_rows.h"

#include <algorithm>
#include <gmock/gmock.h>
#include <numeric>

#include "run/tiny_run.h"
#include "support/expect_error.h"

namespace pdmp::testing {
namespace {

using ::testing::HasSubstr;

struct PredictRows : ::testing::Test {
  const TemporaryDirectory directory;
  const std::string data = write_vector_data(directory);
  std::vector<Prediction> predictions;
  std::vector<size_t> batches;

  runs::LoadedRun trained() const {
    const RunOptions options = tiny_run(data, (directory / "run").string(), "joint", 1);
    train(options);
    runs::LoadedRun loaded = runs::load_run(options.run);
    loaded.options.train.batch_size = 2;
    return loaded;
  }

  runs::RowPredictor predictor(const runs::LoadedRun& run, bool allow_missing = false) {
    return runs::RowPredictor(run, {run.description.entries, directory.path(), std::vector<data::FileLimits>(2)},
                              allow_missing, "", [this](const std::vector<Prediction>& batch) {
                                batches.push_back(batch.size());
                                predictions.insert(predictions.end(), batch.begin(), batch.end());
                              });
  }
};

data::UnlabeledRow row(const std::string& id, const std::string& a, const std::string& b) {
  return {id, {a, b}, {}, {}, "", "", ""};
}

TEST_F(PredictRows, BatchesAreGivenInTheOrderOfTheRows) {
  const runs::LoadedRun run = trained();
  runs::RowPredictor predictor = this->predictor(run);
  for (const char* id : {"x", "y", "z"}) predictor.add(row(id, "1,0,0", "-1,-1"));
  EXPECT_EQ(batches, std::vector<size_t>{2});
  predictor.flush();
  EXPECT_EQ(batches, (std::vector<size_t>{2, 1}));
  ASSERT_EQ(predictions.size(), 3u);
  EXPECT_EQ(predictions[2].id, "z");
  EXPECT_EQ(predictions[0].probabilities.size(), 3u);
  EXPECT_NEAR(std::accumulate(predictions[0].probabilities.begin(), predictions[0].probabilities.end(), 0.), 1, 1e-6);
  EXPECT_EQ(predictions[0].probability(), *std::ranges::max_element(predictions[0].probabilities));
  EXPECT_NEAR(predictions[2].probability(), predictions[0].probability(), 1e-6);
  EXPECT_EQ(predictor.failed(), 0);
}

TEST_F(PredictRows, AnswersAreThoseOfEvaluation) {
  const runs::LoadedRun run = trained();
  const auto test = runs::load_data_for(run, "").test;
  const Evaluation expected = evaluate(*run.model, *run.method, test, run.options.train);
  runs::RowPredictor predictor = this->predictor(run);
  const std::shared_ptr<const data::Manifest> manifest =
      std::make_shared<const data::Manifest>(data::read_manifest(data, 0));
  for (const data::ManifestRow& found : manifest->rows) {
    if (found.split == "test") predictor.add(row(found.id, found.cells[0], found.cells[1]));
  }
  predictor.flush();
  ASSERT_EQ(static_cast<int64_t>(predictions.size()), expected.n);
  for (int64_t i = 0; i < expected.n; ++i) {
    const Prediction& found = predictions[static_cast<size_t>(i)];
    EXPECT_EQ(found.id, test->id(i));
    EXPECT_TRUE(torch::equal(torch::tensor(found.probabilities), expected.probabilities[i])) << i;
  }
}

TEST_F(PredictRows, ABadRowHasItsReasonAndTheOthersTheirAnswer) {
  const runs::LoadedRun run = trained();
  runs::RowPredictor predictor = this->predictor(run);
  predictor.add(row("x", "1,0", "-1,-1"));
  predictor.add(row("y", "1,0,0", "-1,-1"));
  predictor.add({"z", {}, {}, {}, "", "", "no JSON"});
  predictor.add(row("v", "1,0,zero", "-1,-1"));
  ASSERT_EQ(predictions.size(), 4u);
  EXPECT_THAT(predictions[0].problem, HasSubstr("modality 'a'"));
  EXPECT_THAT(predictions[0].problem, HasSubstr("3"));
  EXPECT_EQ(predictions[1].problem, "");
  EXPECT_EQ(predictions[1].probabilities.size(), 3u);
  EXPECT_EQ(predictions[2].problem, "no JSON");
  EXPECT_THAT(predictions[3].problem, HasSubstr("zero"));
  EXPECT_EQ(predictor.rows(), 4);
  EXPECT_EQ(predictor.failed(), 3);
}

TEST_F(PredictRows, AModalityMayLackWhereTrainingSawThat) {
  runs::LoadedRun run = trained();
  ASSERT_EQ(run.description.lacked, (std::vector<std::optional<bool>>{false, false}));
  runs::RowPredictor strict = predictor(run);
  strict.add(row("x", "1,0,0", ""));
  strict.add(row("y", "", ""));
  ASSERT_EQ(predictions.size(), 2u);
  EXPECT_THAT(predictions[0].problem, HasSubstr("expected b, which every training sample had"));
  EXPECT_THAT(predictions[1].problem, HasSubstr("expected at least one of a, b, found none"));
  runs::RowPredictor allowing = predictor(run, true);
  allowing.add(row("x", "1,0,0", ""));
  allowing.flush();
  EXPECT_EQ(predictions.back().problem, "");
  for (const std::optional<bool> known : {std::optional(true), std::optional<bool>()}) {
    run.description.lacked = {false, known};
    runs::RowPredictor seen = predictor(run);
    seen.add(row("x", "1,0,0", ""));
    seen.flush();
    EXPECT_EQ(predictions.back().problem, "");
  }
}

}  // namespace
}  // namespace pdmp::testing

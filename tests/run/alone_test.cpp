#include "run/alone.h"

#include <gmock/gmock.h>

#include "pdmp/error.h"
#include "run/tiny_run.h"
#include "support/expect_error.h"

namespace pdmp::runs {
namespace {

namespace fs = std::filesystem;

struct AloneTest : ::testing::Test {
  testing::TemporaryDirectory directory;
  std::string data = testing::write_vector_data(directory);
  RunOptions options = testing::tiny_run(data, (directory / "run").string(), "umt");
  std::vector<ModalityInfo> modalities = load_data(options.data, 0).train->modalities();
};

TEST_F(AloneTest, OptionsAreThoseOfJointTrainingOfOneEncoder) {
  options.model.fusion = "film";
  options.train.modality_dropout = 0.3;
  const RunOptions one = alone_options(options, modalities, "b", directory / "b");
  EXPECT_EQ(one.method.name(), "joint");
  EXPECT_EQ(one.data.modalities, std::vector<std::string>{"b"});
  EXPECT_EQ(one.model.fusion, "concat");
  EXPECT_EQ(one.model.encoders, (NameMap{{"b", "mlp:hidden=8"}}));
  EXPECT_EQ(one.train.modality_dropout, 0);
  EXPECT_FALSE(one.resume);
}

TEST_F(AloneTest, IsTrainedOnceAndThenRead) {
  const auto trained = model_alone(options, modalities, 1);
  ASSERT_EQ(trained->modalities(), 1);
  EXPECT_EQ(trained->infos()[0].name, "b");
  const fs::path summary = fs::path(options.run) / "alone" / "b" / "summary.json";
  ASSERT_TRUE(fs::exists(summary));
  const auto written = fs::last_write_time(summary);
  const auto read = model_alone(options, modalities, 1);
  EXPECT_EQ(fs::last_write_time(summary), written);
  for (size_t i = 0; i < read->parameters().size(); ++i)
    EXPECT_TRUE(read->parameters()[i].equal(trained->parameters()[i]));
}

TEST_F(AloneTest, ANamedRunIsUsedIfItIsTheRightOne) {
  train(alone_options(options, modalities, "a", directory / "a"));
  options.alone = {{"a", (directory / "a").string()}, {"b", (directory / "a").string()}};
  EXPECT_EQ(model_alone(options, modalities, 0)->infos()[0].name, "a");
  EXPECT_FALSE(fs::exists(fs::path(options.run) / "alone"));
  testing::expect_error(ErrorKind::usage, {"`alone` b=", "expected a run of joint training of b alone", "with a"},
                        [&] { model_alone(options, modalities, 1); });
}

// The teachers of umt come from the whole training set, whatever the analysis or the run did.
TEST_F(AloneTest, ARunThatNeedsTeachersTrainsThemFirst) {
  const TrainingRun summary = train(options);
  EXPECT_EQ(summary.method, "umt");
  for (const char* name : {"a", "b"}) {
    EXPECT_EQ(read_summary(fs::path(options.run) / "alone" / name).epochs, options.train.epochs) << name;
  }
}

}  // namespace
}  // namespace pdmp::runs

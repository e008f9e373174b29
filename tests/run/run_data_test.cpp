#include "run/run_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files/file.h"
#include "run/tiny_run.h"
#include "support/expect_error.h"
#include "support/vector_data.h"

namespace pdmp::runs {
namespace {

using testing::TemporaryDirectory;

struct RunDataTest : ::testing::Test {
  TemporaryDirectory directory;
  RunOptions options = testing::tiny_run(testing::write_vector_data(directory), (directory / "run").string());
  RunData data = RunData(options.data, 0);

  void SetUp() override {
    make_directories(options.run);
    options.resume = true;
  }
};

TEST_F(RunDataTest, ARunWithoutDataJsonPasses) { EXPECT_NO_THROW(data.expect_same(options)); }

TEST_F(RunDataTest, OtherDataAreRefusedWithWhatChanged) {
  data.keep_hash(options.run);
  EXPECT_NO_THROW(data.expect_same(options));
  const RunData fewer(testing::write_vector_data(directory, {47, 24, 24}, "fewer"), 0);
  testing::expect_error(ErrorKind::data, {"`resume`", options.run, "train had 48 samples, has 47", "`overwrite`"},
                        [&] { fewer.expect_same(options); });
  fewer.keep_hash(options.run);  // what the run began with stays
  EXPECT_NO_THROW(data.expect_same(options));
}

TEST_F(RunDataTest, AnOverwrittenRunMayHaveOtherData) {
  data.keep_hash(options.run);
  options.resume = false;
  const RunData fewer(testing::write_vector_data(directory, {47, 24, 24}, "fewer"), 0);
  EXPECT_NO_THROW(fewer.expect_same(options));
}

TEST_F(RunDataTest, ADataSetThatIsGoneIsNoChange) {
  data.keep_hash(options.run);
  std::filesystem::remove_all(options.data.data);
  EXPECT_NO_THROW(SameData().expect(options));
}

TEST_F(RunDataTest, KnowsSamplesWhicheverAreForValidation) {
  data.keep_hash(options.run);
  EXPECT_TRUE(made_of_same_samples(options.run, data));
  pdmp::data::Manifest moved = pdmp::data::read_manifest(options.data.data, 0);
  moved.rows.set_split(0, "val");
  EXPECT_TRUE(made_of_same_samples(options.run, RunData(std::make_shared<const pdmp::data::Manifest>(moved))));
  moved.rows.set_split(0, "test");
  EXPECT_FALSE(made_of_same_samples(options.run, RunData(std::make_shared<const pdmp::data::Manifest>(moved))));
}

TEST_F(RunDataTest, DamageIsNoOtherData) {
  data.keep_hash(options.run);
  const std::filesystem::path file = std::filesystem::path(options.run) / "data.json";
  std::string text = read_file(file);
  text[text.find("\"rows\": 9") + 8] = '8';
  write_file_atomically(file, text);
  testing::expect_error(ErrorKind::data, {"data.json", "damage"}, [&] { data.expect_same(options); });
}

}  // namespace
}  // namespace pdmp::runs

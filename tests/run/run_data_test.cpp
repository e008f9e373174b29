#include "run/run_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files/file.h"
#include "run/tiny_run.h"
#include "support/expect_error.h"
#include "support/vector_data.h"

namespace pdmp::runs {
namespace {

DataOptions options_of(const std::string& folder) {
  DataOptions options;
  options.data = folder;
  return options;
}

using testing::TemporaryDirectory;

struct RunData : ::testing::Test {
  TemporaryDirectory directory;
  RunOptions options = testing::tiny_run(testing::write_vector_data(directory), (directory / "run").string());
  std::shared_ptr<const data::Manifest> manifest = load_manifest(options.data, 0);

  void SetUp() override {
    make_directories(options.run);
    options.resume = true;
  }
};

TEST_F(RunData, ARunWithoutDataJsonPasses) { EXPECT_NO_THROW(expect_same_data(options, *manifest)); }

TEST_F(RunData, OtherDataAreRefusedWithWhatChanged) {
  keep_content_hash(options.run, *manifest);
  EXPECT_NO_THROW(expect_same_data(options, *manifest));
  const auto fewer = load_manifest(options_of(testing::write_vector_data(directory, {47, 24, 24}, "fewer")), 0);
  testing::expect_error(ErrorKind::data, {"--resume", options.run, "train had 48 samples, has 47", "--overwrite"},
                        [&] { expect_same_data(options, *fewer); });
  keep_content_hash(options.run, *fewer);  // what the run began with stays
  EXPECT_NO_THROW(expect_same_data(options, *manifest));
}

TEST_F(RunData, AnOverwrittenRunMayHaveOtherData) {
  keep_content_hash(options.run, *manifest);
  options.resume = false;
  const auto fewer = load_manifest(options_of(testing::write_vector_data(directory, {47, 24, 24}, "fewer")), 0);
  EXPECT_NO_THROW(expect_same_data(options, *fewer));
}

TEST_F(RunData, ADataSetThatIsGoneIsNoChange) {
  keep_content_hash(options.run, *manifest);
  std::filesystem::remove_all(options.data.data);
  EXPECT_NO_THROW(SameData().expect(options));
}

TEST_F(RunData, KnowsSamplesWhicheverAreForValidation) {
  keep_content_hash(options.run, *manifest);
  EXPECT_TRUE(made_of_same_samples(options.run, *manifest));
  data::Manifest moved = *manifest;
  moved.rows.set_split(0, "val");
  EXPECT_TRUE(made_of_same_samples(options.run, moved));
  moved.rows.set_split(0, "test");
  EXPECT_FALSE(made_of_same_samples(options.run, moved));
}

TEST_F(RunData, DamageIsNoOtherData) {
  keep_content_hash(options.run, *manifest);
  const std::filesystem::path file = std::filesystem::path(options.run) / "data.json";
  std::string text = read_file(file);
  text[text.find("\"rows\": 9") + 8] = '8';
  write_file_atomically(file, text);
  testing::expect_error(ErrorKind::data, {"data.json", "damage"}, [&] { expect_same_data(options, *manifest); });
}

}  // namespace
}  // namespace pdmp::runs

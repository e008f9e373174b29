#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pdmp/error.h"
#include "pdmp/run.h"
#include "support/vector_data.h"

namespace pdmp::runs {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> names_of(const Dataset& data) {
  std::vector<std::string> names;
  for (const ModalityInfo& info : data.modalities()) names.push_back(info.name);
  return names;
}

DataOptions in(const std::string& directory) {
  DataOptions options;
  options.data = directory;
  return options;
}

TEST(LoadData, SplitsAndModalitiesOfTheManifest) {
  const testing::TemporaryDirectory directory;
  const TrainingData data = load_data(in(testing::write_vector_data(directory)), 0);
  EXPECT_EQ(data.train->size(), 48);
  EXPECT_EQ(data.val->size(), 24);
  EXPECT_EQ(data.test->size(), 24);
  EXPECT_THAT(names_of(*data.train), ElementsAre("a", "b"));
  EXPECT_THAT(data.test->classes(), ElementsAre("red", "green", "blue"));
}

TEST(LoadData, ModalitiesKeepTheOrderOfTheManifest) {
  const testing::TemporaryDirectory directory;
  DataOptions options;
  options.data = testing::write_vector_data(directory);
  options.modalities = {"b", "a"};
  EXPECT_THAT(names_of(*load_data(options, 0).train), ElementsAre("a", "b"));
  options.modalities = {"b"};
  const TrainingData data = load_data(options, 0);
  EXPECT_THAT(names_of(*data.test), ElementsAre("b"));
  EXPECT_EQ(data.train->get(0, nullptr).inputs.size(), 1u);
}

TEST(LoadData, ValNoneJoinsTrain) {
  const testing::TemporaryDirectory directory;
  DataOptions options;
  options.data = testing::write_vector_data(directory);
  const TrainingData apart = load_data(options, 0);
  options.val = "none";
  const TrainingData joined = load_data(options, 0);
  EXPECT_EQ(joined.val, nullptr);
  ASSERT_EQ(joined.train->size(), 72);
  EXPECT_EQ(joined.train->id(47), apart.train->id(47));
  EXPECT_EQ(joined.train->id(48), apart.val->id(0));
  EXPECT_EQ(joined.train->label(71), apart.val->label(23));
  EXPECT_TRUE(torch::equal(joined.train->get(50, nullptr).inputs[1], apart.val->get(2, nullptr).inputs[1]));
  EXPECT_TRUE(torch::equal(select_modalities(joined.train, {"b"})->get(50, nullptr).inputs[0],
                           apart.val->get(2, nullptr).inputs[1]));
  EXPECT_TRUE(joined.train->failures().empty());
}

TEST(LoadData, ValidationAndTestMayBeMissing) {
  const testing::TemporaryDirectory directory;
  const TrainingData data = load_data(in(testing::write_vector_data(directory, {12, 0, 0})), 0);
  EXPECT_EQ(data.train->size(), 12);
  EXPECT_EQ(data.val, nullptr);
  EXPECT_EQ(data.test, nullptr);
}

std::string refusal(const DataOptions& options, ErrorKind kind) {
  try {
    load_data(options, 0);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind);
    return error.what();
  }
  return "";
}

TEST(LoadData, RefusesWhatIsNotThere) {
  const testing::TemporaryDirectory directory;
  EXPECT_THAT(refusal({}, ErrorKind::usage), HasSubstr("`data`"));
  DataOptions options;
  options.data = testing::write_vector_data(directory);
  options.modalities = {"a", "bb"};
  EXPECT_THAT(refusal(options, ErrorKind::usage), HasSubstr("no modality 'bb'"));
  EXPECT_THAT(refusal(in(testing::write_vector_data(directory, {0, 6, 6}, "no_train")), ErrorKind::data),
              HasSubstr("train"));
}

}  // namespace
}  // namespace pdmp::runs

#include "run/model_description.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "pdmp/run.h"
#include "support/expect_error.h"
#include "support/vector_data.h"

namespace pdmp::testing {
namespace {

TEST(ModelDescription, IsReadBackAsWritten) {
  const TemporaryDirectory directory;
  DataOptions options;
  options.data = write_vector_data(directory);
  options.modalities = {"b"};
  const TrainingData data = load_data(options, 0);
  const auto file = directory / "model.json";
  write_model_description(describe_model(*data.train, options.data), file);
  const ModelDescription read = read_model_description(file);
  EXPECT_EQ(read.classes, (std::vector<std::string>{"red", "green", "blue"}));
  ASSERT_EQ(read.modalities.size(), 1u);
  EXPECT_EQ(read.modalities[0].name, "b");
  EXPECT_EQ(read.modalities[0].type, "vector");
  EXPECT_EQ(read.modalities[0].shape, std::vector<int64_t>{2});
  ASSERT_EQ(read.entries.size(), 1u);
  EXPECT_EQ(read.entries[0].columns, (std::vector<std::string>{"b0", "b1"}));
}

TEST(ModelDescription, NamesTheFileThatIsNone) {
  const TemporaryDirectory directory;
  const auto file = directory.write("model.json", R"({"classes": ["a"]})");
  expect_error(ErrorKind::data, {file.string(), "modalities"}, [&] { read_model_description(file); });
}

}  // namespace
}  // namespace pdmp::testing

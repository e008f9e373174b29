#include "run/files/model_description.h"

#include <gtest/gtest.h>

#include "base/files/file.h"
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
  runs::write_model_description(runs::describe_model(*data.train, options.data), file);
  const runs::ModelDescription read = runs::read_model_description(file);
  EXPECT_EQ(read.classes, (std::vector<std::string>{"red", "green", "blue"}));
  ASSERT_EQ(read.modalities.size(), 1u);
  EXPECT_EQ(read.modalities[0].name, "b");
  EXPECT_EQ(read.modalities[0].type, "vector");
  EXPECT_EQ(read.modalities[0].shape, std::vector<int64_t>{2});
  ASSERT_EQ(read.entries.size(), 1u);
  EXPECT_EQ(read.entries[0].columns, (std::vector<std::string>{"b0", "b1"}));
}

// Who predicts without a modality must know whether training saw that.
TEST(ModelDescription, KnowsWhichModalitiesTrainingSawAbsent) {
  const TemporaryDirectory directory;
  const std::string data = write_vector_data(directory);
  std::string table = read_file(directory / "data/metadata.csv");
  table.replace(table.find("\ntrain0,"), 1, "\nextra,test,red,1,2,3,,\nmore,val,red,,,,1,2\n");
  write_file_atomically(directory / "data/metadata.csv", table);
  const data::Manifest manifest = data::read_manifest(data, 0);
  const std::vector<ModalityInfo> modalities = {{"b", "vector", {2}}, {"a", "vector", {3}}};
  using Lacked = std::vector<std::optional<bool>>;
  EXPECT_EQ(runs::lacked_modalities(manifest, modalities, false, false), (Lacked{false, false}));
  EXPECT_EQ(runs::lacked_modalities(manifest, modalities, true, false), (Lacked{false, true}));
  EXPECT_EQ(runs::lacked_modalities(manifest, modalities, false, true), (Lacked{true, true}));
  DataOptions options;
  options.data = data;
  runs::ModelDescription description = runs::describe_model(*load_data(options, 0).train, data);
  description.lacked = {false, true};
  runs::write_model_description(description, directory / "model.json");
  EXPECT_EQ(runs::read_model_description(directory / "model.json").lacked, (Lacked{false, true}));
  description.lacked.clear();
  runs::write_model_description(description, directory / "old.json");
  EXPECT_EQ(runs::read_model_description(directory / "old.json").lacked, (Lacked{std::nullopt, std::nullopt}));
}

TEST(ModelDescription, NamesTheFileThatIsNone) {
  const TemporaryDirectory directory;
  const auto file = directory.write("model.json", R"({"classes": ["a"]})");
  expect_error(ErrorKind::data, {file.string(), "modalities"}, [&] { runs::read_model_description(file); });
}

}  // namespace
}  // namespace pdmp::testing

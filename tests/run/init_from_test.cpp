#include "run/init_from.h"

#include <gmock/gmock.h>

#include "base/files/file.h"
#include "models/weights/weights.h"
#include "run/tiny_run.h"
#include "support/expect_error.h"

namespace pdmp::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::HasSubstr;

const std::vector<std::string> kClasses = {"red", "green", "blue"}, kOthers = {"violet", "blue", "red"};

std::map<std::string, Tensor> weights_of(const torch::nn::Module& module) {
  std::map<std::string, Tensor> copies;
  for (const auto& [name, tensor] : models::state_of(module)) copies.emplace(name, tensor.detach().clone());
  return copies;
}

void replace_in(const fs::path& file, const std::string& from, const std::string& to) {
  std::string text = read_file(file);
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  write_file_atomically(file, text);
}

struct InitFrom : ::testing::Test {
  const TemporaryDirectory directory;
  const std::string data = write_vector_data(directory), first = (directory / "first").string();

  RunOptions options(const std::string& method = "joint") const { return tiny_run(data, first, method); }
  RunOptions next(const std::string& method = "joint") const {
    RunOptions options = tiny_run(data, (directory / "next").string(), method);
    options.init_from = first;
    return options;
  }
  static Model fresh(const RunOptions& options, const std::vector<ModalityInfo>& modalities, int64_t classes = 3) {
    return {modalities, classes, options.model, options.train.seed};
  }
  const std::vector<ModalityInfo> both = {{"a", "vector", {3}}, {"b", "vector", {2}}};
};

TEST_F(InitFrom, TheSameModelStartsWhereTheRunSelected) {
  train(options());
  Model model = fresh(next(), both);
  const std::vector<std::string> lines = runs::StartingWeights(first).start(model, next(), kClasses);
  const auto expected = weights_of(*runs::load_run(first).model), found = weights_of(model);
  ASSERT_EQ(found.size(), expected.size());
  for (const auto& [name, tensor] : expected) EXPECT_TRUE(torch::equal(found.at(name), tensor)) << name;
  EXPECT_EQ(lines,
            (std::vector<std::string>{"`init-from` " + first + ": took encoder of 'a', encoder of 'b', fusion concat",
                                      "`init-from` " + first + ": kept 3 classes"}));
}

TEST_F(InitFrom, RowsOfTheHeadFollowTheirClasses) {
  train(options());
  Model model = fresh(next(), both);
  const auto before = weights_of(model), source = weights_of(*runs::load_run(first).model);
  const std::vector<std::string> lines = runs::StartingWeights(first).start(model, next(), kOthers);
  const auto after = weights_of(model);
  for (const char* name : {"fusion.weight_0", "fusion.weight_1", "fusion.bias"}) {
    EXPECT_TRUE(torch::equal(after.at(name)[0], before.at(name)[0])) << name;  // violet
    EXPECT_TRUE(torch::equal(after.at(name)[1], source.at(name)[2])) << name;  // blue
    EXPECT_TRUE(torch::equal(after.at(name)[2], source.at(name)[0])) << name;  // red
  }
  EXPECT_FALSE(torch::equal(after.at("fusion.weight_0"), before.at("fusion.weight_0")));
  EXPECT_THAT(lines, Contains(HasSubstr(": kept 2 classes, added 'violet', dropped 'green'")));
}

TEST_F(InitFrom, ModalitiesAreMatchedByName) {
  train(options());
  RunOptions one = next();
  one.model.encoders = {{"b", "mlp:hidden=8"}, {"c", "mlp:hidden=8"}};
  Model model = fresh(one, {{"c", "vector", {4}}, {"b", "vector", {2}}});
  const auto before = weights_of(model), source = weights_of(*runs::load_run(first).model);
  const std::vector<std::string> lines = runs::StartingWeights(first).start(model, one, kClasses);
  const auto after = weights_of(model);
  for (const auto& [name, tensor] : after) {
    if (!name.starts_with("encoders.")) continue;
    const auto& expected = name.starts_with("encoders.b.") ? source : before;
    EXPECT_TRUE(torch::equal(tensor, expected.at(name))) << name;
  }
  EXPECT_TRUE(torch::equal(after.at("fusion.weight_0"), before.at("fusion.weight_0")));  // of c
  EXPECT_TRUE(torch::equal(after.at("fusion.weight_1"), source.at("fusion.weight_1")));  // of b, second in both
  EXPECT_TRUE(torch::equal(after.at("fusion.bias"), source.at("fusion.bias")));
  EXPECT_THAT(lines, Contains(HasSubstr("encoder of 'c' (the run has no such modality)")));
}

TEST_F(InitFrom, OtherKindsStartAfreshAndOtherSizesAreErrors) {
  train(options());
  RunOptions other = next();
  other.model.fusion = "sum";
  other.model.encoders["a"] = "mlp:hidden=8+8";
  Model model = fresh(other, both);
  const std::vector<std::string> lines = runs::StartingWeights(first).start(model, other, kClasses);
  EXPECT_THAT(lines, Contains(HasSubstr("encoder of 'a' (the run has another kind)")));
  EXPECT_THAT(lines, Contains(HasSubstr("fusion and its head (the run has concat, this one sum)")));
  RunOptions wider = next();
  wider.model.encoders["a"] = "mlp:hidden=16";
  Model wide = fresh(wider, both);
  expect_error(ErrorKind::data,
               {"`init-from`", "encoder of 'a'", "expected shape (16)", "found (8)", "with `encoders` a=mlp:hidden=8"},
               [&] { runs::StartingWeights(first).start(wide, wider, kClasses); });
}

TEST_F(InitFrom, OwnPartsOfTheMethodKeepTheRowsOfTheirClasses) {
  train(options("mmpareto"));
  const RunOptions again = next("mmpareto");
  Model model = fresh(again, both);
  const auto method = again.method.make();
  const auto parts = method->extend(model);
  const auto before = weights_of(*parts), source = weights_of(*runs::load_run(first).method_parts);
  const std::string line = runs::StartingWeights(first).start_parts(*parts, model, again, kOthers);
  const auto after = weights_of(*parts);
  ASSERT_EQ(after.size(), 4u);
  for (const auto& [name, tensor] : after) {
    EXPECT_TRUE(torch::equal(tensor[0], before.at(name)[0])) << name;
    EXPECT_TRUE(torch::equal(tensor[1], source.at(name)[2])) << name;
    EXPECT_TRUE(torch::equal(tensor[2], source.at(name)[0])) << name;
  }
  EXPECT_THAT(line, HasSubstr("own parts of mmpareto: kept 2 classes, added 'violet', dropped 'green'"));
  const RunOptions other = next("gmml");
  EXPECT_THAT(runs::StartingWeights(first).start_parts(*parts, model, other, kOthers),
              HasSubstr("own parts of gmml start afresh (the run was trained by mmpareto)"));
}

// A whole training with a class renamed, whose starting point may go once it has a checkpoint.
TEST_F(InitFrom, ATrainingGoesOnWithoutTheRunItStartedFrom) {
  train(options("mmpareto"));
  write_vector_data(directory, {48, 24, 24}, "renamed");
  for (const char* file : {"renamed/metadata.csv", "renamed/dataset.json"})
    replace_in(directory / file, "green", "violet");
  RunOptions whole = next("mmpareto");
  whole.data.data = (directory / "renamed").string();
  const TrainingRun expected = train(whole);
  RunOptions parts = whole;
  parts.run = (directory / "parts").string();
  parts.train.epochs = 1;
  train(parts);
  EXPECT_THAT(read_file(directory / "parts/config.toml"), HasSubstr("init-from = \"" + first + "\""));
  fs::rename(first, directory / "moved");
  parts.resume = true;
  parts.train.epochs = 3;
  const TrainingRun resumed = train(parts);
  EXPECT_EQ(resumed.test->loss(), expected.test->loss());
  EXPECT_EQ(resumed.test->accuracy(), expected.test->accuracy());
  RunOptions scratch = whole;
  scratch.run = (directory / "scratch").string();
  scratch.init_from.clear();
  EXPECT_NE(train(scratch).test->loss(), expected.test->loss());
}

TEST_F(InitFrom, AWeightsFileOfTheRunWillDoAndIsChecked) {
  train(options());
  const fs::path file = fs::path(first) / "checkpoints/best/weights.safetensors";
  Model model = fresh(next(), both);
  runs::StartingWeights(file.string()).start(model, next(), kClasses);
  EXPECT_TRUE(
      torch::equal(weights_of(model).at("fusion.bias"), weights_of(*runs::load_run(first).model).at("fusion.bias")));
  std::string content = read_file(file);
  content.back() = static_cast<char>(content.back() ^ 1);
  write_file_atomically(file, content);
  expect_error(ErrorKind::data, {file.string(), "digest"}, [&] { runs::StartingWeights{file.string()}; });
  expect_error(ErrorKind::data, {file.string(), "digest"}, [&] { runs::StartingWeights{first}; });
}

TEST_F(InitFrom, SaysWhatIsNoRun) {
  expect_error(ErrorKind::usage, {"`init-from`", "config.toml"},
               [&] { runs::StartingWeights{directory.path().string()}; });
  const std::string file = directory.write("weights.safetensors", "x").string();
  expect_error(ErrorKind::usage, {"`init-from`", file, "`encoders`.MODALITY.weights"},
               [&] { runs::StartingWeights{file}; });
  RunOptions options = next();
  expect_error(ErrorKind::usage, {"`init-from`"}, [&] { train(options); });
  EXPECT_FALSE(fs::exists(options.run));
}

}  // namespace
}  // namespace pdmp::testing

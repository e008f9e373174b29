#include "models/weights/pretrained.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/weights/safetensors.h"
#include "models/weights/weights.h"
#include "pdmp/model.h"
#include "support/example_batch.h"
#include "support/expect_error.h"
#include "support/temporary_directory.h"

namespace pdmp::models {
namespace {

using testing::expect_error;

const ModalityInfo kEye = {"eye", "image", {3, 16, 16}}, kEar = {"ear", "audio", {1, 16, 16}};

// The tensors of an encoder as torchvision would write them: no prefix, a classifier, and no layout of ours.
std::vector<std::pair<std::string, Tensor>> file_of(const std::string& spec, const ModalityInfo& modality) {
  auto tensors = state_of(*make_encoder(spec, modality));
  for (auto& [name, tensor] : tensors) {
    if (tensor.is_floating_point()) tensor = torch::randn(tensor.sizes()).abs();
  }
  tensors.emplace_back("fc.weight", torch::randn({1000, 32}));
  tensors.emplace_back("classifier.3.bias", torch::randn({1000}));
  return tensors;
}

struct Pretrained : ::testing::Test {
  const testing::TemporaryDirectory directory;

  std::string write(const std::vector<std::pair<std::string, Tensor>>& tensors) const {
    const std::string path = directory / "pretrained.safetensors";
    write_safetensors(path, {tensors, {}});
    return path;
  }
  static Model model(const ModalityInfo& modality, const std::string& spec, bool pretrained = true) {
    ModelOptions options;
    options.encoders[modality.name] = spec;
    options.pretrained = pretrained;
    return Model({modality}, 3, options, 0);
  }
};

TEST_F(Pretrained, FileWinsOverInitialValuesAndItsClassifierIsLeftOut) {
  const auto tensors = file_of("resnet18:width=4", kEye);
  const std::string spec = "resnet18:width=4:weights=" + write(tensors);
  Model loaded = model(kEye, spec);
  const std::map<std::string, Tensor> expected(tensors.begin(), tensors.end());
  for (const auto& [name, tensor] : state_of(loaded.encoder(0)))
    EXPECT_TRUE(torch::equal(tensor, expected.at(name))) << name;
  // The head is nobody's business, and without `pretrained` nothing is read.
  const Model random = model(kEye, "resnet18:width=4"), skipped = model(kEye, spec, false);
  const auto head = [](const Model& model) { return model.modality_parameters(0, Scope::encoder_plus_head).back(); };
  EXPECT_TRUE(torch::equal(head(loaded), head(random)));
  const auto a = random.modality_parameters(0), b = skipped.modality_parameters(0);
  for (size_t i = 0; i < a.size(); ++i) EXPECT_TRUE(torch::equal(a[i], b[i])) << i;
}

// Of the weights of a whole run, as checkpoints/best holds them.
TEST_F(Pretrained, TheEncoderOfTheSameModalityIsTakenFromARun) {
  const std::string path = directory / "weights.safetensors";
  ModelOptions options;
  options.encoders = {{"eye", "resnet18:width=4"}, {"ear", "resnet18:width=4"}};
  Model run({kEar, kEye}, 3, options, 9);
  save_weights(run, path);
  Model loaded = model(kEye, "resnet18:width=4:weights=" + path);
  const auto expected = state_of(run.encoder(1)), found = state_of(loaded.encoder(0));
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) EXPECT_TRUE(torch::equal(found[i].second, expected[i].second)) << i;
  expect_error(ErrorKind::data, {"modality 'nose'", path, "ear, eye"}, [&] {
    model({"nose", "image", {3, 16, 16}}, "resnet18:width=4:weights=" + path);
  });
}

TEST_F(Pretrained, BatchesNeedNotBeCounted) {
  auto tensors = file_of("resnet18:width=4", kEye);
  std::erase_if(tensors, [](const auto& entry) { return entry.first.ends_with("num_batches_tracked"); });
  Model loaded = model(kEye, "resnet18:width=4:weights=" + write(tensors));
  EXPECT_EQ(loaded.encoder(0).named_buffers()["bn1.num_batches_tracked"].item<int64_t>(), 0);
}

TEST_F(Pretrained, ThreeChannelsAreAveragedForOneWhereAsked) {
  const auto tensors = file_of("resnet18:width=4", kEye);
  const std::string spec = "resnet18:width=4:weights=" + write(tensors);
  Model loaded = model(kEar, spec + ":weights-channels=average");
  const std::map<std::string, Tensor> expected(tensors.begin(), tensors.end());
  for (const auto& [name, tensor] : state_of(loaded.encoder(0))) {
    const Tensor& given = expected.at(name);
    const Tensor mean = name == "conv1.weight" ? given.mean(1, true) : given;
    EXPECT_TRUE(torch::allclose(tensor.to(torch::kDouble), mean.to(torch::kDouble), 1e-6, 1e-7)) << name;
  }
  EXPECT_EQ(expected.at("conv1.weight").size(1), 3);
  expect_error(
      ErrorKind::data,
      {"encoder of modality 'ear'", "1 of another shape (conv1.weight: expected (4, 1, 7, 7), found (4, 3, 7, 7))",
       "weights-channels=average"},
      [&] { model(kEar, spec); });
  // Where the input has three, there is nothing to average.
  EXPECT_NO_THROW(model(kEye, spec + ":weights-channels=average"));
}

// Flow has two channels: each gets the mean of the three.
TEST_F(Pretrained, TrapFlowStartsFromTheMeanOfThreeChannels) {
  const auto tensors = file_of("resnet18:width=4", kEye);
  const std::string spec = "resnet18:width=4:weights=" + write(tensors) + ":weights-channels=average";
  const ModalityInfo flow = {"flow", "flow", {2, 1, 16, 16}};
  const auto given = std::map<std::string, Tensor>(tensors.begin(), tensors.end()).at("conv1.weight");
  Model loaded = model(flow, spec);
  const Tensor found = loaded.encoder(0).named_parameters()["conv1.weight"].detach();
  ASSERT_EQ(found.sizes(), (std::vector<int64_t>{4, 2, 7, 7}));
  for (const int64_t channel : {0, 1})
    EXPECT_TRUE(torch::allclose(found.select(1, channel), given.mean(1), 1e-6, 1e-7)) << channel;
}

TEST_F(Pretrained, AnotherArchitectureIsOneClearLine) {
  const std::string path = write(file_of("resnet18:width=4", kEye));
  expect_error(
      ErrorKind::data,
      {"encoder of modality 'eye'", path, "of another shape (", "expected (8, 3, 7, 7), found (4, 3, 7, 7)", "..."},
      [&] { model(kEye, "resnet18:width=8:weights=" + path); });
  expect_error(ErrorKind::data, {"'eye'", "missing (layer1.2.", "the weights of this encoder"},
               [&] { model(kEye, "resnet34:width=4:weights=" + path); });
  expect_error(ErrorKind::data, {"'imu'", "6 missing (fc1.weight", "unknown (bn1.bias"}, [&] {
    model({"imu", "vector", {4}}, "mlp:weights=" + path);
  });
  expect_error(ErrorKind::io, {"nowhere.safetensors"},
               [&] { model(kEye, "resnet18:weights=" + (directory / "nowhere.safetensors").string()); });
  const std::string torn = directory.write("torn.safetensors", "not much");
  expect_error(ErrorKind::data, {torn}, [&] { model(kEye, "resnet18:weights=" + torn); });
}

TEST_F(Pretrained, PathsWithAColonAreRefused) {
  expect_error(ErrorKind::usage, {"'eye'", "'b.safetensors'", "':' separates options"},
               [&] { model(kEye, "resnet18:weights=/a:b.safetensors"); });
}

TEST(AbsoluteWeights, OnlyThePathChanges) {
  const std::string here = std::filesystem::current_path().string();
  EXPECT_EQ(with_absolute_weights("resnet18:width=4"), "resnet18:width=4");
  EXPECT_EQ(with_absolute_weights("resnet18:weights=/a/b.safetensors:width=4"),
            "resnet18:weights=/a/b.safetensors:width=4");
  EXPECT_EQ(with_absolute_weights("resnet18:weights=x/../b.safetensors:width=4:weights=c"),
            "resnet18:weights=" + here + "/b.safetensors:width=4:weights=" + here + "/c");
  EXPECT_EQ(with_absolute_weights("mlp:weights="), "mlp:weights=");
  EXPECT_EQ(with_absolute_weights("mlp:hidden=[4,2]:weights=[/a:b,c]"), "mlp:hidden=[4,2]:weights=[/a:b,c]");
  EXPECT_EQ(with_absolute_weights("@other"), "@other");
}

}  // namespace
}  // namespace pdmp::models

#include "models/encoder_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/weights/safetensors.h"
#include "support/example_batch.h"
#include "support/expect_error.h"
#include "support/temporary_directory.h"

namespace pdmp::models {
namespace {

using testing::example_batch;
using testing::expect_error;

const ModalityInfo kLeft = {"left", "image", {3, 16, 16}}, kRight = {"right", "image", {3, 16, 16}},
                   kImu = {"imu", "vector", {5}};

ModelOptions options(const NameMap& encoders, const std::string& fusion = "concat") {
  ModelOptions options;
  options.encoders = encoders;
  options.fusion = fusion;
  return options;
}

std::vector<std::string> specs(const std::vector<ModalityInfo>& modalities, const ModelOptions& options) {
  std::vector<std::string> result;
  for (const EncoderChoice& choice : choose_encoders(modalities, options)) result.push_back(choice.spec);
  return result;
}

TEST(EncoderChoice, TakesWhatIsGivenElseTheDefault) {
  EXPECT_EQ(specs({kLeft, kImu}, options({{"imu", "mlp:hidden=4"}})),
            (std::vector<std::string>{"resnet18", "mlp:hidden=4"}));
  EXPECT_EQ(specs({kLeft, kImu}, options({{"left", ":width=4"}})),
            (std::vector<std::string>{"resnet18:width=4", "mlp"}));
}

TEST(EncoderChoice, DefaultsAreTheFusions) {
  const std::string front = specs({kLeft}, options({}, "se_fusion:width=4"))[0];
  EXPECT_TRUE(front.starts_with("resnet18_front:width=4")) << front;
  EXPECT_EQ(specs({kLeft}, options({{"left", ":width=8"}}, "se_fusion:width=4"))[0], front + ":width=8");
}

TEST(EncoderChoice, SharedByName) {
  const auto choices =
      choose_encoders({kLeft, kRight, kImu}, options({{"left", "@right"}, {"right", "resnet18:width=4"}}));
  EXPECT_EQ(choices[0].shared_with, 1U);
  EXPECT_EQ(choices[0].spec, "resnet18:width=4");
  EXPECT_FALSE(choices[1].shared_with || choices[2].shared_with);
}

// Trained alone, a modality gets an encoder like the one it shares.
TEST(EncoderChoice, AloneThereIsNobodyToShareWith) {
  const NameMap encoders = {{"left", "@right"}, {"right", "resnet18:width=4"}};
  const auto choices = choose_encoders({kLeft}, options(encoders));
  EXPECT_FALSE(choices[0].shared_with);
  EXPECT_EQ(choices[0].spec, "resnet18:width=4");
  EXPECT_EQ(choose_encoders({kLeft}, options({{"left", "@right"}}))[0].spec, "resnet18");
  EXPECT_EQ(Model({kLeft}, 3, options(encoders), 0).modality_parameters(0).size(), 60U);
}

TEST(EncoderChoice, RefusesWhatCannotBeShared) {
  const auto choose = [](const std::vector<ModalityInfo>& modalities, const NameMap& encoders) {
    return [=] { choose_encoders(modalities, options(encoders)); };
  };
  expect_error(ErrorKind::usage, {"left=@left", "another modality"}, choose({kLeft}, {{"left", "@left"}}));
  expect_error(ErrorKind::usage, {"'left=@right'", "@imu"},
               choose({kLeft, kRight, kImu}, {{"left", "@right"}, {"right", "@imu"}}));
  expect_error(ErrorKind::usage, {"'imu=@left'", "vector (5)", "image (3, 16, 16)"},
               choose({kLeft, kImu}, {{"imu", "@left"}}));
  const ModalityInfo words = {"words", "text", {5}};
  expect_error(ErrorKind::usage, {"'imu=@words'", "text (5)"}, choose({words, kImu}, {{"imu", "@words"}}));
  expect_error(ErrorKind::usage, {"unknown modality 'rigth'", "right"}, [] {
    options({{"left", "@rigth"}}).check({kLeft, kRight});
  });
  EXPECT_NO_THROW(options({{"left", "@right"}}).check({kLeft, kRight}));
}

struct SharedEncoder : ::testing::Test {
  const ModelOptions shared = options({{"left", "@right"}, {"right", "resnet18:width=4"}});
  Model model{{kLeft, kRight}, 3, shared, 7};
};

TEST_F(SharedEncoder, IsTheVerySame) {
  EXPECT_EQ(&model.encoder(0), &model.encoder(1));
  Batch batch = example_batch({kLeft, kRight}, 4, 3, 1);
  batch.inputs[1] = batch.inputs[0];
  model.eval();
  const Outputs outputs = model.forward(batch, true);
  EXPECT_TRUE(torch::equal(outputs.features[0].pooled, outputs.features[1].pooled));
  const Model apart({kLeft, kRight}, 3, options({{"left", "resnet18:width=4"}, {"right", "resnet18:width=4"}}), 7);
  const auto expected = apart.modality_parameters(1), found = model.encoder(1).parameters();
  for (size_t i = 0; i < found.size(); ++i) EXPECT_TRUE(torch::equal(found[i], expected[i])) << i;
}

TEST_F(SharedEncoder, IsListedOnceAndBelongsToNobody) {
  size_t of_encoder = 0;
  for (const OwnedParameter& parameter : model.ownership()) {
    EXPECT_EQ(parameter.in_encoder, parameter.name.starts_with("encoders.right.")) << parameter.name;
    if (!parameter.in_encoder) continue;
    ++of_encoder;
    EXPECT_FALSE(parameter.owner) << parameter.name;
  }
  EXPECT_EQ(of_encoder, 60U);
  EXPECT_EQ(model.ownership().size(), model.named_parameters().size());
  EXPECT_TRUE(model.modality_parameters(0).empty());
  EXPECT_EQ(model.modality_parameters(0, Scope::encoder_plus_head).size(), 1U);
  EXPECT_EQ(model.shared_parameters().size(), 61U);
}

TEST_F(SharedEncoder, LearnsFromBothAndIsSavedOnce) {
  const Batch batch = example_batch({kLeft, kRight}, 4, 3, 1);
  model.forward(batch, false).fused.square().sum().backward();
  for (const Tensor& parameter : model.encoder(0).parameters()) EXPECT_TRUE(parameter.grad().defined());

  const testing::TemporaryDirectory directory;
  const std::string path = directory / "weights.safetensors";
  save_weights(model, path);
  for (const auto& [name, tensor] : read_safetensors(path).tensors)
    EXPECT_FALSE(name.starts_with("encoders.left.")) << name;
  Model other({kLeft, kRight}, 3, shared, 8);
  load_weights(other, path);
  model.eval();
  other.eval();
  EXPECT_TRUE(torch::equal(other.forward(batch, false).fused, model.forward(batch, false).fused));
}

}  // namespace
}  // namespace pdmp::models

#include "pdmp/model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pdmp/error.h"
#include "support/example_batch.h"
#include "support/expect_error.h"

namespace pdmp::models {
namespace {

using testing::example_batch;
using ::testing::HasSubstr;
using testing::relative_error;

const ModalityInfo kEye = {"eye", "image", {3, 16, 16}}, kEar = {"ear", "audio", {1, 16, 20}},
                   kImu = {"imu", "vector", {5}};

ModelOptions small() {
  ModelOptions options;
  options.encoders = {{"eye", "resnet18:width=4"}, {"ear", "resnet18:width=4"}, {"imu", "mlp:hidden=6"}};
  return options;
}

Tensor rows(std::vector<bool> values) {
  Tensor present = torch::zeros({static_cast<int64_t>(values.size())}, torch::kBool);
  for (size_t i = 0; i < values.size(); ++i) present[static_cast<int64_t>(i)] = static_cast<bool>(values[i]);
  return present;
}

TEST(Model, AbsentRowsAreZerosAndTheOthersAsAlone) {
  Model model({kEye}, 3, small(), 0);
  const Tensor x = example_batch({kEye}, 4, 3, 1).inputs[0];
  const Feature some = model.encode(0, x, rows({true, false, true, false}));
  const Feature alone =
      Model({kEye}, 3, small(), 0).encode(0, x.index_select(0, torch::tensor({0, 2})), rows({true, true}));
  EXPECT_TRUE(torch::equal(some.pooled.index_select(0, torch::tensor({0, 2})), alone.pooled));
  EXPECT_TRUE(torch::equal(some.map.index_select(0, torch::tensor({0, 2})), alone.map));
  for (const int64_t row : {1, 3}) {
    EXPECT_EQ(some.pooled[row].abs().max().item<double>(), 0);
    EXPECT_EQ(some.map[row].abs().max().item<double>(), 0);
  }
  EXPECT_TRUE(some.pooled.requires_grad());
}

TEST(Model, NobodyHasTheModality) {
  Model model({kEye, kImu}, 3, small(), 0);
  Batch batch = example_batch({kEye, kImu}, 4, 3, 1);
  batch.present.select(1, 0).fill_(false);
  const std::vector<Tensor> before = model.encoder(0).buffers();
  std::vector<Tensor> copies;
  for (const Tensor& buffer : before) copies.push_back(buffer.clone());
  const Outputs outputs = model.forward(batch, true);
  EXPECT_EQ(outputs.features[0].pooled.sizes(), (std::vector<int64_t>{4, 32}));
  EXPECT_EQ(outputs.features[0].map.sizes(), (std::vector<int64_t>{4, 32, 1, 1}));
  EXPECT_EQ(outputs.features[0].pooled.abs().max().item<double>(), 0);
  EXPECT_FALSE(outputs.features[0].pooled.requires_grad());
  outputs.fused.sum().backward();
  for (const Tensor& parameter : model.modality_parameters(0)) EXPECT_FALSE(parameter.grad().defined());
  for (size_t i = 0; i < copies.size(); ++i) EXPECT_TRUE(torch::equal(before[i], copies[i]));
  EXPECT_TRUE(model.encoder(0).is_training());
}

// Over a 1x1 map BatchNorm refuses the statistics of one value; models.md leaves the case open.
TEST(Model, SingleRowUsesRunningStatistics) {
  Model model({kEye}, 3, small(), 0);
  const Tensor x = example_batch({kEye}, 3, 3, 1).inputs[0];
  model.encode(0, x, rows({true, true, true}));  // running statistics become something
  std::vector<Tensor> copies;
  for (const Tensor& buffer : model.buffers()) copies.push_back(buffer.clone());
  model.encoder(0).named_modules()["layer1"]->eval();  // somebody froze a part: it stays frozen

  const Feature one = model.encode(0, x, rows({false, true, false}));
  const Feature batch_of_one = model.encode(0, x.slice(0, 1, 2), rows({true}));
  EXPECT_TRUE(model.encoder(0).is_training());
  EXPECT_TRUE(model.encoder(0).named_modules()["layer2"]->is_training());
  EXPECT_FALSE(model.encoder(0).named_modules()["layer1"]->is_training());
  const std::vector<Tensor> buffers = model.buffers();
  for (size_t i = 0; i < buffers.size(); ++i) EXPECT_TRUE(torch::equal(buffers[i], copies[i]));

  model.eval();
  const Feature expected = model.encode(0, x, rows({true, true, true}));
  EXPECT_LT(relative_error(one.pooled[1], expected.pooled[1]), 1e-5);
  EXPECT_LT(relative_error(batch_of_one.pooled[0], expected.pooled[1]), 1e-5);
  EXPECT_TRUE(one.pooled.requires_grad());
}

TEST(Model, WeightsOfPicturesAreChannelsLastWhereAsked) {
  ModelOptions options;
  const auto strided = [&](const char* encoder, bool channels_last) {
    options.encoders = {{"ear", encoder}};
    options.channels_last = channels_last;
    const Model model({kEar}, 3, options, 0);
    int64_t count = 0;
    for (const Tensor& parameter : model.modality_parameters(0, Scope::encoder_conv)) {
      count += parameter.suggest_memory_format() == torch::MemoryFormat::ChannelsLast ? 1 : 0;
    }
    return count;
  };
  EXPECT_EQ(strided("resnet18:width=16", true), 20);
  EXPECT_EQ(strided("resnet18:width=16", false), 0);
  // LibTorch 2.13 crashes on narrower pointwise convolutions in that layout.
  EXPECT_EQ(strided("resnet18:width=8", true), 0);
}

TEST(Model, ChannelsLastFlowsThroughTheEncoder) {
  ModelOptions options;
  options.encoders = {{"ear", "resnet18:width=16"}};
  Model model({{"ear", "audio", {1, 64, 64}}}, 3, options, 0);
  const Feature feature = model.encode(0, torch::randn({2, 1, 64, 64}), rows({true, true}));
  EXPECT_TRUE(feature.map.is_contiguous(torch::MemoryFormat::ChannelsLast));
  EXPECT_FALSE(feature.map.is_contiguous());
}

TEST(Model, ConvolutionsOfTheFusionAreChannelsLastToo) {
  ModelOptions options;
  options.fusion = "se_fusion:width=8";  // the trunk's pointwise convolutions have 32 channels
  for (const bool channels_last : {true, false}) {
    options.channels_last = channels_last;
    const Model model({kEye, kEar}, 3, options, 0);
    for (const auto& item : model.named_parameters()) {
      if (!item.key().starts_with("fusion.") || item.value().dim() != 4) continue;
      EXPECT_EQ(item.value().suggest_memory_format() == torch::MemoryFormat::ChannelsLast, channels_last) << item.key();
    }
  }
}

TEST(Model, DefaultEncodersAreTheFusions) {
  ModelOptions options;
  options.fusion = "se_fusion:width=4";
  Model model({kEye, kImu}, 3, options, 0);
  EXPECT_EQ(model.encoder(0).width(), 8);
  EXPECT_EQ(model.encoder(1).width(), 8);
}

TEST(Model, RefusesWhatMakesNoSense) {
  EXPECT_THROW(Model({}, 3, {}, 0), Error);
  EXPECT_THROW(Model({kImu}, 1, {}, 0), Error);
  EXPECT_THROW(Model({kImu, kImu}, 3, {}, 0), Error);
  EXPECT_THROW(Model({{"a.b", "vector", {2}}}, 3, {}, 0), Error);
  ModelOptions options;
  options.fusion = "concta";
  EXPECT_THROW(Model({kImu}, 3, options, 0), Error);
  Model model({kImu}, 3, {}, 0);
  EXPECT_THROW(model.encode(0, torch::zeros({3, 5}), rows({true})), Error);
  EXPECT_THROW(model.forward(example_batch({kImu, kEye}, 2, 3, 0), false), Error);
}

TEST(Model, RefusesInputsOfAnotherShapeInOneLine) {
  Model model({kEye, kImu}, 3, small(), 0);
  Batch batch = example_batch({kEye, kImu}, 2, 3, 0);
  batch.inputs[0] = batch.inputs[0].slice(2, 0, 8);
  testing::expect_error(ErrorKind::data, {"modality 'eye'", "(B, 3, 16, 16)", "(2, 3, 8, 16)"},
                        [&] { model.forward(batch, false); });
}

TEST(ModelOptions, NamesEncodersOfUnknownModalities) {
  ModelOptions options;
  options.encoders = {{"ey", "mlp"}};
  try {
    options.check({kEye, kImu});
    FAIL() << "nothing thrown";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("'ey'"));
    EXPECT_THAT(error.what(), HasSubstr("eye"));
  }
  options.encoders = {{"eye", "mlp"}};
  EXPECT_NO_THROW(options.check({kEye, kImu}));
}

}  // namespace
}  // namespace pdmp::models

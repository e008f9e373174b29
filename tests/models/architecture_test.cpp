#include "models/architecture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pdmp::models {
namespace {

using Shape = std::vector<int64_t>;

Model make_model(const std::vector<ModalityInfo>& infos, const std::string& encoder,
                 const std::string& fusion = "concat", int64_t classes = 6) {
  ModelOptions options;
  options.fusion = fusion;
  for (const ModalityInfo& info : infos) {
    if (!encoder.empty()) options.encoders[info.name] = encoder;
  }
  return Model(infos, classes, options, 0);
}

const ModuleRow& row(const Architecture& architecture, const std::string& name) {
  for (const ModuleRow& candidate : architecture.rows) {
    if (candidate.name == name) return candidate;
  }
  throw std::out_of_range(name);
}

int64_t flops(const Architecture& architecture, const std::string& prefix) {
  int64_t sum = 0;
  for (const ModuleRow& module : architecture.rows) {
    if (module.name.starts_with(prefix)) sum += module.flops;
  }
  return sum;
}

// 1,813,561,344 multiply-adds: the sum over its convolutions of h w o i k k at the sizes of models.md 1.1.
TEST(Architecture, ResNet18At224) {
  Model model = make_model({{"eye", "image", {3, 224, 224}}}, "resnet18");
  const Architecture architecture = measure_architecture(model);
  EXPECT_EQ(flops(architecture, "encoders.eye."), 2 * int64_t{1813561344});
  EXPECT_EQ(row(architecture, "encoders.eye.conv1").flops, 2 * 118013952);
  EXPECT_EQ(row(architecture, "encoders.eye.conv1").output, (Shape{1, 64, 112, 112}));
  EXPECT_EQ(flops(architecture, "encoders.eye.layer1."), 2 * 462422016);
  EXPECT_EQ(row(architecture, "encoders.eye.layer3.0.downsample.0").output, (Shape{1, 256, 14, 14}));
  EXPECT_EQ(row(architecture, "encoders.eye.layer4.1.bn2").output, (Shape{1, 512, 7, 7}));
  EXPECT_EQ(row(architecture, "encoders.eye.layer4.1.bn2").flops, 0);
  EXPECT_EQ(architecture.flops_without_parameters, 0);
  int64_t parameters = 0;
  for (const ModuleRow& module : architecture.rows) parameters += module.parameters;
  EXPECT_EQ(parameters, 11176512 + 513 * 6);
}

// Blocks of one fusion that belong to different modalities are rows by themselves.
TEST(Architecture, RowsHaveOneOwner) {
  Model model = make_model({{"left", "vector", {5}}, {"right", "vector", {7}}}, "mlp:hidden=8+4", "concat", 3);
  const Architecture architecture = measure_architecture(model);
  EXPECT_EQ(row(architecture, "encoders.right.fc1").parameters, 7 * 8 + 8);
  EXPECT_EQ(row(architecture, "encoders.right.fc1").flops, 2 * 7 * 8);
  EXPECT_EQ(row(architecture, "encoders.right.fc2").output, (Shape{1, 4}));
  EXPECT_EQ(row(architecture, "encoders.right.fc2").owner, 1);
  for (const int64_t m : {0, 1}) {
    const ModuleRow& block = row(architecture, "fusion.weight_" + std::to_string(m));
    EXPECT_EQ(block.owner, m);
    EXPECT_EQ(block.parameters, 12);
    EXPECT_EQ(block.flops, 2 * 4 * 3);
    EXPECT_EQ(block.output, (Shape{1, 3}));
  }
  EXPECT_EQ(row(architecture, "fusion.bias").owner, std::nullopt);
  EXPECT_EQ(row(architecture, "fusion.bias").flops, 0);
}

// 256 numbers of 6 x 5 products, 256 of 4 x 5; 36 of 4 x 3.
TEST(Architecture, ConvolutionsOverTimeAndText) {
  Model series = make_model({{"m", "tensor", {6, 128}}}, "conv1d:width=4:depth=2:kernel=5");
  const Architecture of_series = measure_architecture(series);
  EXPECT_EQ(row(of_series, "encoders.m.conv1").flops, 2 * 256 * 30);
  EXPECT_EQ(row(of_series, "encoders.m.conv2").flops, 2 * 256 * 20);
  EXPECT_EQ(row(of_series, "encoders.m.bn2").output, (Shape{1, 8, 32}));
  Model text = make_model({{"m", "text", {10}}}, "text_cnn:embedding=4:width=3:kernels=3");
  const Architecture of_text = measure_architecture(text);
  EXPECT_EQ(row(of_text, "encoders.m.embedding").output, (Shape{1, 10, 4}));
  EXPECT_EQ(row(of_text, "encoders.m.embedding").flops, 0);
  EXPECT_EQ(row(of_text, "encoders.m.conv1").flops, 2 * 36 * 12);
  EXPECT_EQ(row(of_text, "encoders.m.conv1").output, (Shape{1, 3, 12}));
}

// Attention multiplies features with features: 2 products of N^2 D, for 16 tokens of each modality and for all 32.
TEST(Architecture, AttentionIsCountedWithoutParameters) {
  const std::vector<ModalityInfo> infos = {{"a", "image", {3, 32, 32}}, {"b", "image", {3, 32, 32}}};
  Model model = make_model(infos, "", "mmformer:dim=32:heads=4:mlp=64:grid=4:width=4");
  EXPECT_EQ(measure_architecture(model).flops_without_parameters, 2 * 2 * 32 * (16 * 16 + 16 * 16 + 32 * 32));
}

TEST(Architecture, EveryModuleOfEveryFusionIsPassed) {
  const std::vector<ModalityInfo> infos = {{"a", "image", {3, 16, 16}}, {"b", "image", {3, 16, 16}}};
  for (const FusionInfo& fusion : fusion_table()) {
    if (fusion.name == std::string("film_bilinear")) continue;  // 512 MiB as it comes
    Model model = make_model(infos, "", fusion.name);
    for (const ModuleRow& module : measure_architecture(model).rows)
      EXPECT_FALSE(module.output.empty()) << fusion.name << ": " << module.name;
  }
}

TEST(Architecture, LeavesTheModelAsItWas) {
  Model model = make_model({{"m", "tensor", {2, 16}}}, "conv1d:width=2");
  model.train();
  std::vector<Tensor> before;
  for (const Tensor& buffer : model.buffers()) before.push_back(buffer.clone());
  measure_architecture(model);
  for (size_t i = 0; i < before.size(); ++i) EXPECT_TRUE(torch::equal(model.buffers()[i], before[i]));
  EXPECT_TRUE(model.is_training());
  EXPECT_TRUE(model.encoder(0).is_training());
}

}  // namespace
}  // namespace pdmp::models

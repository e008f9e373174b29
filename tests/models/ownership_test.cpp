#include <gtest/gtest.h>
#include <set>

#include "pdmp/error.h"
#include "pdmp/model.h"

namespace pdmp::models {
namespace {

const Model& audio_visual() {
  static const Model model({{"audio", "audio", {1, 32, 32}}, {"visual", "frames", {3, 2, 32, 32}}}, 6, {}, 0);
  return model;
}

std::set<const void*> identities(const std::vector<Tensor>& tensors) {
  std::set<const void*> result;
  for (const Tensor& tensor : tensors) result.insert(tensor.unsafeGetTensorImpl());
  return result;
}

// methods-modulation 0.4: 60 tensors in a ResNet-18 trunk, 20 of them convolutions.
TEST(Ownership, ScopesCount) {
  const Model& model = audio_visual();
  for (const int64_t m : {0, 1}) {
    EXPECT_EQ(model.modality_parameters(m).size(), 60U);
    EXPECT_EQ(model.modality_parameters(m, Scope::encoder_conv).size(), 20U);
    EXPECT_EQ(model.modality_parameters(m, Scope::encoder_non1d).size(), 20U);
    EXPECT_EQ(model.modality_parameters(m, Scope::encoder_plus_head).size(), 61U);
  }
  EXPECT_EQ(model.shared_parameters().size(), 1U);
}

TEST(Ownership, LinearWeightsAreNon1dButNotConv) {
  const Model model({{"a", "vector", {4}}}, 3, {}, 0);  // three Linear layers
  EXPECT_EQ(model.modality_parameters(0, Scope::encoder_all).size(), 6U);
  EXPECT_EQ(model.modality_parameters(0, Scope::encoder_non1d).size(), 3U);
  EXPECT_EQ(model.modality_parameters(0, Scope::encoder_conv).size(), 0U);
}

// Layers over time count as layers over pictures do; their BatchNorm and what is no layer does not.
TEST(Ownership, ConvolutionsOverOneDimensionAreConvolutions) {
  ModelOptions options;
  options.encoders = {{"series", "conv1d:width=4:depth=2"}, {"text", "text_cnn:width=4"}};
  const Model model({{"series", "tensor", {2, 16}}, {"text", "text", {32}}}, 3, options, 0);
  EXPECT_EQ(model.modality_parameters(0, Scope::encoder_all).size(), 6U);
  EXPECT_EQ(model.modality_parameters(0, Scope::encoder_conv).size(), 2U);
  EXPECT_EQ(model.modality_parameters(1, Scope::encoder_conv).size(), 3U);  // kernels 3, 4 and 5
  for (const OwnedParameter& parameter : model.ownership())
    EXPECT_EQ(parameter.convolution, parameter.in_encoder && parameter.value.dim() == 3) << parameter.name;
}

TEST(Ownership, IsDisjointAndCoveringAndInOrder) {
  const Model& model = audio_visual();
  const auto named = model.named_parameters();
  const std::vector<OwnedParameter>& owned = model.ownership();
  ASSERT_EQ(owned.size(), named.size());
  for (size_t i = 0; i < owned.size(); ++i) {
    EXPECT_EQ(owned[i].name, named[i].key());
    EXPECT_TRUE(owned[i].value.is_same(named[i].value())) << owned[i].name;
  }
  size_t total = 0;
  std::set<const void*> all = identities(model.shared_parameters());
  total += all.size();
  for (const int64_t m : {0, 1}) {
    const auto own = identities(model.modality_parameters(m, Scope::encoder_plus_head));
    total += own.size();
    all.insert(own.begin(), own.end());
  }
  EXPECT_EQ(all.size(), total);
  EXPECT_EQ(all, identities(model.parameters()));
}

TEST(Ownership, HeadBlocksBelongToTheirModalityAndTheBiasToNobody) {
  for (const OwnedParameter& parameter : audio_visual().ownership()) {
    EXPECT_EQ(parameter.in_encoder, parameter.name.starts_with("encoders.")) << parameter.name;
    std::optional<int64_t> expected;
    if (parameter.name == "fusion.weight_0" || parameter.name.starts_with("encoders.audio.")) expected = 0;
    if (parameter.name == "fusion.weight_1" || parameter.name.starts_with("encoders.visual.")) expected = 1;
    EXPECT_EQ(parameter.owner, expected) << parameter.name;
  }
}

// methods-modulation 0.4: mmFormer holds a part of each modality's encoder, and the scopes find it there.
TEST(Ownership, AFusionMayHoldAPartOfAnEncoder) {
  ModelOptions options;
  options.fusion = "mmformer:dim=16:heads=2:mlp=32:grid=2:width=4";
  const Model model({{"a", "vector", {4}}, {"b", "vector", {3}}}, 3, options, 0);
  const std::set<const void*> all = identities(model.modality_parameters(0)),
                              conv = identities(model.modality_parameters(0, Scope::encoder_conv)),
                              none_of_b = identities(model.modality_parameters(1));
  size_t held = 0, convolutions = 0;
  for (const OwnedParameter& parameter : model.ownership()) {
    if (!parameter.name.starts_with("fusion.") || parameter.owner != 0) continue;
    EXPECT_TRUE(parameter.in_encoder) << parameter.name;
    const void* identity = parameter.value.unsafeGetTensorImpl();
    EXPECT_TRUE(all.contains(identity)) << parameter.name;
    EXPECT_FALSE(none_of_b.contains(identity)) << parameter.name;
    EXPECT_EQ(conv.contains(identity), parameter.value.dim() == 4) << parameter.name;
    convolutions += parameter.value.dim() == 4 ? 1 : 0;
    ++held;
  }
  EXPECT_GT(held, 10U);
  EXPECT_EQ(convolutions, 1U);
  EXPECT_EQ(identities(model.modality_parameters(0, Scope::encoder_plus_head)), all);
}

// Moving the model to another type keeps the map: it holds the parameters, not copies.
TEST(Ownership, SurvivesConversion) {
  Model model({{"a", "vector", {4}}}, 3, {}, 0);
  model.to(torch::kFloat64);
  for (const Tensor& parameter : model.modality_parameters(0)) EXPECT_EQ(parameter.scalar_type(), torch::kFloat64);
}

}  // namespace
}  // namespace pdmp::models

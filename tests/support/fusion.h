// A fusion with parameters and features set by hand, for tests of src/models/fusion.
#pragma once

#include <cstdint>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/spec.h"
#include "pdmp/model.h"

namespace pdmp::testing {

inline std::shared_ptr<Fusion> make_fusion(const std::string& spec, const std::vector<int64_t>& widths,
                                           int64_t classes = 2) {
  return configure(fusion_table(), "fusion", spec, "fusion")->make(widths, classes);
}

// Values by name; every parameter has to be named.
inline void set_parameters(Fusion& fusion, const std::map<std::string, Tensor>& values) {
  const torch::NoGradGuard no_grad;
  for (auto& item : fusion.named_parameters()) {
    const auto found = values.find(item.key());
    ASSERT_NE(found, values.end()) << item.key();
    ASSERT_EQ(found->second.sizes(), item.value().sizes()) << item.key();
    item.value().copy_(found->second);
  }
  ASSERT_EQ(values.size(), fusion.named_parameters().size());
}

inline std::vector<Feature> pooled_features(const std::vector<Tensor>& pooled) {
  std::vector<Feature> result;
  for (const Tensor& z : pooled) result.push_back({{}, z});
  return result;
}

// Standard normal features of these widths.
inline std::vector<Feature> random_features(int64_t rows, const std::vector<int64_t>& widths) {
  std::vector<Tensor> pooled;
  for (const int64_t width : widths) pooled.push_back(torch::randn({rows, width}));
  return pooled_features(pooled);
}

inline Tensor all_present(int64_t rows, size_t modalities) {
  return torch::ones({rows, static_cast<int64_t>(modalities)}, torch::kBool);
}

// All rows without modality m: its feature zero, as Model::encode hands it over, and `present` false.
inline void remove_modality(std::vector<Feature>& features, Tensor& present, int64_t m) {
  Feature& feature = features[static_cast<size_t>(m)];
  feature.pooled = torch::zeros_like(feature.pooled);
  present.select(1, m).fill_(false);
}

// logits (1, C) within two units of the sixth digit after the point.
inline void expect_logits(const Tensor& logits, const std::vector<double>& expected) {
  ASSERT_EQ(logits.sizes(), (std::vector<int64_t>{1, static_cast<int64_t>(expected.size())}));
  for (size_t c = 0; c < expected.size(); ++c) {
    EXPECT_NEAR(logits[0][static_cast<int64_t>(c)].item<double>(), expected[c], 2e-6) << "class " << c;
  }
}

inline int64_t parameter_count(const torch::nn::Module& module) {
  int64_t count = 0;
  for (const Tensor& parameter : module.parameters()) count += parameter.numel();
  return count;
}

// Owner by name of parameter; none of them a part of an encoder.
inline std::map<std::string, std::optional<int64_t>> owners(const Fusion& fusion) {
  std::map<std::string, std::optional<int64_t>> result;
  for (const auto& item : fusion.named_parameters()) {
    result[item.key()] = fusion.owner(item.key());
    EXPECT_FALSE(fusion.in_encoder(item.key())) << item.key();
  }
  return result;
}

inline void expect_sum_is_fused(Fusion& fusion, const std::vector<Feature>& features, const Tensor& present) {
  Tensor sum = torch::zeros({});
  for (const Tensor& logits : fusion.unimodal_logits(features, present)) sum = sum + logits;
  EXPECT_TRUE(torch::allclose(sum, fusion.forward(features, present), 1e-5, 1e-5));
}

// Rows without modality m teach nothing to the parameters that m owns, and every number stays finite. For each m.
inline void expect_absent_rows_teach_nothing(const std::string& spec, const std::vector<int64_t>& widths) {
  for (size_t m = 0; m < widths.size(); ++m) {
    const auto fusion = make_fusion(spec, widths);
    std::vector<Feature> features = random_features(3, widths);
    Tensor present = all_present(3, widths.size());
    remove_modality(features, present, static_cast<int64_t>(m));
    Tensor total = fusion->forward(features, present).square().sum();
    for (const Tensor& logits : fusion->unimodal_logits(features, present)) total = total + logits.square().sum();
    total.backward();
    EXPECT_TRUE(total.isfinite().item<bool>()) << spec;
    for (const auto& item : fusion->named_parameters()) {
      const Tensor gradient = item.value().grad();
      if (!gradient.defined()) continue;
      EXPECT_TRUE(gradient.isfinite().all().item<bool>()) << spec << ": " << item.key();
      if (fusion->owner(item.key()) != static_cast<int64_t>(m)) continue;
      EXPECT_EQ(gradient.abs().max().item<double>(), 0) << spec << ": " << item.key();
    }
  }
}

// With one modality: the linear head of `concat`, whose own logits are the fused ones.
inline void expect_linear_head(const std::string& spec) {
  const auto head = make_fusion(spec, {3});
  set_parameters(*head, {{"weight_0", torch::tensor({{1.0F, 2.0F, 3.0F}, {0.0F, -1.0F, 0.0F}})},
                         {"bias", torch::tensor({0.5F, 0.0F})}});
  const std::vector<Feature> z = pooled_features({torch::tensor({{1.0F, 0.0F, -1.0F}})});
  expect_logits(head->forward(z, all_present(1, 1)), {-1.5, 0});
  expect_logits(head->unimodal_logits(z, all_present(1, 1))[0], {-1.5, 0});
}

}  // namespace pdmp::testing

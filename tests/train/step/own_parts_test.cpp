#include "train/step/own_parts.h"

#include <gtest/gtest.h>
#include <torch/nn/modules/linear.h>

namespace pdmp::training {
namespace {

TEST(OwnParts, WhatIsInNoGroupGetsOne) {
  torch::nn::Linear model(2, 2), parts(2, 3);
  const std::vector<ParameterGroup> groups = {
      {.name = "all", .modality = std::nullopt, .parameters = {model->weight, model->bias, parts->bias}}};
  EXPECT_EQ(with_own_parts(groups, nullptr).size(), 1u);
  const std::vector<ParameterGroup> all = with_own_parts(groups, parts.get());
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[1].name, "method");
  ASSERT_EQ(all[1].parameters.size(), 1u);
  EXPECT_TRUE(all[1].parameters[0].is_same(parts->weight));
}

}  // namespace
}  // namespace pdmp::training

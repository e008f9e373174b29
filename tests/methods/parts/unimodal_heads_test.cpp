#include "methods/parts/unimodal_heads.h"

#include <cmath>
#include <gmock/gmock.h>

#include "methods/toy_model.h"

namespace pdmp::methods {
namespace {

using namespace testing;  // pdmp::testing

TEST(UnimodalHeads, OneLinearLayerPerModality) {
  const auto model = image_model();
  UnimodalHeads heads(*model);
  EXPECT_EQ(heads.group().parameters.size(), 4u);
  EXPECT_EQ(heads.named_parameters()["v.weight"].sizes(), (std::vector<int64_t>{3, model->encoder(1).width()}));
  EXPECT_EQ(heads.parameters_of(1)[0].scalar_type(), at::kDouble);
  const Outputs outputs = model->forward(image_batch(0), false);
  const std::vector<Tensor> logits = heads.logits(outputs.features);
  ASSERT_EQ(logits.size(), 2u);
  const std::vector<Tensor> layer = heads.parameters_of(1);
  EXPECT_TRUE(at::allclose(logits[1], outputs.features[1].pooled.matmul(layer[0].t()) + layer[1]));
  logits[1].sum().backward();  // reaches the encoder
  EXPECT_TRUE(model->modality_parameters(1)[0].grad().defined());
  EXPECT_FALSE(model->modality_parameters(0)[0].grad().defined());
}

TEST(UnimodalHeads, FeaturesOfLowerPrecisionAreWidened) {
  const auto model = image_model(at::kFloat);
  UnimodalHeads heads(*model);
  const Tensor narrow = at::ones({2, model->encoder(0).width()}, at::kBFloat16);
  EXPECT_EQ(heads.logits({{{}, narrow}, {{}, narrow}})[0].scalar_type(), at::kFloat);
}

TEST(LossWherePresent, IsTheMeanOverTheRowsThatHaveTheModality) {
  Batch batch = full_batch({at::zeros({2, 1}), at::zeros({2, 1})}, at::tensor({0, 1}, at::kLong));
  const Criterion criterion(OptimizerOptions{}, *dataset_of(*scalar_model(), batch));
  const Tensor logits = at::tensor({2.0, 0.0, 0.0, 1.0}, at::kDouble).reshape({2, 2});  // "a" of fixture F1
  EXPECT_NEAR(loss_where_present(criterion, logits, batch, 0).item<double>(), .220095, 1e-6);
  batch.present[0][0] = false;
  EXPECT_NEAR(loss_where_present(criterion, logits, batch, 0).item<double>(), -std::log(.731059), 1e-6);
  batch.present[1][0] = false;
  EXPECT_FALSE(loss_where_present(criterion, logits, batch, 0).defined());
}

}  // namespace
}  // namespace pdmp::methods

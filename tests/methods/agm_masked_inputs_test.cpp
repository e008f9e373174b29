#include <gtest/gtest.h>

#include "methods/agm.h"
#include "methods/toy_model.h"
#include "models/layers/evaluation_mode.h"
#include "models/unimodal.h"

namespace pdmp::methods {
namespace {

using namespace testing;  // pdmp::testing

// F(S) as the release computes it: the whole model, with zeros for what is left out.
Tensor masked_logits(Model& model, Batch batch, const std::vector<size_t>& left_out) {
  const models::EvaluationMode evaluation(model);
  for (const size_t m : left_out) batch.inputs[m] = at::zeros_like(batch.inputs[m]);
  return model.forward(batch, false).fused;
}

std::vector<Tensor> gradients(Model& model, const Tensor& loss) {
  for (const Tensor& parameter : model.parameters()) parameter.mutable_grad() = Tensor();
  loss.backward();
  std::vector<Tensor> result;
  for (const Tensor& parameter : model.parameters())
    result.push_back(parameter.grad().defined() ? parameter.grad() : at::zeros_like(parameter));
  return result;
}

// In training mode, with running statistics that are not those of the start.
std::shared_ptr<Model> trained_model(const Batch& batch) {
  auto model = image_model();
  model->train();
  model->forward(batch, false);
  return model;
}

// phi_1 = [F(12) - F(2) + F(1)] / 2 with whole passes, and the gradients of both shares.
TEST(MaskedInputs, TwoModalitiesAreTheFormulaOfWholePasses) {
  const Batch batch = image_batch(0);
  for (const size_t m : {size_t{0}, size_t{1}}) {
    const auto direct = trained_model(batch), model = trained_model(batch);
    const Tensor both = direct->forward(batch, false).fused;
    const Tensor expected = (both - masked_logits(*direct, batch, {m}) + masked_logits(*direct, batch, {1 - m})) / 2;
    const Tensor share = shapley_logits_of_inputs(*model, batch, model->forward(batch, false).fused)[m];
    EXPECT_TRUE(at::allclose(share, expected, 1e-9, 1e-12));
    const std::vector<Tensor> found = gradients(*model, share.square().sum()),
                              wanted = gradients(*direct, expected.square().sum());
    for (size_t i = 0; i < found.size(); ++i) EXPECT_TRUE(at::allclose(found[i], wanted[i], 1e-8, 1e-10)) << i;
  }
}

TEST(MaskedInputs, SharesSumToTheWhole) {
  const auto model = image_model();
  model->train();
  const Batch batch = image_batch(1);
  const Tensor whole = model->forward(batch, false).fused;
  const std::vector<Tensor> shares = shapley_logits_of_inputs(*model, batch, whole);
  EXPECT_TRUE(at::allclose(shares[0] + shares[1], whole, 1e-9, 1e-12));
  EXPECT_TRUE(model->is_training());
}

// A row that lacks v has F(12) = F(1) and F(2) = F({}), whatever lies in its input: phi_v = F({}) / 2.
TEST(MaskedInputs, AbsentRowsAreAbsentInEverySubset) {
  const auto model = image_model();
  model->eval();
  Batch batch = image_batch(2);
  batch.present[1][1] = false;
  const auto shares_with = [&](double rubbish) {
    batch.inputs[1][1].fill_(rubbish);
    return shapley_logits_of_inputs(*model, batch, model->forward(batch, false).fused);
  };
  const std::vector<Tensor> shares = shares_with(0), again = shares_with(1e6);
  const Tensor neither = masked_logits(*model, batch, {0, 1})[1];
  EXPECT_TRUE(at::allclose(shares[1][1], neither / 2, 1e-9, 1e-12));
  for (size_t m = 0; m < 2; ++m) EXPECT_TRUE(at::equal(shares[m], again[m]));
}

}  // namespace
}  // namespace pdmp::methods

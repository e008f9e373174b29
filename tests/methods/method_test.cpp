#include <gmock/gmock.h>

#include "methods/toy_model.h"

namespace pdmp::methods {
namespace {

using namespace testing;  // pdmp::testing

TEST(Method, UnimodalLogitsComeWithEvaluation) {
  const auto model = scalar_model();
  const auto joint = method("joint");
  model->eval();
  EXPECT_TRUE(joint->forward(*model, scalar_batch(), Mode::train).unimodal.empty());
  const Outputs outputs = joint->forward(*model, scalar_batch(), Mode::evaluate);
  ASSERT_EQ(outputs.unimodal.size(), 2u);
  EXPECT_TRUE(at::allclose(outputs.unimodal[0] + outputs.unimodal[1], outputs.fused));
  EXPECT_TRUE(at::allclose(outputs.fused, at::tensor({2.0, -2.0}, at::kDouble).reshape({1, 2})));
}

// The order of a step, as a method that overrides single hooks meets it.
class Recorder : public Method {
 public:
  Outputs forward(Model& model, const Batch& batch, Mode mode) override {
    calls += "forward ";
    return Method::forward(model, batch, mode);
  }
  Loss loss(StepContext& context, const Outputs& outputs) override {
    calls += "loss ";
    Loss result = Method::loss(context, outputs);
    return {result.total * 2, {{"twice", result.total.detach()}}};
  }
  void modulate(StepContext& context, const Outputs&) override {
    calls += head_bias(context.model()).grad().defined() ? "modulate" : "modulate-without-gradients";
  }
  std::string calls;
};

TEST(Method, StepCallsItsHooksInOrder) {
  const auto recorder = std::make_shared<Recorder>();
  MethodAtWork run(scalar_model(), recorder, {}, scalar_batch());
  const Loss loss = run.train(scalar_batch());
  EXPECT_EQ(recorder->calls, "forward loss modulate");
  EXPECT_NEAR(loss.total.item<double>(), 2 * 4.01814993, 1e-7);
  ASSERT_EQ(loss.parts.size(), 1u);
  EXPECT_EQ(loss.parts[0].first, "twice");
}

}  // namespace
}  // namespace pdmp::methods

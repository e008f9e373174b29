#include "train/step/finite.h"

#include <cmath>
#include <gtest/gtest.h>
#include <torch/nn/modules/linear.h>

#include "support/expect_error.h"
#include "support/toy_task.h"

namespace pdmp::training {
namespace {

struct FiniteTest : ::testing::Test {
  std::shared_ptr<const Dataset> data = testing::toy_data(4, 2, 1);
  std::shared_ptr<Model> model = testing::toy_model(*data);
  Batch batch = collate({data->get(0, nullptr), data->get(1, nullptr)}, {5, 6});

  void set(const std::string& name, double value) {
    const torch::NoGradGuard no_gradients;
    for (const auto& item : model->named_parameters()) {
      if (item.key() == name) item.value().view(-1)[0] = value;
    }
  }
  std::string last() const { return model->named_parameters().keys().back(); }
};

TEST_F(FiniteTest, NamesTheFirstWeightThatIsNot) {
  EXPECT_EQ(nonfinite_weight({*model}), "");
  for (const double value : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
    set(last(), value);
    EXPECT_EQ(nonfinite_weight({*model}), last());
  }
}

// Their sum overflows, they do not.
TEST_F(FiniteTest, LargeWeightsAreFinite) {
  const torch::NoGradGuard no_gradients;
  model->parameters()[0].fill_(3e38);
  EXPECT_EQ(nonfinite_weight({*model}), "");
}

TEST_F(FiniteTest, PartsOfTheMethodCount) {
  torch::nn::Linear parts(2, 2);
  {
    const torch::NoGradGuard no_gradients;
    parts->bias[1] = std::nan("");
  }
  EXPECT_EQ(nonfinite_weight({*model, parts.get()}), "method.bias");
}

TEST_F(FiniteTest, InputsAreTheFirstCauseThenWeightsThenGradients) {
  EXPECT_EQ(nonfinite_cause({*model}, *model, batch), "");
  model->parameters()[0].mutable_grad() = torch::full_like(model->parameters()[0], HUGE_VAL);
  EXPECT_EQ(nonfinite_cause({*model}, *model, batch), "the gradients of " + model->named_parameters().keys()[0]);
  set(last(), std::nan(""));
  EXPECT_EQ(nonfinite_cause({*model}, *model, batch), "the weights " + last());
  batch.inputs[1][1][0] = HUGE_VAL;
  EXPECT_EQ(nonfinite_cause({*model}, *model, batch), "the input of modality 'b' (sample 7 of train)");
}

TEST_F(FiniteTest, TheSentenceSaysWhatSinceWhenAndWhatToDo) {
  testing::expect_error(ErrorKind::data,
                        {"found a loss of nan", "since step 7 (epoch 2)", "diverged", "`lr` (it is 0.1)"},
                        [] { fail_diverged("a loss of nan", 2, 7, 0.1, nullptr); });
}

}  // namespace
}  // namespace pdmp::training

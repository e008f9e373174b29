#include <cmath>
#include <gtest/gtest.h>

#include "pdmp/trainer.h"
#include "support/toy_task.h"

namespace pdmp::training {
namespace {

// Fixed logits, whatever the input: rows of `logits` in the order of the data set.
class FixedMethod : public Method {
 public:
  explicit FixedMethod(Tensor logits) : logits_(std::move(logits)) {}
  Outputs forward(Model&, const Batch& batch, Mode mode) override {
    EXPECT_EQ(mode, Mode::evaluate);
    EXPECT_FALSE(torch::GradMode::is_enabled());
    const Tensor rows = logits_.index_select(0, batch.index);
    return {.features = {}, .fused = rows, .unimodal = {rows, -2 * rows}};
  }

 private:
  Tensor logits_;
};

TEST(Evaluate, ScoresEverySampleWithLiteralNumbers) {
  // Truth 0 0 0 1 1 2 2 2 2 and predictions 0 1 0 1 1 2 0 2 1, in batches of 4, 4 and 1.
  const std::vector<int64_t> truth = {0, 0, 0, 1, 1, 2, 2, 2, 2}, said = {0, 1, 0, 1, 1, 2, 0, 2, 1};
  const Tensor labels = torch::tensor(truth);
  const Tensor logits = 2 * torch::one_hot(torch::tensor(said), 3).to(torch::kFloat32);
  std::vector<ModalityInfo> infos;
  for (const char* name : {"a", "b"}) infos.push_back({.name = name, .type = "vector", .shape = {4}});
  const auto data =
      std::make_shared<TensorDataset>(infos, std::vector<std::string>{"x", "y", "z"},
                                      std::vector<Tensor>{torch::zeros({9, 4}), torch::zeros({9, 4})}, labels);
  const auto model = testing::toy_model(*data);
  TrainOptions options = testing::toy_training(1);
  options.batch_size = 4;
  FixedMethod method(logits);
  model->train();
  const Evaluation result = evaluate(*model, method, data, options);
  EXPECT_TRUE(model->is_training());
  EXPECT_EQ(result.n, 9);
  EXPECT_NEAR(result.accuracy(), 6.0 / 9, 1e-12);
  // F1: class 0 2*2/(3+3), class 1 2*2/(2+4), class 2 2*2/(4+2).
  EXPECT_NEAR(result.score("macro_f1"), 2.0 / 3, 1e-12);
  // -log softmax of (2, 0, 0): right 0.239545, wrong 2.239545.
  const double right = std::log(std::exp(2.0) + 2) - 2;
  EXPECT_NEAR(result.loss(), (6 * right + 3 * (right + 2)) / 9, 1e-6);
  EXPECT_NEAR(result.unimodal_accuracy[0], 6.0 / 9, 1e-12);
  EXPECT_EQ(result.dependency, (std::vector<double>{2, 4}));
  EXPECT_NEAR(result.shares()[1], 2.0 / 3, 1e-6);
  EXPECT_TRUE(result.predictions.equal(torch::tensor(said)));
  EXPECT_EQ(result.confusion()[2][0].item<int64_t>(), 1);
  EXPECT_EQ(result.probabilities.sizes(), torch::IntArrayRef({9, 3}));
  std::vector<Tensor> predictions, probabilities;  // batch by batch
  const Evaluation taken =
      evaluate(*model, method, data, options, "", {}, [&](const Tensor& prediction, const Tensor& probability) {
        predictions.push_back(prediction);
        probabilities.push_back(probability);
      });
  EXPECT_EQ(probabilities.size(), 3u);
  EXPECT_TRUE(torch::cat(predictions).equal(result.predictions));
  EXPECT_TRUE(torch::cat(probabilities).equal(result.probabilities));
  EXPECT_FALSE(taken.probabilities.defined());
  EXPECT_EQ(taken.score("calibration_error"), result.score("calibration_error"));
  EXPECT_EQ(taken.score("macro_f1"), result.score("macro_f1"));
}

std::shared_ptr<const Dataset> with_absent_second(const std::shared_ptr<const Dataset>& data, int64_t every) {
  std::vector<Tensor> inputs[2];
  std::vector<int64_t> labels;
  for (int64_t i = 0; i < data->size(); ++i) {
    const Sample sample = data->get(i, nullptr);
    for (size_t m : {0, 1}) inputs[m].push_back(sample.inputs[m]);
    labels.push_back(sample.label);
  }
  const Tensor present = torch::ones({data->size(), 2}, torch::kBool);
  for (int64_t i = 0; i < data->size(); i += every) present[i][1] = false;
  return std::make_shared<TensorDataset>(data->modalities(), data->classes(),
                                         std::vector<Tensor>{torch::stack(inputs[0]), torch::stack(inputs[1])},
                                         torch::tensor(labels), present);
}

TEST(Evaluate, KeepsWhatWasThereAndTakesAwayWhatIsAskedFor) {
  const auto data = testing::toy_data(30, 2, 1), some = with_absent_second(data, 3), none = with_absent_second(data, 1);
  const auto model = testing::toy_model(*data);
  TrainOptions options = testing::toy_training(1);
  options.batch_size = 8;
  Method method;
  const Evaluation of_some = evaluate(*model, method, some, options);
  EXPECT_EQ(of_some.present.sizes(), torch::IntArrayRef({30, 2}));
  EXPECT_TRUE(of_some.present.select(1, 0).all().item<bool>());
  EXPECT_EQ(of_some.present.select(1, 1).sum().item<int64_t>(), 20);
  EXPECT_FALSE(of_some.present[27][1].item<bool>());

  const Evaluation without = evaluate(*model, method, data, options, "", {1});
  EXPECT_FALSE(without.present.select(1, 1).any().item<bool>());
  EXPECT_TRUE(without.probabilities.equal(evaluate(*model, method, none, options).probabilities));
  EXPECT_FALSE(without.probabilities.equal(evaluate(*model, method, data, options).probabilities));
  // Samples that have nothing left are scored all the same.
  const Evaluation blind = evaluate(*model, method, data, options, "", {0, 1});
  EXPECT_EQ(blind.n, 30);
  EXPECT_FALSE(blind.present.any().item<bool>());
  EXPECT_TRUE(blind.probabilities[0].equal(blind.probabilities[29]));
}

TEST(Evaluate, PutsEveryPartBackIntoItsMode) {
  const auto data = testing::toy_data(9, 2, 1);
  const auto model = testing::toy_model(*data);
  model->train();
  model->encoder(0).eval();  // somebody froze it
  Method method;
  evaluate(*model, method, data, testing::toy_training(1));
  EXPECT_TRUE(model->is_training());
  EXPECT_TRUE(model->encoder(1).is_training());
  EXPECT_FALSE(model->encoder(0).is_training());
}

}  // namespace
}  // namespace pdmp::training

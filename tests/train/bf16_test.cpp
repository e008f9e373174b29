// Training in bf16, on CPUs that have it: every method gets through it, and weights and statistics stay fp32.
#include <gtest/gtest.h>

#include "pdmp/error.h"
#include "support/tiny_task.h"
#include "train/step/precision.h"

namespace pdmp::training {
namespace {

TrainOptions in_bf16() {
  TrainOptions training = testing::tiny_training(2);
  training.precision = "bf16";
  training.log_every = 1;
  return training;
}

class Bf16 : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!cpu_has_bf16()) GTEST_SKIP() << "this CPU computes no bf16";
  }
};

std::shared_ptr<Model> make_model(const std::string& unimodal = "fusion") {
  ModelOptions options = testing::tiny_model();
  options.unimodal = unimodal;
  return std::make_shared<Model>(testing::tiny_split(3, 1)->modalities(), int64_t{3}, options, 0);
}

TEST_F(Bf16, EveryMethodTrains) {
  const ModalityRanking ranking{{"a", "b"}, 1, 0, {0.5, 0.4}, {0.6, 0.8}, ""};
  for (const MethodInfo& info : method_table()) {
    SCOPED_TRACE(info.name);
    const std::unique_ptr<MethodOptions> options = info.make_options();
    const std::unique_ptr<Method> method = options->make();
    Trainer trainer(in_bf16(), ranking);
    trainer.make_model = [] { return make_model(); };
    trainer.unimodal_model = [](int64_t m) {
      const ModalityInfo modality = testing::tiny_split(3, 1)->modalities()[static_cast<size_t>(m)];
      ModelOptions alone;
      alone.encoders = {{modality.name, "mlp:hidden=8"}};
      return std::make_shared<Model>(std::vector<ModalityInfo>{modality}, int64_t{3}, alone, 0);
    };
    try {
      const auto model = make_model();
      const FitResult fit = trainer.fit(model, *method, testing::tiny_task());
      EXPECT_EQ(fit.history.size(), 2u);
      for (const Tensor& parameter : model->parameters()) EXPECT_EQ(parameter.scalar_type(), torch::kFloat32);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage) << error.what();  // made for other fusions
    }
  }
}

// To the rounding of bf16 gradients. Casts of weights that one pass made without gradients must not serve the next.
TEST_F(Bf16, AccumulatedBatchesLearnAsOneLargeBatch) {
  Method joint;
  TrainOptions options = in_bf16();
  options.select = "last";
  const auto start = make_model(), large = make_model(), small = make_model();
  Trainer(options, std::nullopt).fit(large, joint, testing::tiny_task());
  options.batch_size = 4;
  options.accumulate = 4;
  Trainer(options, std::nullopt).fit(small, joint, testing::tiny_task());
  for (size_t i = 0; i < start->parameters().size(); ++i) {
    const Tensor moved = large->parameters()[i] - start->parameters()[i];
    const Tensor apart = large->parameters()[i] - small->parameters()[i];
    EXPECT_LT(apart.norm().item<double>(), 0.05 * moved.norm().item<double>()) << start->ownership()[i].name;
  }
}

TEST_F(Bf16, ProbesLearnToo) {
  Method joint;
  const FitResult fit = Trainer(in_bf16(), std::nullopt).fit(make_model("probe"), joint, testing::tiny_task());
  EXPECT_EQ(fit.history.size(), 2u);
}

TEST_F(Bf16, StatisticsOfBatchNormStayFp32) {
  const std::vector<ModalityInfo> infos = {{"a", "image", {3, 32, 32}}};
  const auto data =
      std::make_shared<TensorDataset>(infos, std::vector<std::string>{"x", "y"},
                                      std::vector<Tensor>{torch::randn({32, 3, 32, 32})}, torch::arange(32) % 2);
  ModelOptions options;
  options.encoders = {{"a", "resnet18:width=8"}};
  const auto model = std::make_shared<Model>(infos, int64_t{2}, options, 0);
  Method joint;
  Trainer(in_bf16(), std::nullopt).fit(model, joint, {.train = data, .val = {}, .test = {}});
  for (const Tensor& buffer : model->buffers()) {
    EXPECT_NE(buffer.scalar_type(), torch::kBFloat16);
  }
}

}  // namespace
}  // namespace pdmp::training

#include <cmath>
#include <gmock/gmock.h>

#include "methods/toy_model.h"
#include "support/expect_error.h"

namespace pdmp::methods {
namespace {

using ::testing::ElementsAre;
using namespace testing;  // pdmp::testing

std::shared_ptr<Model> vectors(int64_t modalities) {
  std::vector<ModalityInfo> infos;
  for (int64_t m = 0; m < modalities; ++m) infos.push_back({std::string(1, static_cast<char>('a' + m)), "vector", {3}});
  auto model = std::make_shared<Model>(infos, 3, ModelOptions{}, 3);
  model->to(at::kDouble);
  return model;
}

Batch batch_of(int64_t modalities, int64_t rows = 400) {
  std::vector<Tensor> inputs;
  for (int64_t m = 0; m < modalities; ++m)
    inputs.push_back(at::sin(at::arange(3 * rows, at::kDouble) * .37 + m).reshape({rows, 3}) + 2);
  return full_batch(inputs, at::arange(rows).remainder(3));
}

// Remembers which features there were: a modality that is taken away has zeros.
class Watched : public MethodAtWork {
 public:
  using MethodAtWork::MethodAtWork;
  Outputs forward() override {
    Outputs outputs = MethodAtWork::forward();
    std::vector<Tensor> columns;
    for (const Feature& feature : outputs.features) columns.push_back(feature.pooled.detach().abs().sum(1).gt(0));
    seen = at::stack(columns, 1);
    return outputs;
  }
  Tensor seen;  // (B, M)
};

TEST(ModalityDropoutMethod, ZeroIsJointBitForBit) {
  std::vector<std::vector<Tensor>> results;
  for (const bool joint : {true, false}) {
    const auto model = vectors(2);
    MethodAtWork run(model, joint ? method("joint") : method("modality_dropout", {{"p", "0"}}), {}, batch_of(2));
    for (int step = 0; step < 3; ++step) run.train(batch_of(2));
    results.push_back(copies(*model));
    if (joint) continue;
    EXPECT_THAT(run.method().notes(), ElementsAre("p is 0: modality_dropout is joint training"));
  }
  EXPECT_EQ(largest_difference(results[0], results[1]), 0);
}

TEST(ModalityDropoutMethod, EachSampleDrawsForItself) {
  Watched run(vectors(2), method("modality_dropout", {{"p", "0.3"}}), {}, batch_of(2));
  run.train(batch_of(2));
  EXPECT_TRUE(run.seen.any(1).all().item<bool>());
  const double expected = .3 - .3 * .3 / 2;  // one of two stays where both would go
  for (int64_t m = 0; m < 2; ++m) {
    const double gone = 1 - run.seen.select(1, m).to(at::kDouble).mean().item<double>();
    EXPECT_NEAR(gone, expected, .08) << m;
    EXPECT_NEAR(run.log().at(m == 0 ? "dropped/a" : "dropped/b"), gone, 1e-12);
  }
  const Tensor first = run.seen;
  run.train(batch_of(2));
  EXPECT_FALSE(first.equal(run.seen));  // the stream goes on
}

TEST(ModalityDropoutMethod, OrAWholeBatchGoesWithoutTheSame) {
  Watched run(vectors(3), method("modality_dropout", {{"p", "0.5"}, {"per", "batch"}}), {}, batch_of(3, 8));
  double gone = 0;
  for (int step = 0; step < 60; ++step) {
    run.train(batch_of(3, 8));
    EXPECT_TRUE(run.seen.eq(run.seen[0]).all().item<bool>());
    EXPECT_TRUE(run.seen[0].any().item<bool>());
    gone += 3 - run.seen[0].sum().item<double>();
  }
  EXPECT_NEAR(gone / 180, .5 - .125 / 3, .12);
}

TEST(ModalityDropoutMethod, NobodyLosesTheLastOne) {
  for (const char* per : {"sample", "batch"}) {
    Watched run(vectors(2), method("modality_dropout", {{"p", "0.9"}, {"per", per}}), {}, batch_of(2));
    Batch batch = batch_of(2);
    batch.present.slice(0, 0, 100).select(1, 0).fill_(false);
    batch.present.slice(0, 100, 200).select(1, 1).fill_(false);
    const Tensor before = batch.present.clone();
    for (int step = 0; step < 5; ++step) {
      EXPECT_TRUE(run.train(batch).total.isfinite().item<bool>());
      EXPECT_TRUE(run.seen.slice(0, 0, 200).equal(before.slice(0, 0, 200))) << per;
      EXPECT_TRUE(run.seen.any(1).all().item<bool>()) << per;
    }
    EXPECT_TRUE(batch.present.equal(before)) << per;
  }
}

TEST(ModalityDropoutMethod, EvaluationSeesEverything) {
  const auto model = vectors(2);
  MethodAtWork run(model, method("modality_dropout", {{"p", "0.9"}}), {}, batch_of(2));
  run.train(batch_of(2));
  const Batch batch = batch_of(2);
  const Outputs plain = model->forward(batch, true);
  EXPECT_TRUE(run.method().forward(*model, batch, Mode::evaluate).fused.equal(plain.fused));
  EXPECT_TRUE(run.method().forward(*model, batch, Mode::train).fused.equal(plain.fused));  // outside a step
}

TEST(ModalityDropoutMethod, BatchesOfOneAndRowsWithNothing) {
  Watched run(vectors(2), method("modality_dropout", {{"p", "0.9"}}), {}, batch_of(2));
  EXPECT_TRUE(run.train(batch_of(2, 1)).total.isfinite().item<bool>());
  Batch nothing = batch_of(2, 2);
  nothing.present.fill_(false);
  EXPECT_TRUE(run.train(nothing).total.isfinite().item<bool>());
  EXPECT_FALSE(run.seen.any().item<bool>());
}

TEST(ModalityDropoutMethod, OneModalityIsJoint) {
  std::vector<std::vector<Tensor>> results;
  for (const char* name : {"joint", "modality_dropout"}) {
    const auto model = vectors(1);
    MethodAtWork run(model, method(name), {}, batch_of(1));
    run.train(batch_of(1));
    results.push_back(copies(*model));
    EXPECT_EQ(run.method().notes().size(), std::string(name) == "joint" ? 0u : 1u);
  }
  EXPECT_EQ(largest_difference(results[0], results[1]), 0);
}

TEST(ModalityDropoutMethod, RefusesWhatItCannotDo) {
  expect_error(ErrorKind::usage, {"--modality_dropout.p"}, [] { method("modality_dropout", {{"p", "1"}}); });
  expect_error(ErrorKind::usage, {"--modality_dropout.per"}, [] { method("modality_dropout", {{"per", "epoch"}}); });
}

}  // namespace
}  // namespace pdmp::methods

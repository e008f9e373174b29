// Contracts from methods-collaborative 4; the numbers of its loss are in boosting_test.cpp.
#include "methods/reconboost.h"

#include <cmath>
#include <gmock/gmock.h>
#include <torch/nn/functional/loss.h>

#include "methods/toy_model.h"
#include "methods/vector_model.h"
#include "support/expect_error.h"

namespace pdmp::methods {
namespace {

using ::testing::ElementsAre;
using namespace testing;  // pdmp::testing

using Settings = std::vector<std::pair<std::string, std::string>>;
using torch::nn::functional::cross_entropy;

// At work on the vector model; epochs are the test's to choose.
struct AtWork {
  std::shared_ptr<Model> model;
  Batch batch;
  MethodAtWork run;

  explicit AtWork(int64_t modalities, const Settings& settings = {})
      : model(vector_model("concat", modalities)),
        batch(vector_batch(modalities)),
        run(model, method("reconboost", settings), {}, batch) {}

  Loss train(int64_t epoch) {
    run.state.epoch = epoch;
    return run.train(batch);
  }
  Outputs evaluated() {
    const torch::NoGradGuard no_grad;
    return run.method().forward(*model, batch, Mode::evaluate);
  }
  const std::vector<Tensor>& learners() {
    EXPECT_EQ(run.optimizer().groups().back().name, "learners");
    return run.optimizer().groups().back().parameters;
  }
  const Tensor& rho() { return learners().front(); }
};

TEST(ReconBoost, PhaseOneTrainsOneEncoderAndTheHead) {
  AtWork work(2);
  for (const int64_t epoch : {0, 2}) {
    work.train(epoch);  // momentum, were it not for the new phase
    const std::vector<Tensor> before = copies(*work.model);
    const Tensor rho = work.rho().detach().clone();
    work.train(epoch);
    for (size_t i = 0; i < before.size(); ++i) {
      const OwnedParameter& parameter = work.model->ownership()[i];
      const bool trained = parameter.in_encoder && *parameter.owner == epoch / 2;
      EXPECT_EQ(parameter.value.grad().defined(), trained) << parameter.name;
      EXPECT_EQ(at::equal(parameter.value, before[i]), !trained) << parameter.name;
    }
    EXPECT_TRUE(at::equal(work.rho(), rho));
    EXPECT_FALSE(work.rho().grad().defined());
    for (size_t i = 1; i < work.learners().size(); ++i) EXPECT_TRUE(work.learners()[i].grad().defined()) << i;
  }
}

TEST(ReconBoost, PhaseTwoTrainsAllLearnersSoFar) {
  AtWork work(2);
  for (const int64_t epoch : {1, 3}) {
    const std::vector<Tensor> before = copies(*work.model);
    const Loss loss = work.train(epoch);
    EXPECT_EQ(loss.parts.at(0).first, "fused");
    for (size_t i = 0; i < before.size(); ++i) {
      const OwnedParameter& parameter = work.model->ownership()[i];
      const bool trained = parameter.in_encoder && *parameter.owner <= epoch / 2;
      EXPECT_EQ(parameter.value.grad().defined(), trained) << parameter.name;
      EXPECT_EQ(at::equal(parameter.value, before[i]), !trained) << parameter.name;
      EXPECT_EQ(work.run.method().trains(parameter), parameter.in_encoder);
    }
    for (const Tensor& value : work.learners()) EXPECT_TRUE(value.grad().defined());
  }
  EXPECT_NE(work.rho().item<double>(), 1);
}

TEST(ReconBoost, LossesOfThePhases) {
  AtWork work(3, {{"w1", "4"}, {"w2", "1.5"}});
  Outputs now = work.evaluated();
  const double alone = cross_entropy(now.unimodal[0], work.batch.labels).item<double>();
  EXPECT_NEAR(work.train(0).total.item<double>(), (4 - 1.5) / 3 * alone, 1e-12);  // nobody else: q = 1
  now = work.evaluated();
  const Tensor together = cross_entropy(work.rho() * now.unimodal[0], work.batch.labels);
  EXPECT_NEAR(work.train(1).total.item<double>(), together.item<double>(), 1e-12);
  for (const int64_t epoch : {2, 4, 6}) {
    now = work.evaluated();
    Tensor others;
    const int64_t learner = (epoch / 2) % 3, learners = std::min<int64_t>(epoch / 2, 3);
    for (int64_t m = 0; m < learners; ++m) {
      if (m == learner) continue;
      others = others.defined() ? others + now.unimodal[static_cast<size_t>(m)] : now.unimodal[static_cast<size_t>(m)];
    }
    const Tensor q = (work.rho() * others).softmax(1).gather(1, work.batch.labels.unsqueeze(1)).squeeze(1);
    const Tensor expected = residual_loss(now.unimodal[static_cast<size_t>(learner)], work.batch.labels, q, 4, 1.5);
    EXPECT_NEAR(work.train(epoch).total.item<double>(), expected.item<double>(), 1e-12) << epoch;
    const std::string name = work.model->infos()[static_cast<size_t>(learner)].name;
    EXPECT_NEAR(work.run.log().at("score/" + name), q.mean().item<double>(), 1e-12);
  }
}

TEST(ReconBoost, WithoutResidualsPhaseOneIsCrossEntropy) {
  AtWork work(2, {{"w2", "0"}});
  work.train(0);
  work.train(1);
  const double own = cross_entropy(work.evaluated().unimodal[1], work.batch.labels).item<double>();
  EXPECT_NEAR(work.train(2).total.item<double>(), 5. / 3 * own, 1e-12);
}

TEST(ReconBoost, EveryPhaseBeginsAfresh) {
  AtWork work(2);
  for (int64_t epoch = 0; epoch < 8; ++epoch) {
    for (int step = 0; step < 2; ++step) work.train(epoch);
    size_t updated = 0;
    for (const ParameterGroup& group : work.run.optimizer().groups()) {
      for (const Tensor& parameter : group.parameters) updated += parameter.grad().defined() ? 1 : 0;
    }
    Archive archive;
    work.run.optimizer().save(archive);
    EXPECT_EQ(archive.tensors.size(), updated) << epoch;  // a momentum for each, and no others
    Archive phase;
    work.run.method().save(phase);
    EXPECT_EQ(phase.value("phase", int64_t{-1}), epoch);
  }
}

TEST(ReconBoost, AResumedPhaseKeepsItsMomentum) {
  AtWork work(2);
  work.train(0);
  Archive before, after, phase;
  phase.values["phase"] = 2;  // as saved in the middle of epoch 2
  work.run.method().load(phase);
  work.train(2);
  work.run.optimizer().save(after);
  AtWork fresh(2);
  fresh.train(0);
  fresh.train(2);
  fresh.run.optimizer().save(before);
  EXPECT_GT(after.tensors.size(), before.tensors.size());
}

TEST(ReconBoost, TheEnsembleIsWhoWasTrained) {
  AtWork work(3);
  for (const int64_t epoch : {0, 2, 4, 6}) {
    work.train(epoch);
    const Outputs outputs = work.evaluated();
    ASSERT_EQ(outputs.unimodal.size(), 3u);
    Tensor sum = outputs.unimodal[0];
    for (size_t m = 1; m < 3 && static_cast<int64_t>(m) <= epoch / 2; ++m) sum = sum + outputs.unimodal[m];
    EXPECT_TRUE(at::allclose(outputs.fused, work.rho() * sum, 1e-9, 1e-12)) << epoch;
  }
}

TEST(ReconBoost, AgreementHasAGradientWhereAskedFor) {
  AtWork off(2), on(2, {{"ga", "on"}, {"alpha", "2"}});
  {
    const torch::NoGradGuard no_grad;
    for (size_t i = 0; i < off.learners().size(); ++i) on.learners()[i].copy_(off.learners()[i]);
  }
  for (const int64_t epoch : {0, 1}) {
    EXPECT_EQ(off.train(epoch).total.item<double>(), on.train(epoch).total.item<double>());  // nobody before
  }
  const Outputs now = on.evaluated();
  const double distance = (now.unimodal[1].softmax(1) - now.unimodal[0].softmax(1)).square().mean().item<double>();
  const double without = off.train(2).total.item<double>();
  const Loss with = on.train(2);
  EXPECT_NEAR(with.total.item<double>(), without + 2 * distance, 1e-12);
  EXPECT_EQ(with.parts.back().first, "agreement");
  EXPECT_GT(largest_difference(copies(*off.model), copies(*on.model)), 1e-9);
  EXPECT_FALSE(on.model->modality_parameters(0)[0].grad().defined());
}

TEST(ReconBoost, HeadsOfTheirOwn) {
  AtWork work(2, {{"common-space", "false"}});
  EXPECT_EQ(work.learners().size(), 1u + 2 * 2);
  work.train(0);
  EXPECT_TRUE(work.learners()[1].grad().defined());
  EXPECT_FALSE(work.learners()[3].grad().defined());  // of the learner whose turn comes later
}

// BatchNorm statistics of "a" while "v" is trained.
Tensor statistics_move(const std::string& freeze) {
  const auto model = image_model();
  MethodAtWork run(model, method("reconboost", {{"freeze-bn-of-others", freeze}}), {}, image_batch(0));
  run.state.epoch = 2;
  const Tensor mean = model->encoder(0).named_buffers()["bn1.running_mean"];
  const Tensor before = mean.clone();
  run.train(image_batch(0));
  EXPECT_TRUE(model->encoder(0).is_training());
  return (mean - before).abs().max();
}

TEST(ReconBoost, StatisticsOfOthersMayBeFrozen) {
  EXPECT_GT(statistics_move("false").item<double>(), 0);
  EXPECT_EQ(statistics_move("true").item<double>(), 0);
}

TEST(ReconBoost, AbsentModalitiesAreLeftOut) {
  AtWork work(2);
  work.train(0);
  work.train(1);
  work.batch.inputs[1].select(0, 0).fill_(std::nan(""));
  work.batch.present[0][1] = false;
  work.batch.present[1][0] = false;  // nobody but "b": q = 1 there
  for (int64_t epoch = 2; epoch < 8; ++epoch)
    EXPECT_TRUE(std::isfinite(work.train(epoch).total.item<double>())) << epoch;
  EXPECT_TRUE(at::equal(work.evaluated().unimodal[1][0], at::zeros({3}, at::kDouble)));
  work.batch.present.select(1, 1).fill_(false);
  const std::vector<Tensor> before = copies(*work.model);
  EXPECT_EQ(work.train(10).total.item<double>(), 0);  // the turn of "b", which nobody has
  EXPECT_EQ(largest_difference(before, copies(*work.model)), 0);
  EXPECT_TRUE(std::isfinite(work.train(11).total.item<double>()));
}

TEST(ReconBoost, RunsOnAModalityOfZeros) {
  AtWork work(3, {{"ga", "on"}});
  work.batch.inputs[2].zero_();
  for (int64_t epoch = 0; epoch < 8; ++epoch) EXPECT_TRUE(std::isfinite(work.train(epoch).total.item<double>()));
  for (const Tensor& value : work.model->parameters()) EXPECT_TRUE(value.isfinite().all().item<bool>());
}

TEST(ReconBoost, OneModalityIsJoint) {
  AtWork work(1);
  EXPECT_THAT(work.run.method().notes(), ElementsAre("one modality ('a'): reconboost is joint training"));
  EXPECT_EQ(work.run.optimizer().groups().size(), default_groups(*work.model).size());
  EXPECT_TRUE(work.train(0).parts.empty());
}

TEST(ReconBoost, RefusesWhatItCannotDo) {
  expect_error(ErrorKind::usage, {"`reconboost.w1`: expected a weight above `reconboost.w2` (1), ", "found 1"}, [] {
    method("reconboost", {{"w1", "1"}});
  });
  expect_error(ErrorKind::usage, {"--reconboost.w2"}, [] { method("reconboost", {{"w2", "-1"}}); });
  expect_error(ErrorKind::usage, {"reconboost has a head of its own", "`fusion` concat or sum"},
               [] { MethodAtWork(vector_model("film", 2), method("reconboost"), {}, vector_batch(2)); });
}

}  // namespace
}  // namespace pdmp::methods

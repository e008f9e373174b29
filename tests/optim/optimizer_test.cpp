#include <gmock/gmock.h>

#include "optim/toy_parameters.h"
#include "pdmp/error.h"

namespace pdmp::optim {
namespace {

using ::testing::HasSubstr;
using namespace testing;  // pdmp::testing

TEST(Optimizer, ParameterWithoutGradientIsNotDecayed) {
  for (const OptimizerOptions& options : {sgd(0.1, 0.9, 0.5), adamw()}) {
    const Tensor p = parameter(at::ones({3})), q = parameter(at::ones({3}));
    const auto optimizer = make_optimizer(options, {group({p, q})});
    set_gradient(q, at::ones({3}));
    optimizer->step(1);
    EXPECT_TRUE(at::equal(p, at::ones({3})));
    EXPECT_LT(q.max().item<float>(), 1);
  }
}

TEST(Optimizer, ScheduleMultipliesEveryRate) {
  const Tensor p = parameter(at::ones({1}, at::kDouble)), q = parameter(at::ones({1}, at::kDouble));
  const auto optimizer = make_optimizer(sgd(0.1, 0, 0), {group({p}), group({q}, 2)});
  set_gradient(p, at::ones({1}, at::kDouble));
  set_gradient(q, at::ones({1}, at::kDouble));
  optimizer->step(0.5);
  EXPECT_NEAR(p.item<double>(), 0.95, 1e-15);
  EXPECT_NEAR(q.item<double>(), 0.90, 1e-15);
}

// The fused kernels walk memory: a gradient of another layout would be added to the wrong elements.
TEST(Optimizer, GradientIsBroughtToTheParametersLayout) {
  for (const OptimizerOptions& options : {sgd(0.1, 0.9, 0.01), adamw()}) {
    const Tensor value = at::arange(4 * 3 * 2 * 2, at::kDouble).reshape({4, 3, 2, 2}).div(10);
    const Tensor gradient = at::cos(value);
    const Tensor plain = parameter(value), last = parameter(value.to(at::MemoryFormat::ChannelsLast));
    ASSERT_FALSE(last.is_contiguous());
    const auto a = make_optimizer(options, {group({plain})}), b = make_optimizer(options, {group({last})});
    for (int step = 0; step < 3; ++step) {
      set_gradient(plain, gradient);
      set_gradient(last, gradient);
      ASSERT_TRUE(last.grad().is_contiguous());
      a->step(1);
      b->step(1);
    }
    EXPECT_TRUE(at::equal(plain, last));
    EXPECT_FALSE(at::equal(plain, value));
  }
}

TEST(Optimizer, StateFollowsAParameterThatChangesItsLayout) {
  const Tensor value = at::arange(16, at::kDouble).reshape({2, 2, 2, 2});
  const Tensor plain = parameter(value), moved = parameter(value);
  const auto a = make_optimizer(sgd(0.1, 0.9, 0), {group({plain})}),
             b = make_optimizer(sgd(0.1, 0.9, 0), {group({moved})});
  for (int step = 0; step < 3; ++step) {
    for (const Tensor& p : {plain, moved}) set_gradient(p, at::sin(value + step));
    a->step(1);
    b->step(1);
    if (step == 0) {
      const torch::NoGradGuard no_grad;
      const Tensor& target = moved;
      const_cast<Tensor&>(target).set_data(target.contiguous(at::MemoryFormat::ChannelsLast));
    }
  }
  ASSERT_FALSE(moved.is_contiguous());
  EXPECT_TRUE(at::equal(plain, moved));
}

// Tensors as they come back from a file: contiguous, whatever they were. Values come back as they are.
Archive through_a_file(const Optimizer& optimizer) {
  Archive archive;
  optimizer.save(archive);
  for (auto& [name, tensor] : archive.tensors) tensor = tensor.contiguous();
  return archive;
}

TEST(Optimizer, ResumesBitForBit) {
  for (const OptimizerOptions& options : {sgd(0.1, 0.9, 0.01), sgd(0.1, 0, 0.01), adamw()}) {
    const Tensor image = at::arange(24, at::kFloat).reshape({2, 3, 2, 2}).to(at::MemoryFormat::ChannelsLast);
    const auto train = [&](const std::vector<Tensor>& parameters, Optimizer& optimizer, int first, int last) {
      for (int step = first; step < last; ++step) {
        set_gradient(parameters[0], at::sin(image + step));
        if (step >= 4) set_gradient(parameters[1], at::full({2}, 0.5f));  // its first gradient after the resume
        optimizer.step(1);
      }
    };
    const std::vector<Tensor> whole = {parameter(image), parameter(at::ones({2})), parameter(at::ones({3}))};
    const auto undisturbed = make_optimizer(options, {group({whole[0]}), group({whole[1], whole[2]})});
    train(whole, *undisturbed, 0, 3);

    const Archive archive = through_a_file(*undisturbed);
    const std::vector<Tensor> again = {parameter(whole[0]), parameter(whole[1]), parameter(whole[2])};
    const auto resumed = make_optimizer(options, {group({again[0]}), group({again[1], again[2]})});
    resumed->load(archive);

    train(whole, *undisturbed, 3, 7);
    train(again, *resumed, 3, 7);
    for (size_t i = 0; i < whole.size(); ++i)
      EXPECT_TRUE(at::equal(whole[i], again[i])) << options.optimizer << ' ' << i;
    EXPECT_FALSE(at::equal(whole[1], at::ones({2})));
  }
}

std::string refusal(Optimizer& optimizer, const Archive& archive) {
  try {
    optimizer.load(archive);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::data);
    return error.what();
  }
  return "accepted";
}

TEST(Optimizer, RefusesStateThatDoesNotFit) {
  const Tensor p = parameter(at::ones({3}));
  const auto optimizer = make_optimizer(sgd(0.1, 0.9, 0), {group({p})});
  set_gradient(p, at::ones({3}));
  optimizer->step(1);
  const Archive archive = through_a_file(*optimizer);

  const auto wider = make_optimizer(sgd(0.1, 0.9, 0), {group({parameter(at::ones({4}))})});
  EXPECT_THAT(refusal(*wider, archive), HasSubstr("should be Float of shape 4, found Float of shape 3"));
  const auto fewer = make_optimizer(sgd(0.1, 0.9, 0), {});
  EXPECT_THAT(refusal(*fewer, archive), HasSubstr("of 1 parameters, the model has 0"));
  const auto more = make_optimizer(sgd(0.1, 0.9, 0), {group({parameter(at::ones({3})), parameter(at::ones({3}))})});
  EXPECT_THAT(refusal(*more, archive), HasSubstr("of 1 parameters, the model has 2"));
  const auto other = make_optimizer(adamw(), {group({parameter(at::ones({3}))})});
  EXPECT_THAT(refusal(*other, archive), HasSubstr("it is of 'sgd', this is 'adamw'"));
  const auto forgetful = make_optimizer(sgd(0.1, 0, 0), {group({parameter(at::ones({3}))})});
  EXPECT_THAT(refusal(*forgetful, archive), HasSubstr("has 1 saved tensors, expected 0"));
  Archive cut = archive;
  cut.tensors.clear();
  EXPECT_THAT(refusal(*optimizer, cut), HasSubstr("'optimizer.0.0' is missing"));
  EXPECT_THAT(refusal(*optimizer, Archive{}), HasSubstr("it holds no optimizer"));
  EXPECT_EQ(refusal(*optimizer, archive), "accepted");
}

TEST(Optimizer, RefusesGroupsItCannotUpdate) {
  const Tensor p = parameter(at::ones({3}));
  EXPECT_THROW(make_optimizer(sgd(0.1, 0.9, 0), {group({p}), group({p})}), Error);
  EXPECT_THROW(make_optimizer(sgd(0.1, 0.9, 0), {group({at::ones({4, 4}).slice(1, 0, 2)})}), Error);
  OptimizerOptions options;
  options.optimizer = "adam";
  try {
    make_optimizer(options, {group({p})});
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("did you mean 'adamw'"));
  }
}

// One step with c times the rate and 1 / c of the decay is, without momentum, the step of c times the gradient.
TEST(Optimizer, ScaledNextStepKeepsDecayAndLastsOneStep) {
  const Tensor scaled = parameter(at::ones({2}, at::kDouble)), by_hand = parameter(at::ones({2}, at::kDouble)),
               other = parameter(at::ones({2}, at::kDouble));
  const auto optimizer = make_optimizer(sgd(0.1, 0, 0.5), {group({scaled, by_hand, other})});
  for (int step = 0; step < 2; ++step) {
    const double c = step == 0 ? 3 : 1;
    for (const Tensor& p : {scaled, other}) set_gradient(p, at::full({2}, 0.2, at::kDouble));
    set_gradient(by_hand, at::full({2}, 0.2 * c, at::kDouble));
    if (step == 0) {
      optimizer->scale_next_step(scaled, 1.5);
      optimizer->scale_next_step(scaled, 2);
      EXPECT_EQ(optimizer->next_step_scale(scaled), 3);
    }
    EXPECT_EQ(optimizer->next_step_scale(other), 1);
    optimizer->step(1);
    EXPECT_LE((scaled - by_hand).abs().max().item<double>(), 1e-15) << step;
  }
  EXPECT_GT((scaled - other).abs().max().item<double>(), 0.01);
}

TEST(Optimizer, AStepOfScaleZeroLeavesTheParameterAlone) {
  const Tensor p = parameter(at::ones({2}));
  const auto optimizer = make_optimizer(sgd(0.1, 0.9, 0.5), {group({p})});
  set_gradient(p, at::ones({2}));
  optimizer->scale_next_step(p, 0);
  optimizer->step(1);
  EXPECT_TRUE(at::equal(p, at::ones({2})));
}

TEST(Optimizer, ForgetsMomentum) {
  for (const OptimizerOptions& options : {sgd(0.1, 0.9, 0), adamw()}) {
    const Tensor value = at::ones({2}, at::kDouble), p = parameter(value), fresh = parameter(value);
    const auto old = make_optimizer(options, {group({p})}), made_new = make_optimizer(options, {group({fresh})});
    set_gradient(p, value);
    old->step(1);
    {
      const torch::NoGradGuard no_grad;
      p.copy_(value);
    }
    old->forget();
    for (const Tensor& q : {p, fresh}) set_gradient(q, value / 2);
    old->step(1);
    made_new->step(1);
    EXPECT_TRUE(at::equal(p, fresh));
  }
}

}  // namespace
}  // namespace pdmp::optim

// Numbers from methods-modulation 1.8 (PDMP, sections III-B, III-C).
#include <gmock/gmock.h>
#include <torch/autograd.h>

#include "methods/toy_model.h"
#include "support/expect_error.h"
#include "support/through_json.h"

namespace pdmp::methods {
namespace {

using ::testing::Contains;
using ::testing::DoubleEq;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using namespace testing;  // pdmp::testing

using Settings = std::vector<std::pair<std::string, std::string>>;

std::vector<std::string> pair() { return {"a", "v"}; }

OptimizerOptions adamw() {
  OptimizerOptions options;
  options.optimizer = "adamw";
  return options;
}

// The reference: identity on the encoder's output whose backward multiplies by c.
struct ScaleBackward : public torch::autograd::Function<ScaleBackward> {
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& x, double c) {
    context->saved_data["c"] = c;
    return x.view_as(x);
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    return {gradients[0] * context->saved_data["c"].toDouble(), Tensor()};
  }
};

class InGraph : public Method {
 public:
  explicit InGraph(std::vector<double> coefficients) : coefficients_(std::move(coefficients)) {}
  Outputs forward(Model& model, const Batch& batch, Mode) override {
    Outputs outputs;
    for (int64_t m = 0; m < model.modalities(); ++m) {
      const auto index = static_cast<size_t>(m);
      Feature feature = model.encode(m, batch.inputs[index], batch.present.select(1, m));
      feature.pooled = ScaleBackward::apply(feature.pooled, coefficients_[index]);
      outputs.features.push_back(feature);
    }
    outputs.fused = model.fuse(outputs.features, batch.present);
    return outputs;
  }

 private:
  std::vector<double> coefficients_;
};

struct ToyRow {
  double loss, theta_a, theta_v;
};
constexpr ToyRow kToy[] = {{4.01814993, .99986897, .97053949}, {3.94873145, .99962030, .91471887}};

TEST(Pdmp, ToyTable) {
  for (const std::string mechanism : {"grad", "lr", "auto"}) {
    const auto model = scalar_model();
    MethodAtWork run(model, method("pdmp", {{"mechanism", mechanism}}), {}, scalar_batch(), ranking(pair(), 1, 0));
    EXPECT_THAT(run.method().coefficients(), ElementsAre(DoubleEq(1.0 / 15), DoubleEq(15)));
    for (const ToyRow& row : kToy) {
      EXPECT_NEAR(run.train(scalar_batch()).total.item<double>(), row.loss, 1e-8) << mechanism;
      EXPECT_NEAR(theta(*model, 0).item<double>(), row.theta_a, 1e-8) << mechanism;
      EXPECT_NEAR(theta(*model, 1).item<double>(), row.theta_v, 1e-8) << mechanism;
      if (&row != kToy) continue;
      EXPECT_NEAR(head_block(*model, 0).flatten()[0].item<double>(), .99901789, 1e-8);
      EXPECT_NEAR(head_block(*model, 1).flatten()[0].item<double>(), .49803592, 1e-8);
      EXPECT_NEAR(head_bias(*model)[0].item<double>(), -.00098201, 1e-8);
    }
  }
}

TEST(Pdmp, ToyGradients) {
  const auto model = scalar_model();
  MethodAtWork run(model, method("pdmp", {{"mechanism", "grad"}}), {}, scalar_batch(), ranking(pair(), 1, 0));
  std::vector<double> seen;
  const auto look = [&] {
    for (int64_t m = 0; m < 2; ++m) seen.push_back(theta(*model, m).grad().item<double>());
  };
  run.watched.before = look;
  run.watched.after = look;
  run.train(scalar_batch());
  run.train(scalar_batch());
  const double expected[] = {1.96402758, 1.96402758, .13093517, 29.46041370,
                             1.95951536, 1.95373687, .13063436, 29.30605301};
  for (size_t i = 0; i < 8; ++i) EXPECT_NEAR(seen[i], expected[i], 1e-8) << i;
}

std::vector<Tensor> after_five_steps(const std::shared_ptr<Method>& how, const OptimizerOptions& options = {},
                                     at::ScalarType type = at::kDouble) {
  const auto model = image_model(type);
  MethodAtWork run(model, how, options, image_batch(0, type), ranking(pair(), 1, 0));
  for (int step = 0; step < 5; ++step) run.train(image_batch(step, type));
  return copies(*model);
}

TEST(Pdmp, MechanismsAreOneUpdate) {
  OptimizerOptions options;
  options.weight_decay = 1e-2;  // so that decay matters
  const auto by_gradient = after_five_steps(method("pdmp", {{"mechanism", "grad"}}), options);
  const auto by_rate = after_five_steps(method("pdmp", {{"mechanism", "lr"}}), options);
  const auto in_graph = after_five_steps(std::make_shared<InGraph>(std::vector<double>{1.0 / 15, 15}), options);
  EXPECT_LT(largest_difference(by_gradient, by_rate), 1e-12);
  EXPECT_LT(largest_difference(by_gradient, in_graph), 1e-12);
  EXPECT_GT(largest_difference(by_gradient, after_five_steps(method("joint"), options)), 1e-3);
}

TEST(Pdmp, GammaOneIsJointBitForBit) {
  const auto joint = after_five_steps(method("joint"), {}, at::kFloat);
  for (const std::string mechanism : {"auto", "grad", "lr"}) {
    const auto vanilla = after_five_steps(method("pdmp", {{"gamma", "1"}, {"mechanism", mechanism}}), {}, at::kFloat);
    for (size_t i = 0; i < joint.size(); ++i) EXPECT_TRUE(at::equal(joint[i], vanilla[i]));
  }
}

TEST(Pdmp, AdamWCancelsScaledGradientsButNotScaledRates) {
  std::vector<std::vector<Tensor>> ends;
  for (const auto& how : {method("joint"), method("pdmp", {{"mechanism", "grad"}}), method("pdmp")}) {
    const auto model = scalar_model();
    MethodAtWork run(model, how, adamw(), scalar_batch(), ranking(pair(), 1, 0));
    run.train(scalar_batch());
    run.train(scalar_batch());
    ends.push_back({theta(*model, 0).detach().clone(), theta(*model, 1).detach().clone()});
  }
  EXPECT_LT(largest_difference(ends[0], ends[1]), 2e-10);
  EXPECT_GT(largest_difference(ends[0], ends[1]), 0);
  EXPECT_GT(largest_difference(ends[0], ends[2]), 1e-2);  // auto is lr: two steps of 15e-3 instead of 1e-3
}

// Tensors whose gradient the method changed, and whether it touched anything it must not.
struct Touched {
  std::vector<int64_t> encoder = {0, 0}, head = {0, 0};
  int64_t shared = 0;
};

Touched touched_by(const std::string& scope) {
  const auto model = image_model();
  MethodAtWork run(model, method("pdmp", {{"mechanism", "grad"}, {"scope", scope}}), {}, image_batch(0),
                   ranking(pair(), 1, 0));
  std::vector<Tensor> before;
  Touched touched;
  run.watched.before = [&] {
    for (const OwnedParameter& parameter : model->ownership()) before.push_back(parameter.value.grad().clone());
  };
  run.watched.after = [&] {
    for (size_t i = 0; i < before.size(); ++i) {
      const OwnedParameter& parameter = model->ownership()[i];
      if (at::equal(parameter.value.grad(), before[i])) continue;
      const size_t owner = static_cast<size_t>(parameter.owner.value_or(0));
      const double c = owner == 0 ? 1.0 / 15 : 15;
      EXPECT_TRUE(at::equal(parameter.value.grad(), before[i] * c)) << parameter.name;
      int64_t& count = !parameter.owner       ? touched.shared
                       : parameter.in_encoder ? touched.encoder[owner]
                                              : touched.head[owner];
      ++count;
    }
  };
  run.train(image_batch(0));
  return touched;
}

// A ResNet-18 trunk has 60 tensors, 20 of them convolutions (methods-modulation 0.4). The fused head stays as it is.
TEST(Pdmp, ScopesTouchWhatTheyName) {
  for (const auto& [scope, tensors] : std::vector<std::pair<std::string, int64_t>>{
           {"encoder_all", 60}, {"encoder_conv", 20}, {"encoder_non1d", 20}, {"encoder_plus_head", 60}}) {
    const Touched touched = touched_by(scope);
    const int64_t head = scope == "encoder_plus_head" ? 1 : 0;
    EXPECT_THAT(touched.encoder, ElementsAre(tensors, tensors)) << scope;
    EXPECT_THAT(touched.head, ElementsAre(head, head)) << scope;
    EXPECT_EQ(touched.shared, 0) << scope;
  }
}

TEST(Pdmp, GroupsCoverEveryParameterOnce) {
  const auto model = image_model();
  MethodAtWork run(model, method("pdmp", {{"scope", "encoder_conv"}}), {}, image_batch(0), ranking(pair(), 1, 0));
  const std::vector<ParameterGroup>& groups = run.optimizer().groups();
  ASSERT_EQ(groups.size(), 5u);
  const char* names[] = {"a", "a.rest", "v", "v.rest", "shared"};
  const size_t sizes[] = {20, 41, 20, 41, 1};  // rest: 40 of BatchNorm and the block of the head
  const double rates[] = {1.0 / 15, 1, 15, 1, 1};
  for (size_t g = 0; g < 5; ++g) {
    EXPECT_EQ(groups[g].name, names[g]);
    EXPECT_EQ(groups[g].parameters.size(), sizes[g]);
    EXPECT_DOUBLE_EQ(groups[g].lr_scale, rates[g]);
    EXPECT_DOUBLE_EQ(groups[g].lr_scale * groups[g].decay_scale, 1);
  }
}

// With clipping after modulation the two forms differ, and auto takes the literal one.
TEST(Pdmp, AutoFollowsTheClipPosition) {
  OptimizerOptions options;
  options.clip_norm = 1;
  for (const std::string position : {"auto", "before"}) {
    options.clip_position = position;
    const auto automatic = after_five_steps(method("pdmp"), options);
    EXPECT_LT(largest_difference(automatic, after_five_steps(method("pdmp", {{"mechanism", "grad"}}), options)), 1e-12);
  }
  options.clip_position = "after";
  const auto automatic = after_five_steps(method("pdmp"), options);
  EXPECT_EQ(largest_difference(automatic, after_five_steps(method("pdmp", {{"mechanism", "grad"}}), options)), 0);
  EXPECT_GT(largest_difference(automatic, after_five_steps(method("pdmp", {{"mechanism", "lr"}}), options)), 1e-6);
}

std::vector<std::string> notes_of(const Settings& settings, const OptimizerOptions& options = {},
                                  ModalityRanking order = ranking(pair(), 1, 0)) {
  MethodAtWork run(scalar_model(), method("pdmp", settings), options, scalar_batch(), std::move(order));
  return run.method().notes();
}

TEST(Pdmp, TellsWhatItDoes) {
  EXPECT_THAT(notes_of({}), ElementsAre("pdmp multiplies the learning rates of the encoders: a x0.06667, v x15"));
  EXPECT_THAT(notes_of({{"mechanism", "grad"}}), Contains(HasSubstr("multiplies the gradients")));
  EXPECT_THAT(notes_of({{"gamma", "1"}}), ElementsAre(HasSubstr("pdmp is joint training")));
  EXPECT_THAT(notes_of({{"mechanism", "grad"}}, adamw()), Contains(HasSubstr("adamw cancels a constant factor")));
  EXPECT_THAT(notes_of({}, adamw()), Contains(HasSubstr("a learning rate of 0.015 (15 x 0.001) is large for adamw")));
  EXPECT_THAT(notes_of({{"gamma", "5"}}, adamw()), Not(Contains(HasSubstr("is large"))));
  ModalityRanking unsure = ranking(pair(), 1, 0);
  unsure.ambiguous = "performance";
  EXPECT_THAT(notes_of({}, {}, unsure), Contains(HasSubstr("not sure of the dominant modality (performance)")));
  OptimizerOptions clipped;
  clipped.clip_norm = 1;
  clipped.clip_position = "after";
  EXPECT_THAT(notes_of({{"mechanism", "lr"}}, clipped), Contains(HasSubstr("`clip-position` after changes nothing")));
  EXPECT_THAT(notes_of({}, clipped), Contains(HasSubstr("multiplies the gradients")));
}

TEST(Pdmp, CoefficientsByHandNeedNoRanking) {
  const Settings settings = {{"coefficients", "a=0.1,v=10"}};
  EXPECT_TRUE(method("pdmp")->needs_ranking());
  EXPECT_FALSE(method("pdmp", {{"gamma", "1"}})->needs_ranking());
  EXPECT_FALSE(method("pdmp", settings)->needs_ranking());
  MethodAtWork run(scalar_model(), method("pdmp", settings), {}, scalar_batch());  // without ranking
  EXPECT_THAT(run.method().coefficients(), ElementsAre(0.1, 10));
  EXPECT_EQ(run.optimizer().groups()[0].lr_scale, 0.1);
  const auto incomplete = [] {
    MethodAtWork(scalar_model(), method("pdmp", {{"coefficients", "a=2"}}), {}, scalar_batch());
  };
  EXPECT_THROW(incomplete(), Error);
}

TEST(Pdmp, OneModalityIsJoint) {
  ModelOptions options;
  options.encoders = {{"a", "mlp:hidden=4"}};
  const auto model = std::make_shared<Model>(std::vector<ModalityInfo>{{"a", "vector", {3}}}, 2, options, 0);
  const Batch batch = full_batch({at::ones({2, 3})}, at::tensor({0, 1}, at::kLong));
  MethodAtWork run(model, method("pdmp"), {}, batch);  // asks for no ranking
  EXPECT_TRUE(run.method().coefficients().empty());
  EXPECT_THAT(run.method().notes(), ElementsAre("one modality ('a'): pdmp is joint training"));
  for (const ParameterGroup& group : run.optimizer().groups()) EXPECT_EQ(group.lr_scale, 1);
}

TEST(Pdmp, FrozenEncoderIsLeftOut) {
  for (const std::string mechanism : {"grad", "lr"}) {
    const auto model = scalar_model();
    theta(*model, 1).requires_grad_(false);
    MethodAtWork run(model, method("pdmp", {{"mechanism", mechanism}}), {}, scalar_batch(), ranking(pair(), 1, 0));
    EXPECT_THAT(run.method().coefficients(), ElementsAre(DoubleEq(1.0 / 15), 1));
    EXPECT_THAT(run.method().notes(), Contains("the encoder of 'v' is frozen: pdmp leaves it out"));
    run.train(scalar_batch());
    EXPECT_EQ(theta(*model, 1).item<double>(), 1);
    EXPECT_NEAR(theta(*model, 0).item<double>(), .99986897, 1e-8);
  }
}

std::string refusal(const Settings& settings, const ModalityRanking& order) {
  try {
    MethodAtWork(scalar_model(), method("pdmp", settings), {}, scalar_batch(), order);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    return error.what();
  }
  return "accepted";
}

TEST(Pdmp, RefusesWhatItCannotDo) {
  EXPECT_THAT(refusal({{"gamma", "0.5"}}, ranking(pair(), 1, 0)), HasSubstr("--pdmp.gamma"));
  EXPECT_THAT(
      refusal({{"scope", "encoder_conv"}}, ranking(pair(), 1, 0)),
      HasSubstr("cannot act on modality 'a': it has no encoder parameter of its own in `pdmp.scope` encoder_conv"));
  EXPECT_THAT(refusal({}, ranking({"v", "a"}, 1, 0)), HasSubstr("ranks v, a, the model has a, v"));
  EXPECT_THAT(refusal({{"mechanism", "graph"}}, ranking(pair(), 1, 0)), HasSubstr("--pdmp.mechanism"));
}

TEST(Pdmp, RefusesASharedEncoder) {
  ModelOptions options;
  options.encoders = {{"a", "mlp:hidden=2"}, {"v", "@a"}};
  const std::vector<ModalityInfo> infos = {{"a", "vector", {1}}, {"v", "vector", {1}}};
  const auto model = std::make_shared<Model>(infos, 2, options, 0);
  for (const std::string mechanism : {"grad", "lr"}) {
    testing::expect_error(ErrorKind::usage, {"'a' and 'v' share one encoder", "`method` joint"}, [&] {
      MethodAtWork(model, method("pdmp", {{"mechanism", mechanism}}), {}, scalar_batch(), ranking(pair(), 1, 0));
    });
  }
  // Nothing to scale, nothing to refuse.
  EXPECT_NO_THROW(MethodAtWork(model, method("pdmp", {{"gamma", "1"}}), {}, scalar_batch(), ranking(pair(), 1, 0)));
}

TEST(Pdmp, ResumeChecksTheCoefficients) {
  MethodAtWork run(scalar_model(), method("pdmp"), {}, scalar_batch(), ranking(pair(), 1, 0));
  Archive archive;
  run.method().save(archive);
  archive.values = through_json(archive.values);
  EXPECT_NO_THROW(run.method().load(archive));
  MethodAtWork other(scalar_model(), method("pdmp", {{"gamma", "10"}}), {}, scalar_batch(), ranking(pair(), 1, 0));
  try {
    other.method().load(archive);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::data);
    EXPECT_THAT(error.what(), HasSubstr("this run has (0.1, 10)"));
  }
}

}  // namespace
}  // namespace pdmp::methods

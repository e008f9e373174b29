// What every encoder and every fusion promises.
#include <algorithm>
#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <optional>
#include <torch/nn/functional/loss.h>

#include "contract/model_cases.h"
#include "pdmp/error.h"
#include "pdmp/model.h"
#include "pdmp/optimizer.h"
#include "support/example_batch.h"
#include "support/temporary_directory.h"

namespace pdmp {
namespace {

using testing::example_batch;
using testing::example_input;
using testing::examples;
using testing::facts_of;
using testing::in_double;
using testing::ModelCase;
using testing::relative_error;
using testing::small_encoder;
using testing::takes;

constexpr int64_t kClasses = 3;

class ModelContract : public ::testing::TestWithParam<ModelCase> {
 protected:
  static std::vector<ModalityInfo> infos(int64_t modalities) {
    const std::vector<ModalityInfo>& all = GetParam().infos;
    return {all.begin(), all.begin() + modalities};
  }

  static ModelOptions options() {
    ModelOptions options;
    options.fusion = GetParam().fusion.spec;
    options.encoders = GetParam().encoders;
    return options;
  }
  static std::shared_ptr<Model> model(int64_t modalities, const ModelOptions& options = ModelContract::options(),
                                      uint64_t seed = 11) {
    return std::make_shared<Model>(infos(modalities), kClasses, options, seed);
  }
  static Batch batch(int64_t modalities, int64_t rows, uint64_t seed = 1) {
    return example_batch(infos(modalities), rows, kClasses, seed);
  }
  static Tensor loss(const Outputs& outputs, const Batch& batch) {
    return torch::nn::functional::cross_entropy(outputs.fused, batch.labels);
  }
  // What the fusion says against so many modalities, or nothing.
  static std::optional<std::string> refusal(int64_t modalities) {
    try {
      model(modalities);
      return std::nullopt;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage);
      return error.what();
    }
  }
};

// For networks that are quick enough to run thousands of times.
class QuickModelContract : public ModelContract {};

Batch rows_of(const Batch& batch, const Tensor& rows) {
  Batch result = batch;
  for (Tensor& input : result.inputs) input = input.index_select(0, rows);
  result.present = batch.present.index_select(0, rows);
  result.labels = batch.labels.index_select(0, rows);
  result.index = batch.index.index_select(0, rows);
  return result;
}

void expect_shapes(const Outputs& outputs, const Model& model, int64_t rows) {
  const std::vector<int64_t> logits = {rows, kClasses};
  EXPECT_EQ(outputs.fused.sizes(), logits);
  EXPECT_TRUE(outputs.fused.isfinite().all().item<bool>());
  ASSERT_EQ(outputs.features.size(), static_cast<size_t>(model.modalities()));
  ASSERT_EQ(outputs.unimodal.size(), outputs.features.size());
  for (const Tensor& unimodal : outputs.unimodal) EXPECT_EQ(unimodal.sizes(), logits);
}

TEST_P(ModelContract, RunsOnItsDefaults) {
  ModelOptions defaults = options();
  const std::string& encoder = GetParam().default_encoder;
  if (encoder.empty()) {
    defaults.fusion = GetParam().default_fusion;
  } else {
    defaults.encoders["m0"] = encoder;
  }
  const int64_t modalities = encoder.empty() ? 2 : 1;
  const auto net = model(modalities, defaults);
  const Outputs outputs = net->forward(batch(modalities, 2), true);
  expect_shapes(outputs, *net, 2);
  EXPECT_EQ(outputs.features[0].pooled.sizes(), (std::vector<int64_t>{2, net->encoder(0).width()}));
}

TEST_P(ModelContract, AnyNumberOfModalitiesAndABatchOfOne) {
  for (const int64_t modalities : {1, 2, 3, 4}) {
    if (const auto message = refusal(modalities)) {
      EXPECT_GT(modalities, 2) << *message;
      EXPECT_THAT(*message, ::testing::HasSubstr(GetParam().fusion.name));
      EXPECT_THAT(*message, ::testing::Not(::testing::HasSubstr("\n")));
      continue;
    }
    const auto net = model(modalities);
    for (const bool training : {true, false}) {
      net->train(training);
      expect_shapes(net->forward(batch(modalities, 3), true), *net, 3);
      expect_shapes(net->forward(batch(modalities, 1), true), *net, 1);
      EXPECT_TRUE(net->forward(batch(modalities, 2), false).unimodal.empty());
    }
  }
}

TEST_P(ModelContract, GradientReachesEveryParameter) {
  const auto net = model(2);
  const Batch samples = batch(2, 8);
  loss(net->forward(samples, false), samples).backward();
  for (const OwnedParameter& parameter : net->ownership()) {
    ASSERT_TRUE(parameter.value.grad().defined()) << parameter.name;
    EXPECT_GT(parameter.value.grad().abs().max().item<double>(), 0) << parameter.name;
  }
}

// Of two modalities: what encoder 1 puts out rests on what it owns, and on nothing else.
TEST_P(ModelContract, OwnershipFollowsTheGraph) {
  const auto net = model(2);
  const Batch samples = batch(2, 6);
  Outputs outputs = net->forward(samples, false);
  outputs.features[1].pooled.sum().backward();
  const auto named = net->named_parameters();
  ASSERT_EQ(net->ownership().size(), named.size());
  for (size_t i = 0; i < named.size(); ++i) {
    const OwnedParameter& parameter = net->ownership()[i];
    EXPECT_EQ(parameter.name, named[i].key());
    const bool in_encoder_1 = parameter.name.starts_with("encoders.m1.");
    EXPECT_EQ(parameter.value.grad().defined(), in_encoder_1) << parameter.name;
    EXPECT_TRUE(!in_encoder_1 || (parameter.in_encoder && parameter.owner == 1)) << parameter.name;
    EXPECT_TRUE(!parameter.in_encoder || parameter.owner.has_value()) << parameter.name;
  }
}

// Nobody in the batch has modality m: what it owns, in its encoder and in the fusion, learns nothing.
TEST_P(ModelContract, AbsentModalitiesTeachNothing) {
  for (const int64_t modalities : {2, 3}) {
    if (refusal(modalities)) continue;
    for (int64_t m = 0; m < modalities; ++m) {
      const auto net = model(modalities);
      Batch samples = batch(modalities, 4);
      samples.present.select(1, m).fill_(false);
      const Tensor value = loss(net->forward(samples, false), samples);
      EXPECT_TRUE(value.isfinite().item<bool>());
      value.backward();
      for (const OwnedParameter& parameter : net->ownership()) {
        const Tensor gradient = parameter.value.grad();
        if (!gradient.defined()) continue;
        EXPECT_TRUE(gradient.isfinite().all().item<bool>()) << parameter.name;
        EXPECT_TRUE(parameter.owner != m || gradient.abs().max().item<double>() == 0) << parameter.name;
      }
    }
  }
}

TEST_P(ModelContract, PermutingSamplesPermutesOutputs) {
  const auto net = model(2);
  net->eval();
  const Batch samples = batch(2, 4);
  const Tensor order = torch::tensor({2, 0, 3, 1});
  const Outputs straight = net->forward(samples, true), permuted = net->forward(rows_of(samples, order), true);
  EXPECT_LT(relative_error(permuted.fused, straight.fused.index_select(0, order)), 1e-5);
  for (const size_t m : {0, 1})
    EXPECT_LT(relative_error(permuted.unimodal[m], straight.unimodal[m].index_select(0, order)), 1e-5);
  const Tensor alone = net->forward(rows_of(samples, torch::tensor({2})), false).fused;
  EXPECT_LT(relative_error(alone[0], straight.fused[2]), 1e-5);
}

TEST_P(ModelContract, SavedAndLoadedIsBitIdentical) {
  const testing::TemporaryDirectory directory;
  const std::string path = directory / "weights.safetensors";
  const auto net = model(2);
  const Batch samples = batch(2, 4);
  net->forward(samples, false);  // BatchNorm statistics that are not the initial ones
  save_weights(*net, path);
  const auto loaded = model(2, options(), 999);
  load_weights(*loaded, path);
  for (const auto& item : net->named_parameters())
    EXPECT_TRUE(torch::equal(item.value(), loaded->named_parameters()[item.key()])) << item.key();
  for (const auto& item : net->named_buffers())
    EXPECT_TRUE(torch::equal(item.value(), loaded->named_buffers()[item.key()])) << item.key();
  net->eval();
  loaded->eval();
  EXPECT_TRUE(torch::equal(net->forward(samples, false).fused, loaded->forward(samples, false).fused));
}

TEST_P(ModelContract, ChannelsLastChangesNothingButRounding) {
  ModelOptions usual = options();
  usual.channels_last = false;
  const auto last = model(2), first = model(2, usual);
  last->to(torch::kFloat64);
  first->to(torch::kFloat64);
  const Batch samples = in_double(batch(2, 6));
  const Outputs a = last->forward(samples, true), b = first->forward(samples, true);
  EXPECT_LT(relative_error(a.fused, b.fused), 1e-10);
  loss(a, samples).backward();
  loss(b, samples).backward();
  for (size_t i = 0; i < last->ownership().size(); ++i) {
    const OwnedParameter& parameter = last->ownership()[i];
    EXPECT_LT(relative_error(parameter.value.grad(), first->ownership()[i].value.grad()), 1e-8) << parameter.name;
  }
}

// Central differences along one random direction per parameter; a step so short that no ReLU tips over within it.
TEST_P(QuickModelContract, GradientsAreThoseOfFiniteDifferences) {
  const auto net = model(2);
  net->to(torch::kFloat64);
  Batch samples = in_double(batch(2, 6));
  for (Tensor& input : samples.inputs) {
    if (!input.is_floating_point())
      input.clamp_min_(1);  // no padding: its embedding is held at zero and has no gradient
  }
  loss(net->forward(samples, false), samples).backward();
  const torch::NoGradGuard no_grad;
  const torch::Generator generator = at::detail::createCPUGenerator(5);
  constexpr double kStep = 1e-7;
  for (const OwnedParameter& parameter : net->ownership()) {
    Tensor value = parameter.value;
    const Tensor start = value.clone(), random = torch::randn(value.sizes(), generator, torch::kFloat64);
    const Tensor direction = random / random.norm();
    const auto at = [&](double t) {
      value.copy_(start + t * direction);
      return loss(net->forward(samples, false), samples).item<double>();
    };
    const double numeric = (at(kStep) - at(-kStep)) / (2 * kStep);
    value.copy_(start);
    const double analytic = (value.grad() * direction).sum().item<double>();
    EXPECT_NEAR(numeric, analytic, 1e-5 * std::max(1.0, std::abs(analytic))) << parameter.name;
  }
}

TEST_P(QuickModelContract, OverfitsSixteenSamples) {
  const auto net = model(2);
  const Batch samples = batch(2, 16);
  OptimizerOptions adamw;
  adamw.optimizer = "adamw";
  adamw.lr = GetParam().lr;
  const auto optimizer = make_optimizer(adamw, default_groups(*net));
  double last = 1e9;
  Outputs outputs;
  for (int step = 0; step < 600 && last > 0.01; ++step) {
    optimizer->zero_grad();
    outputs = net->forward(samples, false);
    const Tensor value = loss(outputs, samples);
    value.backward();
    optimizer->step(1);
    last = value.item<double>();
  }
  EXPECT_LE(last, 0.01);
  EXPECT_TRUE(torch::equal(outputs.fused.argmax(1), samples.labels));
}

TEST_P(ModelContract, ContentOfAbsentModalitiesChangesNoNumber) {
  Batch clean = batch(2, 6), dirty = clean;
  clean.present.select(1, 1).copy_(torch::tensor({true, false, true, false, true, true}));
  const Tensor noise = example_input(infos(2)[1], 6, at::detail::createCPUGenerator(77));
  for (const int64_t row : {1, 3}) clean.inputs[1][row].zero_();
  dirty.present = clean.present;
  dirty.inputs[1] = clean.inputs[1].clone();
  for (const int64_t row : {1, 3}) dirty.inputs[1][row].copy_(noise[row]);

  const auto a = model(2), b = model(2);
  const Outputs of_a = a->forward(clean, true), of_b = b->forward(dirty, true);
  EXPECT_TRUE(torch::equal(of_a.fused, of_b.fused));
  for (const size_t m : {0, 1}) EXPECT_TRUE(torch::equal(of_a.unimodal[m], of_b.unimodal[m]));
  loss(of_a, clean).backward();
  loss(of_b, dirty).backward();
  for (size_t i = 0; i < a->ownership().size(); ++i) {
    const Tensor of_clean = a->ownership()[i].value.grad(), of_dirty = b->ownership()[i].value.grad();
    ASSERT_EQ(of_clean.defined(), of_dirty.defined()) << a->ownership()[i].name;
    EXPECT_TRUE(!of_clean.defined() || torch::equal(of_clean, of_dirty)) << a->ownership()[i].name;
  }
  for (const auto& item : a->named_buffers())
    EXPECT_TRUE(torch::equal(item.value(), b->named_buffers()[item.key()])) << item.key();
}

class FusionContract : public ModelContract {};

TEST_P(FusionContract, UnimodalLogitsRestOnTheirModality) {
  const auto net = model(2);
  net->eval();
  const Batch samples = batch(2, 4);
  const Outputs before = net->forward(samples, true);
  for (const size_t changed : {size_t{0}, size_t{1}}) {
    Batch others = samples;
    others.inputs[changed] = example_input(infos(2)[changed], 4, at::detail::createCPUGenerator(99));
    const Outputs after = net->forward(others, true);
    EXPECT_FALSE(torch::equal(before.unimodal[changed], after.unimodal[changed])) << changed;
    EXPECT_FALSE(torch::equal(before.fused, after.fused)) << changed;
    if (!GetParam().fusion.own) continue;
    EXPECT_TRUE(torch::equal(before.unimodal[1 - changed], after.unimodal[1 - changed])) << changed;
  }
}

// As the fusion has them, where it says so, and as Shapley values always.
TEST_P(FusionContract, UnimodalLogitsSumToTheFusedOnesWhereTheyMust) {
  for (const int64_t modalities : {1, 2, 3}) {
    if (refusal(modalities)) continue;
    for (const char* form : {"fusion", "shapley"}) {
      if (std::string(form) == "fusion" && !GetParam().fusion.sums) continue;
      ModelOptions asked = options();
      asked.unimodal = form;
      const auto net = model(modalities, asked);
      net->eval();
      const Outputs outputs = net->forward(batch(modalities, 4), true);
      EXPECT_LT(relative_error(torch::stack(outputs.unimodal).sum(0), outputs.fused), 1e-4) << form;
    }
  }
}

std::vector<Tensor> copies(const std::vector<Tensor>& tensors) {
  std::vector<Tensor> result;
  for (const Tensor& tensor : tensors) result.push_back(tensor.detach().clone());
  return result;
}

// Every form of unimodal logits, in training, with gradients, and BatchNorm is none the wiser.
TEST_P(FusionContract, UnimodalFormsLeaveNoTrace) {
  for (const char* form : {"fusion", "masked", "shapley", "probe"}) {
    ModelOptions asked = options();
    asked.unimodal = form;
    const auto net = model(2, asked);
    const Batch samples = batch(2, 4);
    const std::vector<Feature> features = net->forward(samples, false).features;
    const std::vector<Tensor> before = copies(net->buffers());
    const std::vector<Tensor> unimodal = net->unimodal_logits(features, samples.present);
    ASSERT_EQ(unimodal.size(), 2U);
    for (const Tensor& logits : unimodal) EXPECT_EQ(logits.sizes(), (std::vector<int64_t>{4, kClasses})) << form;
    const std::vector<Tensor> after = net->buffers();
    for (size_t i = 0; i < after.size(); ++i) EXPECT_TRUE(torch::equal(after[i], before[i])) << form;
    for (const auto& part : net->modules()) EXPECT_TRUE(part->is_training()) << form;
    torch::stack(unimodal).square().sum().backward();
    const bool learns = net->modality_parameters(0).front().grad().defined();
    EXPECT_EQ(learns, std::string(form) != "probe") << form;
  }
}

std::string case_name(const ::testing::TestParamInfo<ModelCase>& row) { return row.param.name; }

INSTANTIATE_TEST_SUITE_P(Encoders, QuickModelContract, ::testing::ValuesIn(testing::quick(testing::encoder_cases())),
                         case_name);
INSTANTIATE_TEST_SUITE_P(Fusions, QuickModelContract, ::testing::ValuesIn(testing::quick(testing::fusion_cases())),
                         case_name);
INSTANTIATE_TEST_SUITE_P(Encoders, ModelContract, ::testing::ValuesIn(testing::encoder_cases()), case_name);
INSTANTIATE_TEST_SUITE_P(Fusions, ModelContract, ::testing::ValuesIn(testing::fusion_cases()), case_name);
INSTANTIATE_TEST_SUITE_P(Fusions, FusionContract, ::testing::ValuesIn(testing::fusion_cases()), case_name);

TEST(EncoderContract, DefaultTakesItsTypeAndRefusalsExplain) {
  for (const ModalityInfo& modality : examples()) {
    const std::string small = small_encoder("concat", modality, examples());
    EXPECT_TRUE(takes(small, modality)) << modality.type;
    for (const EncoderInfo& row : encoder_table()) {
      try {
        make_encoder(facts_of(row).spec, modality);
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::usage);
        for (const std::string& part :
             {"'" + modality.name + "'", modality.type, std::string(row.input), std::string(row.name)}) {
          EXPECT_THAT(error.what(), ::testing::HasSubstr(part));
        }
      }
    }
  }
}

TEST(TableContract, RowsHaveDistinctNamesAndDescribeThemselves) {
  std::vector<std::string> names;
  for (const EncoderInfo& row : encoder_table()) {
    names.emplace_back(row.name);
    EXPECT_NE(std::string(row.summary), "");
    EXPECT_NE(std::string(row.input), "");
  }
  for (const FusionInfo& row : fusion_table()) {
    names.emplace_back(row.name);
    EXPECT_NE(std::string(row.summary), "");
  }
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
}

}  // namespace
}  // namespace pdmp

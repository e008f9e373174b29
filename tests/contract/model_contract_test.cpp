// What every encoder and every fusion promises, for each type of modality an encoder takes.
#include <algorithm>
#include <cmath>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pdmp/error.h"
#include "pdmp/model.h"
#include "pdmp/optimizer.h"
#include "support/example_batch.h"
#include "support/temporary_directory.h"

namespace pdmp {
namespace {

using testing::example_batch;
using testing::example_input;
using testing::in_double;
using testing::relative_error;

constexpr int64_t kClasses = 3;

const std::vector<ModalityInfo>& examples() {
  static const std::vector<ModalityInfo> infos = {{"m", "image", {3, 32, 24}},
                                                  {"m", "audio", {1, 24, 32}},
                                                  {"m", "frames", {3, 2, 24, 24}},
                                                  {"m", "flow", {2, 2, 24, 24}},
                                                  {"m", "tensor", {3, 16}},
                                                  {"m", "vector", {6}},
                                                  {"m", "text", {12}}};
  return infos;
}

struct Case {
  std::string encoder, fusion;
  ModalityInfo modality;
};

void PrintTo(const Case& c, std::ostream* stream) {
  *stream << c.encoder << " of " << c.modality.type << ", " << c.fusion;
}

bool takes(const std::string& encoder, const ModalityInfo& modality) {
  try {
    make_encoder(encoder, modality);
    return true;
  } catch (const Error&) {
    return false;
  }
}

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const EncoderInfo& encoder : encoder_table()) {
    for (const FusionInfo& fusion : fusion_table()) {
      for (const ModalityInfo& modality : examples()) {
        if (takes(encoder.name, modality)) cases.push_back({encoder.name, fusion.name, modality});
      }
    }
  }
  return cases;
}

std::string case_name(const ::testing::TestParamInfo<Case>& info) {
  return info.param.encoder + "_" + info.param.modality.type + "_" + info.param.fusion;
}

class ModelContract : public ::testing::TestWithParam<Case> {
 protected:
  std::vector<ModalityInfo> infos(int64_t modalities) const {
    std::vector<ModalityInfo> result(static_cast<size_t>(modalities), GetParam().modality);
    for (size_t m = 0; m < result.size(); ++m) result[m].name = std::string("m") + std::to_string(m);
    return result;
  }

  // resnet18 so narrow that a test takes moments; the others are small as they are.
  std::shared_ptr<Model> model(int64_t modalities, bool channels_last = true, uint64_t seed = 11) const {
    ModelOptions options;
    options.fusion = GetParam().fusion;
    options.channels_last = channels_last;
    const std::string spec = GetParam().encoder == "resnet18" ? "resnet18:width=4" : GetParam().encoder;
    for (const ModalityInfo& info : infos(modalities)) options.encoders[info.name] = spec;
    return std::make_shared<Model>(infos(modalities), kClasses, options, seed);
  }
  Batch batch(int64_t modalities, int64_t rows, uint64_t seed = 1) const {
    return example_batch(infos(modalities), rows, kClasses, seed);
  }
  static Tensor loss(const Outputs& outputs, const Batch& batch) {
    return torch::nn::functional::cross_entropy(outputs.fused, batch.labels);
  }
};

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
  ModelOptions options;
  options.fusion = GetParam().fusion;
  options.encoders["m0"] = GetParam().encoder;
  const auto net = std::make_shared<Model>(infos(1), kClasses, options, 11);
  const Outputs outputs = net->forward(batch(1, 2), true);
  expect_shapes(outputs, *net, 2);
  EXPECT_EQ(outputs.features[0].pooled.sizes(), (std::vector<int64_t>{2, net->encoder(0).width()}));
  EXPECT_TRUE(net->forward(batch(1, 2), false).unimodal.empty());
}

TEST_P(ModelContract, AnyNumberOfModalitiesAndABatchOfOne) {
  for (const int64_t modalities : {1, 2, 3, 4}) {
    const auto net = model(modalities);
    for (const bool training : {true, false}) {
      net->train(training);
      expect_shapes(net->forward(batch(modalities, 3), true), *net, 3);
      expect_shapes(net->forward(batch(modalities, 1), true), *net, 1);
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

TEST_P(ModelContract, OwnershipFollowsTheGraph) {
  const auto net = model(3);
  const Batch samples = batch(3, 6);
  Outputs outputs = net->forward(samples, false);
  outputs.features[1].pooled.sum().backward();
  for (const OwnedParameter& parameter : net->ownership()) {
    EXPECT_EQ(parameter.value.grad().defined(), parameter.in_encoder && parameter.owner == 1) << parameter.name;
  }
}

TEST_P(ModelContract, UnimodalLogitsRestOnTheirModalityOnly) {
  const auto net = model(2);
  net->eval();
  Batch samples = batch(2, 4), others = samples;
  others.inputs[1] = example_input(infos(2)[1], 4, at::detail::createCPUGenerator(99));
  const Outputs a = net->forward(samples, true), b = net->forward(others, true);
  EXPECT_TRUE(torch::equal(a.unimodal[0], b.unimodal[0]));
  EXPECT_FALSE(torch::equal(a.unimodal[1], b.unimodal[1]));
  EXPECT_FALSE(torch::equal(a.fused, b.fused));
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
  const auto loaded = model(2, true, 999);
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
  const auto last = model(2, true), first = model(2, false);
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
TEST_P(ModelContract, GradientsAreThoseOfFiniteDifferences) {
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

TEST_P(ModelContract, OverfitsSixteenSamples) {
  const auto net = model(2);
  const Batch samples = batch(2, 16);
  OptimizerOptions options;
  options.optimizer = "adamw";
  options.lr = 1e-2;
  const auto optimizer = make_optimizer(options, default_groups(*net));
  double last = 1e9;
  Outputs outputs;
  for (int step = 0; step < 200 && last > 0.01; ++step) {
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
    EXPECT_TRUE(torch::equal(a->ownership()[i].value.grad(), b->ownership()[i].value.grad())) << a->ownership()[i].name;
  }
  for (const auto& item : a->named_buffers())
    EXPECT_TRUE(torch::equal(item.value(), b->named_buffers()[item.key()])) << item.key();
}

INSTANTIATE_TEST_SUITE_P(Tables, ModelContract, ::testing::ValuesIn(all_cases()), case_name);

TEST(EncoderContract, DefaultTakesItsTypeAndRefusalsExplain) {
  for (const ModalityInfo& modality : examples()) {
    EXPECT_TRUE(takes(default_encoder(modality), modality)) << modality.type;
    for (const EncoderInfo& row : encoder_table()) {
      try {
        make_encoder(row.name, modality);
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

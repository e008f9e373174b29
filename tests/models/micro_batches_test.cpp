#include "models/micro_batches.h"

#include <gtest/gtest.h>
#include <torch/autograd.h>

#include "models/weights/init.h"

namespace pdmp::models {
namespace {

constexpr int64_t kRows = 8;  // of a micro-batch

ModalityInfo picture() { return {.name = "a", .type = "image", .shape = {3, 16, 16}}; }

std::shared_ptr<Encoder> encoder_of(const std::string& spec, const ModalityInfo& info) {
  const SeededGenerator generator(3);
  const auto encoder = make_encoder(spec, info);
  encoder->train();
  return encoder;
}

// Loss, whose gradient differs from row to row.
Tensor loss_of(const Tensor& pooled) {
  const Tensor rows = torch::arange(pooled.size(0), torch::kFloat32).unsqueeze(1);
  return (pooled * (rows / 7).sin() + pooled.square()).mean();
}

std::vector<Tensor> gradients(Encoder& encoder) {
  std::vector<Tensor> result;
  for (const Tensor& parameter : encoder.parameters()) result.push_back(parameter.grad().clone());
  return result;
}

void expect_close(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) EXPECT_TRUE(a[i].allclose(b[i], 1e-4, 1e-6)) << i;
}

// Micro-batches one after the other, each with its graph: what the memory is not there for.
Tensor encode_with_graphs(Encoder& encoder, const Tensor& x) {
  std::vector<Tensor> pooled;
  for (const Tensor& rows : x.split(kRows)) pooled.push_back(encoder.forward(rows).pooled);
  return torch::cat(pooled);
}

Tensor all_present(const Tensor& x) { return torch::ones({x.size(0)}, torch::kBool); }

TEST(MicroBatches, FeaturesAndGradientsAreThoseOfTheWholeBatch) {
  const ModalityInfo info{.name = "a", .type = "vector", .shape = {5}};
  const auto whole = encoder_of("mlp:hidden=6", info), parts = encoder_of("mlp:hidden=6", info);
  const Tensor x = torch::randn({27, 5});
  Tensor present = all_present(x);
  present.narrow(0, 8, 8).fill_(false);  // nobody of the second micro-batch
  present[3] = present[25] = false;
  const Feature a = encode_batch(*whole, x, present), b = encode_in_micro_batches(*parts, x, present, kRows);
  EXPECT_TRUE(b.pooled.allclose(a.pooled, 1e-5, 1e-7));
  loss_of(a.pooled).backward();
  loss_of(b.pooled).backward();
  expect_close(gradients(*parts), gradients(*whole));
}

// Maps too; BatchNorm takes the statistics of each micro-batch, once.
TEST(MicroBatches, RunningStatisticsMoveOncePerMicroBatch) {
  const auto expected = encoder_of("resnet18:width=4", picture()), parts = encoder_of("resnet18:width=4", picture());
  const Tensor x = torch::randn({20, 3, 16, 16});
  const Tensor pooled = encode_with_graphs(*expected, x);
  const Feature found = encode_in_micro_batches(*parts, x, all_present(x), kRows);
  EXPECT_TRUE(found.pooled.equal(pooled));
  loss_of(pooled).backward();
  (loss_of(found.pooled) + 0 * found.map.sum()).backward();
  expect_close(gradients(*parts), gradients(*expected));
  for (size_t i = 0; i < parts->buffers().size(); ++i) {
    EXPECT_TRUE(parts->buffers()[i].equal(expected->buffers()[i])) << i;
  }
}

TEST(MicroBatches, DropoutIsTheSameTheSecondTime) {
  const ModalityInfo info{.name = "a", .type = "tensor", .shape = {6, 12}};
  const std::string spec = "transformer:dropout=0.5:dim=8:heads=2:mlp=8:depth=1";
  const auto expected = encoder_of(spec, info), parts = encoder_of(spec, info);
  const Tensor x = torch::randn({20, 6, 12});
  torch::manual_seed(5);
  const Tensor pooled = encode_with_graphs(*expected, x);
  torch::manual_seed(5);
  const Feature found = encode_in_micro_batches(*parts, x, all_present(x), kRows);
  EXPECT_TRUE(found.pooled.equal(pooled));
  loss_of(pooled).backward();
  const Tensor drawn = torch::rand({3});
  torch::manual_seed(5);
  encode_in_micro_batches(*parts, x, all_present(x), kRows);
  loss_of(found.pooled).backward();  // leaves the generator alone
  EXPECT_TRUE(torch::rand({3}).equal(drawn));
  expect_close(gradients(*parts), gradients(*expected));
}

// As MMPareto and GGDM ask: two losses of one pass, gradients of chosen parameters.
TEST(MicroBatches, OnePassServesSeveralLosses) {
  const auto expected = encoder_of("resnet18:width=4", picture()), parts = encoder_of("resnet18:width=4", picture());
  const Tensor x = torch::randn({20, 3, 16, 16});
  const auto both = [](const Tensor& pooled, const std::vector<Tensor>& parameters) {
    std::vector<Tensor> all;
    for (const Tensor& loss : {loss_of(pooled), pooled.cos().sum()}) {
      for (const Tensor& gradient : torch::autograd::grad({loss}, parameters, {}, /*retain_graph=*/true)) {
        all.push_back(gradient);
      }
    }
    return all;
  };
  const std::vector<Tensor> some = parts->parameters(), theirs = expected->parameters();
  const Tensor pooled = encode_with_graphs(*expected, x);
  expect_close(both(encode_in_micro_batches(*parts, x, all_present(x), kRows).pooled, {some[0], some[5]}),
               both(pooled, {theirs[0], theirs[5]}));
}

TEST(MicroBatches, AModeThatWasLeftComesBackForBackward) {
  const auto expected = encoder_of("resnet18:width=4", picture()), parts = encoder_of("resnet18:width=4", picture());
  const Tensor x = torch::randn({20, 3, 16, 16});
  expected->eval();
  parts->eval();
  const Tensor pooled = encode_with_graphs(*expected, x);
  const Feature found = encode_in_micro_batches(*parts, x, all_present(x), kRows);
  expected->train();
  parts->train();
  loss_of(pooled).backward();
  loss_of(found.pooled).backward();
  EXPECT_TRUE(parts->is_training());
  expect_close(gradients(*parts), gradients(*expected));
}

// A row that is the only one of its micro-batch goes by the running statistics, which later micro-batches change.
TEST(MicroBatches, ASingleRowIsDifferentiatedWithTheStatisticsItWasEncodedWith) {
  const auto expected = encoder_of("resnet18:width=4", picture()), parts = encoder_of("resnet18:width=4", picture());
  const Tensor x = torch::randn({24, 3, 16, 16});
  Tensor present = all_present(x);
  present.narrow(0, kRows + 1, kRows - 1).fill_(false);
  const Tensor weights = torch::arange(24, torch::kFloat32).sin().unsqueeze(1);
  for (int64_t start = 0; start < 24; start += kRows) {
    const Feature part = encode_batch(*expected, x.narrow(0, start, kRows), present.narrow(0, start, kRows));
    (part.pooled * weights.narrow(0, start, kRows)).sum().backward();
  }
  (encode_in_micro_batches(*parts, x, present, kRows).pooled * weights).sum().backward();
  expect_close(gradients(*parts), gradients(*expected));
}

TEST(MicroBatches, FrozenEncodersAndPassesWithoutGradientsHaveNoGraph) {
  const ModalityInfo info{.name = "a", .type = "vector", .shape = {5}};
  const auto encoder = encoder_of("mlp:hidden=6", info);
  const Tensor x = torch::randn({20, 5});
  {
    const torch::NoGradGuard no_gradients;
    EXPECT_FALSE(encode_in_micro_batches(*encoder, x, all_present(x), kRows).pooled.requires_grad());
  }
  for (Tensor& parameter : encoder->parameters()) parameter.requires_grad_(false);
  EXPECT_FALSE(encode_in_micro_batches(*encoder, x, all_present(x), kRows).pooled.requires_grad());
}

}  // namespace
}  // namespace pdmp::models

#include <gtest/gtest.h>

#include "pdmp/error.h"
#include "pdmp/model.h"
#include "support/expect_error.h"

namespace pdmp::models {
namespace {

Tensor bytes(const std::string& text, int64_t length) {
  Tensor row = torch::zeros({1, length}, torch::kInt64);
  for (size_t i = 0; i < text.size(); ++i)
    row[0][static_cast<int64_t>(i)] = static_cast<int64_t>(static_cast<uint8_t>(text[i])) + 1;
  return row;
}

TEST(TextCnn, ShapesAndCounts) {
  const auto encoder = make_encoder("text_cnn:embedding=8:width=5:kernels=3+4+5", {"caption", "text", {20}});
  EXPECT_EQ(encoder->width(), 15);
  int64_t count = 0;
  for (const Tensor& parameter : encoder->parameters()) count += parameter.numel();
  EXPECT_EQ(count, 257 * 8 + 5 * 8 * (3 + 4 + 5) + 3 * 5);
  EXPECT_EQ(encoder->forward(bytes("kitten", 20)).pooled.sizes(), (std::vector<int64_t>{1, 15}));
}

// What follows the text does not matter, nor where it stands: maximum over time, padding embedded as zeros.
TEST(TextCnn, PaddingAndPositionDoNotMatter) {
  const auto encoder = make_encoder("text_cnn", {"caption", "text", {24}});
  const Tensor once = encoder->forward(bytes("a red cat", 24)).pooled;
  EXPECT_TRUE(torch::allclose(once, encoder->forward(bytes("a red cat", 40)).pooled, 1e-5, 1e-6));
  EXPECT_TRUE(torch::allclose(once, encoder->forward(bytes("a red cat", 24).roll(6, 1)).pooled, 1e-5, 1e-6));
  EXPECT_FALSE(torch::allclose(once, encoder->forward(bytes("a cat red", 24)).pooled, 1e-5, 1e-6));
}

TEST(TextCnn, TakesTextsShorterThanItsKernels) {
  const auto encoder = make_encoder("text_cnn", {"caption", "text", {1}});
  EXPECT_EQ(encoder->forward(bytes("x", 1)).pooled.sizes(), (std::vector<int64_t>{1, encoder->width()}));
}

TEST(TextCnn, PaddingStaysZero) {
  const auto encoder = make_encoder("text_cnn:embedding=4", {"caption", "text", {6}});
  encoder->forward(bytes("ab", 6)).pooled.sum().backward();
  const Tensor table = encoder->named_parameters()["embedding.weight"];
  EXPECT_EQ(table.detach()[0].abs().max().item<double>(), 0);
  EXPECT_EQ(table.grad()[0].abs().max().item<double>(), 0);
}

// A text whose first character needs more bytes than there are is present and empty; an empty cell is absent.
TEST(TextCnn, TextOfPaddingOnlyIsWhatTheBiasesMakeOfIt) {
  const auto encoder = make_encoder("text_cnn:width=3:kernels=2+4", {"caption", "text", {5}});
  const auto parameters = encoder->named_parameters();
  const Tensor biases = torch::relu(torch::cat({parameters["conv1.bias"], parameters["conv2.bias"]}));
  EXPECT_TRUE(torch::allclose(encoder->forward(bytes("", 5)).pooled[0], biases));
}

TEST(TextCnn, RefusesTextsOfNoBytes) {
  testing::expect_error(ErrorKind::usage, {"'caption'", "at least 1", "text", "(0)"}, [] {
    make_encoder("text_cnn", {"caption", "text", {0}});
  });
}

TEST(TextCnn, RefusesNumbers) { EXPECT_THROW(make_encoder("text_cnn", {"a", "vector", {16}}), Error); }

}  // namespace
}  // namespace pdmp::models

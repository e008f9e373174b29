// Transformer over tokens (B, N, D): learned positions, then blocks that normalise before they compute (models.md 7.1).
//
//   x = x + drop(drop(proj(merge(drop(softmax(q k^T / sqrt(D / heads))) v))))   of q, k, v = qkv(norm1(x))
//   x = x + drop(fc2(drop(gelu(fc1(norm2(x))))))
//
// Names of a block's parameters: norm1, attention.qkv (no bias), attention.proj, norm2, fc1, fc2.
#pragma once

#include <cstdint>
#include <string>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>
#include <vector>

#include "models/weights/init.h"
#include "pdmp/options.h"

namespace pdmp::models {

struct TransformerSizes {
  int64_t dim, heads, mlp, depth;  // numbers per token, heads that share them out, width of fc1, blocks
  double dropout;
  std::string gelu = "tanh";  // its approximation by tanh (5e-4 off at most) | exact

  // Options dim, heads, mlp, depth, dropout, gelu.
  void describe(OptionList& list);
  // Error{usage} beginning with `where` unless every head gets as many numbers.
  void check(const std::string& where) const;
};

class SelfAttentionImpl : public torch::nn::Module {
 public:
  SelfAttentionImpl(int64_t dim, int64_t heads, double dropout);
  // x (B, N, D). mask (B, N) bool: tokens that may be attended to, at least one in each row; undefined: all.
  Tensor forward(const Tensor& x, const Tensor& mask = {});

 private:
  int64_t heads_;
  double dropout_;
  torch::nn::Linear qkv_, proj_;  // rows of qkv: D of the queries, D of the keys, D of the values; in each head by head
};
TORCH_MODULE(SelfAttention);

class TransformerBlockImpl : public torch::nn::Module, public OwnInit {
 public:
  explicit TransformerBlockImpl(const TransformerSizes& sizes);
  Tensor forward(const Tensor& x, const Tensor& mask = {});  // as SelfAttention

 private:
  Tensor drop(const Tensor& x) const;

  double dropout_;
  std::string approximation_;
  SelfAttention attention_;
  torch::nn::LayerNorm norm1_, norm2_;
  torch::nn::Linear fc1_, fc2_;
};
TORCH_MODULE(TransformerBlock);

// `position` (tokens, D), zeros at first, is added once and dropped out of; then `depth` blocks, blocks.0 and so on.
class TransformerImpl : public torch::nn::Module {
 public:
  TransformerImpl(int64_t tokens, const TransformerSizes& sizes);
  // x (B, N, D), N at most `tokens`. mask as SelfAttention.
  Tensor forward(const Tensor& x, const Tensor& mask = {});

 private:
  double dropout_;
  Tensor position_;
  std::vector<TransformerBlock> blocks_;
};
TORCH_MODULE(Transformer);

}  // namespace pdmp::models

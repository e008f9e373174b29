#include "models/layers/transformer.h"

#include <fmt/format.h>
#include <optional>
#include <torch/nn/modules/container/modulelist.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>

#include "pdmp/error.h"

namespace pdmp::models {

void TransformerSizes::describe(OptionList& list) {
  list.add("dim", &dim, "Numbers per token.").at_least(1).at_most(65536);
  list.add("heads", &heads, "Attention heads, among which the numbers of a token are shared out evenly.").at_least(1);
  list.add("mlp", &mlp, "Width of the hidden layer in each block.").at_least(1).at_most(1 << 20);
  list.add("depth", &depth, "Number of blocks.").at_least(1).at_most(64);
  list.add("dropout", &dropout, "Share left out in training, of tokens, attention and hidden layers.")
      .at_least(0)
      .below(1);
  list.add("gelu", &gelu, "GELU by its tanh approximation or exact.").one_of({"tanh", "exact"});
}

void TransformerSizes::check(const std::string& where) const {
  if (dim % heads == 0) return;
  throw Error(
      ErrorKind::usage,
      fmt::format("{}: expected heads to divide dim={}, found heads={}; choose another of them", where, dim, heads));
}

SelfAttentionImpl::SelfAttentionImpl(int64_t dim, int64_t heads, double dropout)
    : heads_(heads),
      dropout_(dropout),
      qkv_(register_module("qkv", torch::nn::Linear(torch::nn::LinearOptions(dim, 3 * dim).bias(false)))),
      proj_(register_module("proj", torch::nn::Linear(dim, dim))) {}

Tensor SelfAttentionImpl::forward(const Tensor& x, const Tensor& mask) {
  const Tensor qkv = qkv_->forward(x)
                         .unflatten(2, {3, heads_, x.size(2) / heads_})
                         .permute({2, 0, 3, 1, 4});  // (3, B, heads, N, D / heads)
  std::optional<Tensor> keys;
  if (mask.defined()) keys = mask.unsqueeze(1).unsqueeze(2);
  const Tensor values = at::scaled_dot_product_attention(qkv[0], qkv[1], qkv[2], keys, is_training() ? dropout_ : 0.0);
  return torch::dropout(proj_->forward(values.transpose(1, 2).flatten(2)), dropout_, is_training());
}

TransformerBlockImpl::TransformerBlockImpl(const TransformerSizes& sizes)
    : dropout_(sizes.dropout),
      approximation_(sizes.gelu == "tanh" ? "tanh" : "none"),
      attention_(sizes.dim, sizes.heads, sizes.dropout),
      norm1_(torch::nn::LayerNormOptions({sizes.dim})),
      norm2_(torch::nn::LayerNormOptions({sizes.dim})),
      fc1_(sizes.dim, sizes.mlp),
      fc2_(sizes.mlp, sizes.dim) {
  register_module("norm1", norm1_);
  register_module("attention", attention_);
  register_module("norm2", norm2_);
  register_module("fc1", fc1_);
  register_module("fc2", fc2_);
}

Tensor TransformerBlockImpl::drop(const Tensor& x) const { return torch::dropout(x, dropout_, is_training()); }

Tensor TransformerBlockImpl::forward(const Tensor& x, const Tensor& mask) {
  const Tensor attended = x + drop(attention_->forward(norm1_->forward(x), mask));
  const Tensor hidden = drop(torch::gelu(fc1_->forward(norm2_->forward(attended)), approximation_));
  return attended + drop(fc2_->forward(hidden));
}

TransformerImpl::TransformerImpl(int64_t tokens, const TransformerSizes& sizes)
    : dropout_(sizes.dropout), position_(register_parameter("position", torch::zeros({tokens, sizes.dim}))) {
  torch::nn::ModuleList blocks;
  for (int64_t i = 0; i < sizes.depth; ++i) {
    blocks_.emplace_back(sizes);
    blocks->push_back(blocks_.back());
  }
  register_module("blocks", blocks);
}

Tensor TransformerImpl::forward(const Tensor& x, const Tensor& mask) {
  Tensor z = torch::dropout(x + position_.slice(0, 0, x.size(1)), dropout_, is_training());
  for (TransformerBlock& block : blocks_) z = block->forward(z, mask);
  return z;
}

}  // namespace pdmp::models

// mmFormer for classification (models.md 7): each modality's map becomes a grid of tokens that first attend to each
// other, then to those of all modalities; a matrix over the tokens and their mean follow.
//
// Parameters: intra_<m>.bn, .embed, .transformer are modality m's and count as its encoder; inter, mix, fc are shared.
#include <fmt/format.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>

#include "models/fusion/early_maps.h"
#include "models/fusion/modalities.h"
#include "models/layers/evaluation_mode.h"
#include "models/layers/present_rows.h"
#include "models/layers/transformer.h"
#include "models/weights/init.h"

namespace pdmp::models {
namespace {

// From the map of one modality to its tokens. G = grid.
class IntraImpl : public torch::nn::Module {
 public:
  IntraImpl(int64_t channels, int64_t grid, const TransformerSizes& sizes)
      : grid_(grid),
        bn_(register_module("bn", torch::nn::BatchNorm2d(channels))),
        embed_(
            register_module("embed", torch::nn::Conv2d(torch::nn::Conv2dOptions(channels, sizes.dim, 3).padding(1)))),
        transformer_(register_module("transformer", Transformer(grid * grid, sizes))) {}

  // (B, channels, h, w) -> (B, G G, D), rows of the grid one after the other.
  Tensor forward(const Tensor& map) {
    constexpr double kSlope = 0.01;
    const Tensor values = torch::leaky_relu(normalise(torch::adaptive_avg_pool2d(map, {grid_, grid_})), kSlope);
    return transformer_->forward(embed_->forward(values).flatten(2).transpose(1, 2).contiguous());
  }

 private:
  Tensor normalise(const Tensor& map) {
    const int64_t values = map.size(0) * map.size(2) * map.size(3);
    return pass_with_statistics(*bn_, values, [&] { return bn_->forward(map); });
  }

  int64_t grid_;
  torch::nn::BatchNorm2d bn_;
  torch::nn::Conv2d embed_;
  Transformer transformer_;
};
TORCH_MODULE(Intra);

// A convolution one wide whose channels are tokens is a matrix over the tokens. It keeps LibTorch's initial values.
class TokenMixImpl : public torch::nn::LinearImpl, public OwnInit {
 public:
  using torch::nn::LinearImpl::LinearImpl;
};
TORCH_MODULE(TokenMix);

class MmFormer : public Fusion {
 public:
  // G = grid, N = G G tokens per modality, D = sizes.dim.
  MmFormer(const std::vector<int64_t>& widths, int64_t classes, int64_t grid, const TransformerSizes& sizes)
      : tokens_(grid * grid), dim_(sizes.dim) {
    for (const int64_t width : widths) {
      intra_.push_back(register_module(fmt::format("intra_{}", intra_.size()), Intra(width, grid, sizes)));
    }
    const int64_t all = tokens_ * static_cast<int64_t>(widths.size());
    inter_ = register_module("inter", Transformer(all, sizes));
    mix_ = register_module("mix", TokenMix(all, tokens_));
    fc_ = register_module("fc", torch::nn::Linear(dim_, classes));
  }

  Tensor forward(const std::vector<Feature>& features, const Tensor& present) override {
    std::vector<Tensor> tokens;
    for (size_t m = 0; m < intra_.size(); ++m) tokens.push_back(own_tokens(m, features[m], present));
    return classify(tokens);
  }

  // The other modalities' maps are zero. What follows the maps sees them all the same: their tokens are not.
  std::vector<Tensor> unimodal_logits(const std::vector<Feature>& features, const Tensor& present) override {
    std::vector<Tensor> of_zeros(intra_.size()), logits;
    if (intra_.size() > 1) {
      for (size_t m = 0; m < intra_.size(); ++m) of_zeros[m] = tokens_of_zeros(m, features[m]);
    }
    for (size_t m = 0; m < intra_.size(); ++m) {
      std::vector<Tensor> tokens = of_zeros;
      tokens[m] = own_tokens(m, features[m], present);
      logits.push_back(classify(tokens));
    }
    return logits;
  }

  std::optional<int64_t> owner(const std::string& name) const override { return numbered_owner(name, "intra_"); }
  bool in_encoder(const std::string& name) const override { return owner(name).has_value(); }

 private:
  // (B, N, D). Zeros, without gradient, for rows that lack the modality: `intra` never sees those.
  Tensor own_tokens(size_t m, const Feature& feature, const Tensor& present) {
    const Tensor map = map_of(feature), rows = present.select(1, static_cast<int64_t>(m)).nonzero().flatten();
    if (rows.size(0) == map.size(0)) return intra_[m]->forward(map);
    if (rows.size(0) == 0) return torch::zeros({map.size(0), tokens_, dim_}, map.options().requires_grad(false));
    return scatter_rows(intra_[m]->forward(map.index_select(0, rows)), rows, map.size(0));
  }

  // (B, N, D). All rows are the same; only in training dropout makes them differ.
  Tensor tokens_of_zeros(size_t m, const Feature& feature) {
    const Tensor zeros = torch::zeros_like(map_of(feature));
    if (intra_[m]->is_training()) return intra_[m]->forward(zeros);
    return intra_[m]->forward(zeros.slice(0, 0, 1)).expand({zeros.size(0), tokens_, dim_});
  }

  Tensor classify(const std::vector<Tensor>& tokens) {
    const Tensor joined = inter_->forward(torch::cat(tokens, 1));        // (B, M N, D)
    return fc_->forward(mix_->forward(joined.transpose(1, 2)).mean(2));  // mean over N mixed tokens
  }

  int64_t tokens_, dim_;
  std::vector<Intra> intra_;
  Transformer inter_{nullptr};
  TokenMix mix_{nullptr};
  torch::nn::Linear fc_{nullptr};
};

class MmFormerOptions : public FusionOptions {
 public:
  void describe(OptionList& list) override {
    sizes_.describe(list);
    list.add("grid", &grid_, "Tokens of a modality along each side of its map.").at_least(1).at_most(256);
    front_.describe(list);
  }

  std::string encoder(const ModalityInfo& modality, const std::vector<ModalityInfo>& modalities) const override {
    return front_.encoder(modality, modalities, 0);
  }

  std::shared_ptr<Fusion> make(const std::vector<int64_t>& widths, int64_t classes) const override {
    front_.check("mmformer");
    sizes_.check("fusion: mmformer");
    return std::make_shared<MmFormer>(widths, classes, grid_, sizes_);
  }

 private:
  TransformerSizes sizes_ = {.dim = 512, .heads = 8, .mlp = 4096, .depth = 1, .dropout = 0.1};
  int64_t grid_ = 14;
  FrontOptions front_;
};

}  // namespace

std::unique_ptr<FusionOptions> mmformer_options() { return std::make_unique<MmFormerOptions>(); }

}  // namespace pdmp::models

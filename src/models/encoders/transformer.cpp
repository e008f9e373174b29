// Small transformer. Pictures and series are cut into patches, one token each; of a text every byte is a token. The
// feature is the mean of the tokens after a last LayerNorm.
#include "models/layers/transformer.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/embedding.h>
#include <torch/nn/modules/normalization.h>

#include "data/types/modality_type.h"
#include "models/encoders/table.h"

namespace pdmp::models {
namespace {

int64_t pieces(int64_t length, int64_t size) { return (length + size - 1) / size; }

// Pictures (C, H, W), frames (C, T, H, W) and series (C, L), which are pictures one high.
class PatchTransformer : public Encoder {
 public:
  // `patch` (height, width) of a patch; `shape` as ModalityInfo::shape.
  PatchTransformer(const std::vector<int64_t>& shape, const std::vector<int64_t>& patch, const TransformerSizes& sizes)
      : patch_(patch),
        width_(sizes.dim),
        patches_(register_module(
            "patches",
            torch::nn::Conv2d(
                torch::nn::Conv2dOptions(shape[0], sizes.dim, {patch[0], patch[1]}).stride({patch[0], patch[1]})))),
        transformer_(register_module("transformer", Transformer(token_count(shape, patch), sizes))),
        norm_(register_module("norm", torch::nn::LayerNorm(torch::nn::LayerNormOptions({sizes.dim})))) {}

  // map (B, d, h / patch, w / patch), rounded up; frames are seen one by one and averaged.
  Feature forward(const Tensor& x) override {
    Tensor map;
    if (x.dim() == 5) {
      map = trunk(x.transpose(1, 2).flatten(0, 1)).unflatten(0, {x.size(0), x.size(2)}).mean(1);
    } else {
      map = trunk(x.dim() == 3 ? x.unsqueeze(2) : x);
    }
    return {map, map.mean({2, 3})};
  }
  int64_t width() const override { return width_; }

 private:
  static int64_t token_count(const std::vector<int64_t>& shape, const std::vector<int64_t>& patch) {
    const int64_t rows = shape.size() == 2 ? 1 : pieces(shape[shape.size() - 2], patch[0]);
    return rows * pieces(shape.back(), patch[1]);
  }

  // (N, C, h, w) -> (N, d, h', w')
  Tensor trunk(const Tensor& pictures) {
    const int64_t rows = pieces(pictures.size(2), patch_[0]), columns = pieces(pictures.size(3), patch_[1]);
    // Zeros fill up the last patches, so that no number of the input goes unseen.
    const Tensor padded = torch::constant_pad_nd(
        pictures, {0, columns * patch_[1] - pictures.size(3), 0, rows * patch_[0] - pictures.size(2)});
    const Tensor map = patches_->forward(padded.contiguous(patches_->weight.suggest_memory_format()));
    const Tensor tokens = transformer_->forward(map.flatten(2).transpose(1, 2).contiguous());
    return norm_->forward(tokens).transpose(1, 2).unflatten(2, {rows, columns});
  }

  std::vector<int64_t> patch_;
  int64_t width_;
  torch::nn::Conv2d patches_;
  Transformer transformer_;
  torch::nn::LayerNorm norm_;
};

// Text (max_bytes): bytes + 1, 0 behind the end.
class TextTransformer : public Encoder {
 public:
  TextTransformer(int64_t max_bytes, const TransformerSizes& sizes)
      : width_(sizes.dim),
        embedding_(register_module(
            "embedding", torch::nn::Embedding(torch::nn::EmbeddingOptions(kTextSymbols, sizes.dim).padding_idx(0)))),
        transformer_(register_module("transformer", Transformer(max_bytes, sizes))),
        norm_(register_module("norm", torch::nn::LayerNorm(torch::nn::LayerNormOptions({sizes.dim})))) {}

  // x (B, L) int64. No map. Padding is neither attended to nor averaged; a text of nothing but padding is one token of
  // it, so that there is something to attend to.
  Feature forward(const Tensor& x) override {
    const Tensor bytes = x.slice(1, 0, longest(x));
    const Tensor used = bytes.ne(0);
    used.select(1, 0).fill_(true);
    const Tensor tokens = norm_->forward(transformer_->forward(embedding_->forward(bytes), used));
    const Tensor weights = used.unsqueeze(2).to(tokens.scalar_type());
    return {{}, (tokens * weights).sum(1) / weights.sum(1)};
  }
  int64_t width() const override { return width_; }

 private:
  // What is padding in every row need not be computed. At least 1.
  static int64_t longest(const Tensor& x) {
    const Tensor columns = x.ne(0).any(0).nonzero();
    return columns.numel() == 0 ? 1 : columns.max().item<int64_t>() + 1;
  }

  int64_t width_;
  torch::nn::Embedding embedding_;
  Transformer transformer_;
  torch::nn::LayerNorm norm_;
};

class TransformerOptions : public EncoderOptions {
 public:
  void describe(OptionList& list) override {
    sizes_.describe(list);
    list.add("patch", &patch_,
             "Side of a patch of a picture, or steps of a series, per token; 0: 16 and 8, less where the input is "
             "smaller.")
        .at_least(0);
  }

  std::shared_ptr<Encoder> make(const ModalityInfo& modality) const override {
    const size_t rank = modality.shape.size();
    const bool text = data::holds_integers(modality.type);
    if (text ? rank != 1 : (rank < 2 || rank > 4)) throw unfit_input("transformer", modality);
    const std::string where = fmt::format("encoder of modality '{}': transformer", modality.name);
    sizes_.check(where);
    if (!text) return std::make_shared<PatchTransformer>(modality.shape, patch(where, modality), sizes_);
    if (patch_ == 0) return std::make_shared<TextTransformer>(modality.shape[0], sizes_);
    throw Error(ErrorKind::usage,
                fmt::format("{}:patch: expected none for text, which is read byte by byte, found {}; leave it out",
                            where, patch_));
  }

 private:
  // (height, width) of a patch.
  std::vector<int64_t> patch(const std::string& where, const ModalityInfo& modality) const {
    constexpr int64_t kPicture = 16, kSeries = 8;
    const std::vector<int64_t>& shape = modality.shape;
    const bool series = shape.size() == 2;
    const int64_t shorter = series ? shape[1] : std::min(shape[shape.size() - 2], shape.back());
    if (patch_ > shorter) {
      throw Error(ErrorKind::usage,
                  fmt::format("{}:patch: expected at most {}, the shorter side of shape ({}), found {}; take a smaller "
                              "one",
                              where, shorter, fmt::join(shape, ", "), patch_));
    }
    const int64_t size = patch_ > 0 ? patch_ : std::min(shorter, series ? kSeries : kPicture);
    return {series ? 1 : size, size};
  }

  TransformerSizes sizes_ = {.dim = 128, .heads = 4, .mlp = 256, .depth = 2, .dropout = 0.1};
  int64_t patch_ = 0;
};

}  // namespace

std::unique_ptr<EncoderOptions> transformer_options() { return std::make_unique<TransformerOptions>(); }

}  // namespace pdmp::models

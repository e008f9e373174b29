// Text as a bag of hashed byte n-grams: each n-gram has a row of an embedding, a text is the sum of its rows. On a few
// hundred short texts this beats text_cnn by far, because rare words decide and need no learnt filters to be seen.
#include <algorithm>
#include <fmt/format.h>
#include <torch/nn/functional/embedding.h>
#include <torch/nn/modules/dropout.h>

#include "data/types/modality_type.h"
#include "models/encoders/table.h"

namespace pdmp::models {
namespace {

constexpr int64_t kSpace = ' ' + 1;  // the text type's code of a byte is the byte + 1; 0 = padding
// Rows start small beside a head of unit scale; LibTorch's N(0, 1) would drown what is learnt.
constexpr double kInitialScale = 0.1;
constexpr int64_t kHashFactor = 0x9E3779B1;  // odd, from the golden ratio: neighbours land far apart

// x (B, L) with padding at the end -> (B, longest + 2): a space before and after each text that is not empty, so that
// n-grams tell the edges of words at the ends of the text too.
Tensor with_edges(const Tensor& x) {
  const Tensor lengths = x.ne(0).sum(1);
  const int64_t longest = lengths.numel() > 0 ? lengths.max().item<int64_t>() : 0;
  const Tensor has_text = lengths.gt(0).to(torch::kInt64).mul(kSpace).unsqueeze(1);
  Tensor codes = torch::cat({has_text, x.slice(1, 0, longest), torch::zeros_like(has_text)}, 1);
  return codes.scatter(1, (lengths + 1).unsqueeze(1), has_text);
}

class TextNgrams : public Encoder {
 public:
  TextNgrams(int64_t width, int64_t longest, int64_t buckets, double dropout)
      : width_(width),
        longest_(longest),
        buckets_(buckets),
        // Row 0 stands for "no n-gram here" and stays out of every sum.
        weight_(register_parameter("weight", torch::randn({buckets + 1, width}) * kInitialScale)),
        dropout_(register_module("dropout", torch::nn::Dropout(dropout))) {}

  // x (B, L) int64; no map, pooled (B, width)
  Feature forward(const Tensor& x) override {
    const Tensor ids = ngrams(x);  // (B, P)
    const Tensor counts = ids.ne(0).sum(1, true).clamp_min(1).to(weight_.scalar_type());
    const auto options = torch::nn::functional::EmbeddingBagFuncOptions().mode(torch::kSum).padding_idx(0);
    const Tensor sums = torch::nn::functional::embedding_bag(ids, weight_, options);
    // By the root of the count: a long text says more than a short one, but not in proportion.
    return {{}, dropout_->forward(torch::relu(sums / counts.sqrt()))};
  }
  int64_t width() const override { return width_; }

 private:
  // Row of every n-gram of 1 to `longest_` bytes; 0 where one would reach into the padding.
  Tensor ngrams(const Tensor& x) const {
    const Tensor codes = with_edges(x);
    std::vector<Tensor> ids;
    Tensor hash = torch::zeros_like(codes);
    for (int64_t n = 1; n <= std::min(longest_, codes.size(1)); ++n) {
      const int64_t places = codes.size(1) - n + 1;
      const Tensor last = codes.slice(1, n - 1, n - 1 + places);
      hash = (hash.slice(1, 0, places) * 257 + last).remainder(kHashFactor);
      // `n` goes in as well, so that "a" and a hash of longer text that equals its code stay apart.
      const Tensor bucket = ((hash + n) * kHashFactor).bitwise_right_shift(13).remainder(buckets_) + 1;
      ids.push_back(bucket * last.ne(0));
    }
    return torch::cat(ids, 1);
  }

  int64_t width_, longest_, buckets_;
  Tensor weight_;  // (buckets + 1, width)
  torch::nn::Dropout dropout_;
};

class TextNgramsOptions : public EncoderOptions {
 public:
  void describe(OptionList& list) override {
    list.add("width", &width_, "Numbers per n-gram, and width of the feature.").at_least(1).at_most(65536);
    list.add("longest", &longest_, "N-grams of 1 to this many bytes.").at_least(1).at_most(16);
    list.add("buckets", &buckets_, "Rows the n-grams are hashed to.").at_least(1).at_most(1 << 24);
    list.add("dropout", &dropout_, "Share of the pooled feature left out in training.").at_least(0).below(1);
  }

  std::shared_ptr<Encoder> make(const ModalityInfo& modality) const override {
    if (!data::holds_integers(modality.type) || modality.shape.size() != 1) throw unfit_input("text_ngrams", modality);
    return std::make_shared<TextNgrams>(width_, longest_, buckets_, dropout_);
  }

 private:
  int64_t width_ = 128, longest_ = 5, buckets_ = 8192;
  double dropout_ = 0;
};

}  // namespace

std::unique_ptr<EncoderOptions> text_ngrams_options() { return std::make_unique<TextNgramsOptions>(); }

}  // namespace pdmp::models

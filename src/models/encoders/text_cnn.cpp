// Text as bytes: embedding, convolutions of several widths side by side, maximum over time.
#include <fmt/format.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/dropout.h>
#include <torch/nn/modules/embedding.h>

#include "data/types/modality_type.h"
#include "models/encoders/table.h"

namespace pdmp::models {
namespace {

class TextCnn : public Encoder {
 public:
  TextCnn(int64_t embedding, int64_t width, const std::vector<int64_t>& kernels, double dropout)
      : width_(width * static_cast<int64_t>(kernels.size())),
        embedding_(register_module(
            "embedding", torch::nn::Embedding(torch::nn::EmbeddingOptions(kTextSymbols, embedding).padding_idx(0)))),
        dropout_(register_module("dropout", torch::nn::Dropout(dropout))) {
    for (size_t i = 0; i < kernels.size(); ++i) {
      // A text shorter than the kernel still gives something: every tap may hang over either end.
      const auto options = torch::nn::Conv1dOptions(embedding, width, kernels[i]).padding(kernels[i] - 1);
      convolutions_.push_back(register_module(fmt::format("conv{}", i + 1), torch::nn::Conv1d(options)));
    }
  }

  // x (B, L) int64. A text of nothing but padding is what the biases make of it.
  Feature forward(const Tensor& x) override {
    const Tensor bytes = embedding_->forward(x).transpose(1, 2);
    std::vector<Tensor> maxima;
    for (auto& convolution : convolutions_) maxima.push_back(convolution->forward(bytes).amax(2));
    // ReLU is monotone: after the maximum is the same and cheaper.
    return {{}, dropout_->forward(torch::relu(torch::cat(maxima, 1)))};
  }
  int64_t width() const override { return width_; }

 private:
  int64_t width_;
  torch::nn::Embedding embedding_;
  torch::nn::Dropout dropout_;
  std::vector<torch::nn::Conv1d> convolutions_;
};

class TextCnnOptions : public EncoderOptions {
 public:
  void describe(OptionList& list) override {
    list.add("embedding", &embedding_, "Numbers per byte.").at_least(1);
    list.add("width", &width_, "Channels of each convolution.").at_least(1);
    list.add("kernels", &kernels_, "Widths of the convolutions in bytes.").at_least(1);
    list.add("dropout", &dropout_, "Share of the pooled feature left out in training.").at_least(0).below(1);
  }

  std::shared_ptr<Encoder> make(const ModalityInfo& modality) const override {
    if (!data::holds_integers(modality.type) || modality.shape.size() != 1) throw unfit_input("text_cnn", modality);
    return std::make_shared<TextCnn>(embedding_, width_, whole_numbers("text_cnn:kernels", kernels_, modality),
                                     dropout_);
  }

 private:
  int64_t embedding_ = 64, width_ = 64;
  std::vector<double> kernels_ = {3, 4, 5};
  double dropout_ = 0;
};

}  // namespace

std::unique_ptr<EncoderOptions> text_cnn_options() { return std::make_unique<TextCnnOptions>(); }

}  // namespace pdmp::models

// Convolutions over time for series (C, L): each layer halves the length and doubles the channels; then the mean.
#include <fmt/format.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>

#include "data/types/modality_type.h"
#include "models/encoders/table.h"

namespace pdmp::models {
namespace {

class Conv1dEncoder : public Encoder {
 public:
  Conv1dEncoder(int64_t channels, int64_t width, int64_t depth, int64_t kernel) {
    for (int64_t i = 0; i < depth; ++i) {
      const auto options =
          torch::nn::Conv1dOptions(channels, width << i, kernel).stride(2).padding(kernel / 2).bias(false);
      convolutions_.push_back(register_module(fmt::format("conv{}", i + 1), torch::nn::Conv1d(options)));
      norms_.push_back(register_module(fmt::format("bn{}", i + 1), torch::nn::BatchNorm1d(width << i)));
      channels = width << i;
    }
    width_ = channels;
  }

  // map (B, d, 1, ceil(L / 2^depth))
  Feature forward(const Tensor& x) override {
    Tensor z = x;
    for (size_t i = 0; i < convolutions_.size(); ++i) z = torch::relu(norms_[i]->forward(convolutions_[i]->forward(z)));
    return {z.unsqueeze(2), z.mean(2)};
  }
  int64_t width() const override { return width_; }

 private:
  int64_t width_ = 0;
  std::vector<torch::nn::Conv1d> convolutions_;
  std::vector<torch::nn::BatchNorm1d> norms_;
};

class Conv1dOptions : public EncoderOptions {
 public:
  void describe(OptionList& list) override {
    list.add("width", &width_, "Channels of the first layer; each further one has twice as many.")
        .at_least(1)
        .at_most(4096);
    list.add("depth", &depth_, "Number of layers.").at_least(1).at_most(8);
    list.add("kernel", &kernel_, "Taps of each convolution, an odd number.").at_least(1);
  }

  std::shared_ptr<Encoder> make(const ModalityInfo& modality) const override {
    if (data::holds_integers(modality.type) || modality.shape.size() != 2) throw unfit_input("conv1d", modality);
    if (kernel_ % 2 == 0) {
      throw Error(ErrorKind::usage,
                  fmt::format("encoder of modality '{}': conv1d:kernel: expected an odd number, found {}",
                              modality.name, kernel_));
    }
    return std::make_shared<Conv1dEncoder>(modality.shape[0], width_, depth_, kernel_);
  }

 private:
  int64_t width_ = 64, depth_ = 3, kernel_ = 5;
};

}  // namespace

std::unique_ptr<EncoderOptions> conv1d_options() { return std::make_unique<Conv1dOptions>(); }

}  // namespace pdmp::models

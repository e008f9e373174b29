// Fully connected layers with ReLU after each, the last included (methods-modulation 0.8).
#include <fmt/format.h>
#include <torch/nn/modules/linear.h>

#include "data/types/modality_type.h"
#include "models/encoders/table.h"

namespace pdmp::models {
namespace {

class Mlp : public Encoder {
 public:
  Mlp(int64_t inputs, const std::vector<int64_t>& hidden) : width_(hidden.back()) {
    for (size_t i = 0; i < hidden.size(); ++i) {
      layers_.push_back(
          register_module(fmt::format("fc{}", i + 1), torch::nn::Linear(i == 0 ? inputs : hidden[i - 1], hidden[i])));
    }
  }

  Feature forward(const Tensor& x) override {
    Tensor z = x.flatten(1);
    for (auto& layer : layers_) z = torch::relu(layer->forward(z));
    return {{}, z};
  }
  int64_t width() const override { return width_; }

 private:
  int64_t width_;
  std::vector<torch::nn::Linear> layers_;
};

class MlpOptions : public EncoderOptions {
 public:
  void describe(OptionList& list) override {
    list.add("hidden", &hidden_, "Width of each layer, the last is the feature's.").at_least(1);
  }

  std::shared_ptr<Encoder> make(const ModalityInfo& modality) const override {
    if (data::holds_integers(modality.type) || modality.shape.empty()) throw unfit_input("mlp", modality);
    return std::make_shared<Mlp>(c10::multiply_integers(modality.shape),
                                 whole_numbers("mlp:hidden", hidden_, modality));
  }

 private:
  std::vector<double> hidden_ = {64, 64, 32};
};

}  // namespace

std::unique_ptr<EncoderOptions> mlp_options() { return std::make_unique<MlpOptions>(); }

}  // namespace pdmp::models

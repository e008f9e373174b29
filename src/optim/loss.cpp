#include "optim/loss.h"

#include <torch/nn/functional/loss.h>

#include "base/spec.h"

namespace pdmp::optim {
namespace {

class CrossEntropy : public LossFunction {
 public:
  bool takes_label_smoothing() const override { return true; }
  Tensor mean(const Tensor& logits, const Tensor& labels, const Tensor& class_weights,
              double label_smoothing) const override {
    auto options = torch::nn::functional::CrossEntropyFuncOptions().label_smoothing(label_smoothing);
    if (class_weights.defined()) options.weight(class_weights);
    return torch::nn::functional::cross_entropy(logits, labels, options);
  }
};

// l = -(1 - p)^gamma log p, p the probability of the true class (Lin et al. 2017, equation 4).
class Focal : public LossFunction {
 public:
  void describe(OptionList& list) override {
    list.add("gamma", &gamma_, "How much less samples count that are classified well; 0 is cross-entropy.").at_least(0);
  }
  Tensor mean(const Tensor& logits, const Tensor& labels, const Tensor& class_weights, double) const override {
    const Tensor losses = each(logits, labels);
    if (!class_weights.defined()) return losses.mean();
    const Tensor weights = class_weights.index_select(0, labels);
    return (weights * losses).sum() / weights.sum();
  }

 private:
  Tensor each(const Tensor& logits, const Tensor& labels) const {
    constexpr double kTiny = 1e-12;  // the power has no finite derivative at 0 where gamma < 1
    const Tensor log_p = logits.log_softmax(1).gather(1, labels.unsqueeze(1)).squeeze(1);
    if (gamma_ == 0) return -log_p;
    return -(-log_p.expm1()).clamp_min(kTiny).pow(gamma_) * log_p;
  }

  double gamma_ = 2;
};

template <class Loss>
std::unique_ptr<LossFunction> make() {
  return std::make_unique<Loss>();
}

}  // namespace

const std::vector<LossInfo>& loss_table() {
  static const std::vector<LossInfo> table = {
      {"cross_entropy", "negative log-likelihood of the true class", make<CrossEntropy>},
      {"focal", "Lin et al., Focal Loss for Dense Object Detection, ICCV 2017", make<Focal>},
  };
  return table;
}

std::shared_ptr<const LossFunction> make_loss(const std::string& spec) {
  return configure(loss_table(), "loss", spec, "`loss`");
}

}  // namespace pdmp::optim

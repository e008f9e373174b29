// The loss of the options.
#include <fmt/format.h>

#include "optim/class_weights.h"
#include "optim/loss.h"
#include "pdmp/error.h"
#include "pdmp/optimizer.h"

namespace pdmp {

Criterion::Criterion(const OptimizerOptions& options, const Dataset& train)
    : loss_(optim::make_loss(options.loss)),
      label_smoothing_(options.label_smoothing),
      class_weights_(optim::class_weights(options.class_weights, train)) {
  if (label_smoothing_ == 0 || loss_->takes_label_smoothing()) return;
  throw Error(ErrorKind::usage, fmt::format("`loss` {}: expected no label smoothing, found `label-smoothing` {}; leave "
                                            "one of the two out",
                                            options.loss, label_smoothing_));
}

Tensor Criterion::operator()(const Tensor& logits, const Tensor& labels) const {
  if (!class_weights_.defined()) return loss_->mean(logits, labels, {}, label_smoothing_);
  const Tensor weights = class_weights_.to(logits.options());
  // The mean over rows that all weigh nothing would be 0/0. Only a weight of 0 asks the device for an answer.
  const bool some_are_0 = class_weights_.min().item<double>() == 0;
  if (some_are_0 && !weights.index_select(0, labels).any().item<bool>()) return logits.sum() * 0;
  return loss_->mean(logits, labels, weights, label_smoothing_);
}

}  // namespace pdmp

// The losses there are: what `--loss` chooses from.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pdmp/options.h"
#include "pdmp/torch.h"

namespace pdmp::optim {

class LossFunction {
 public:
  virtual ~LossFunction() = default;
  virtual void describe(OptionList&) {}
  virtual bool takes_label_smoothing() const { return false; }
  // Mean of the rows' losses l: logits (B, C), labels (B) int64. With class weights w (C), undefined = none:
  // sum w_y l / sum w_y.
  virtual Tensor mean(const Tensor& logits, const Tensor& labels, const Tensor& class_weights,
                      double label_smoothing) const = 0;
};

struct LossInfo {
  const char* name;
  const char* source;
  std::unique_ptr<LossFunction> (*make_options)();
};
const std::vector<LossInfo>& loss_table();  // the only list

// `spec` = NAME[:option=value]...: "focal:gamma=2". Error{usage} with the nearest spelling.
std::shared_ptr<const LossFunction> make_loss(const std::string& spec);

}  // namespace pdmp::optim

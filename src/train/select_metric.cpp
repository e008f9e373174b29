// What epochs and runs are compared by.
#include "base/table.h"
#include "pdmp/trainer.h"

namespace pdmp {

const std::vector<SelectMetric>& select_metric_table() {
  static const std::vector<SelectMetric> table = {
      {.name = "accuracy",
       .summary = "Share of the samples whose class is found.",
       .higher_is_better = true,
       .is_share_of_samples = true,
       .value = [](const Evaluation& scores) { return scores.accuracy; }},
      {.name = "macro_f1",
       .summary = "Mean F1 of the classes that occur in truth or prediction.",
       .higher_is_better = true,
       .is_share_of_samples = false,
       .value = [](const Evaluation& scores) { return scores.macro_f1; }},
      {.name = "loss",
       .summary = "Mean cross-entropy of the samples, without class weights or smoothing.",
       .higher_is_better = false,
       .is_share_of_samples = false,
       .value = [](const Evaluation& scores) { return scores.loss; }},
  };
  return table;
}

const SelectMetric& find_select_metric(const std::string& name) {
  return get_row(select_metric_table(), name, "unknown metric");
}

}  // namespace pdmp

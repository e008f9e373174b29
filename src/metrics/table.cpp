#include "metrics/table.h"

#include "metrics/classification.h"

namespace pdmp {

const std::vector<MetricInfo>& metric_table() {
  static const std::vector<MetricInfo> table = {
      {"accuracy", "Share of the samples whose class is found.", accuracy},
      {"macro_f1", "Mean F1 of the classes that occur in truth or prediction.", macro_f1},
      {"macro_f1_all_classes", "Mean F1 of all classes; one that never occurs counts as 0.", macro_f1_all_classes},
  };
  return table;
}

}  // namespace pdmp

#include "metrics/table.h"

namespace pdmp {
namespace {

template <double (*kScore)(const ClassCounts&)>
double for_any(const ClassCounts& counts, int64_t) {
  return kScore(counts);
}

}  // namespace

const std::vector<MetricInfo>& metric_table() {
  static const std::vector<MetricInfo> table = {
      {"accuracy", "Share of the samples whose class is found.", for_any<accuracy>},
      {"macro_f1", "Mean F1 of the classes that occur in truth or prediction.", for_any<macro_f1>},
      {"macro_f1_all_classes", "Mean F1 of all classes; one that never occurs counts as 0.",
       for_any<macro_f1_all_classes>},
      {"acer", "Mean of apcer and bpcer; these three where dataset.json names its live_class.", acer, true},
      {"apcer", "Share of the attacks (every other class) that are called live.", apcer, true},
      {"bpcer", "Share of the live samples that are called attacks.", bpcer, true},
  };
  return table;
}

}  // namespace pdmp

// The scores pdmp reports of a confusion matrix, by name.
#pragma once

#include <vector>

#include "metrics/classification.h"

namespace pdmp {

struct MetricInfo {
  const char* name;
  const char* summary;  // one line, for `pdmp list metrics`
  // live: the class that is no attack, read by scores of attack detection only.
  double (*score)(const ClassCounts& counts, int64_t live);
  bool of_attacks = false;  // a score of attack detection: only where the data set names a live class
};
const std::vector<MetricInfo>& metric_table();  // the only list

}  // namespace pdmp

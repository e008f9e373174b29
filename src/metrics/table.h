// The scores pdmp reports of a confusion matrix, by name.
#pragma once

#include <vector>

#include "pdmp/torch.h"

namespace pdmp {

struct MetricInfo {
  const char* name;
  const char* summary;  // one line, for `pdmp list metrics`
  // confusion: (C, C) int64, rows = truth; live: the class that is no attack, read by scores of attack detection only.
  double (*score)(const Tensor& confusion, int64_t live);
  bool of_attacks = false;  // a score of attack detection: only where the data set names a live class
};
const std::vector<MetricInfo>& metric_table();  // the only list

}  // namespace pdmp

// The scores pdmp reports of a confusion matrix, by name.
#pragma once

#include <vector>

#include "pdmp/torch.h"

namespace pdmp {

struct MetricInfo {
  const char* name;
  const char* summary;                       // one line, for `pdmp list metrics`
  double (*score)(const Tensor& confusion);  // (C, C) int64, rows = truth
};
const std::vector<MetricInfo>& metric_table();  // the only list

}  // namespace pdmp

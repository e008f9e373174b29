// The best epoch of a training so far.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>

#include "metrics/metric.h"
#include "pdmp/trainer.h"

namespace pdmp::training {

class BestEpoch {
 public:
  explicit BestEpoch(const Metric& metric) : metric_(metric) {}

  // Whether it is the best so far; of equals the earliest is.
  bool consider(const Evaluation& scores, int64_t epoch);
  int64_t epoch() const { return epoch_; }  // 0-based; -1 before the first
  // Whether `patience` epochs after the best one, of `epochs` in all, were no better. Never for 0.
  bool is_out_of_patience(int64_t epochs, int64_t patience) const;
  const Metric& metric() const { return metric_; }

  void save(nlohmann::json& values) const;
  void load(const nlohmann::json& values);

 private:
  const Metric& metric_;
  int64_t epoch_ = -1;
  double value_ = 0;  // of the metric
};

}  // namespace pdmp::training

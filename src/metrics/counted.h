// Metrics that need no more than how often each class was found, named and there.
#pragma once

#include "metrics/metric.h"

namespace pdmp::metrics {

template <double (*kScore)(const ClassCounts&)>
std::unique_ptr<MetricState> counted(const ScoredSet&) {
  class State : public MetricState {
    double value(const ClassCounts& counts) const override { return kScore(counts); }
  };
  return std::make_unique<State>();
}

// Of attack detection.
template <double (*kScore)(const ClassCounts&, int64_t live)>
std::unique_ptr<MetricState> counted(const ScoredSet& set) {
  class State : public MetricState {
   public:
    explicit State(int64_t live) : live_(live) {}
    double value(const ClassCounts& counts) const override { return kScore(counts, live_); }

   private:
    int64_t live_;
  };
  return std::make_unique<State>(set.live);
}

}  // namespace pdmp::metrics

#include "analysis/stop_rule.h"

#include <algorithm>
#include <functional>
#include <numeric>

#include "analysis/rank.h"
#include "pdmp/random.h"

namespace pdmp::analysis {
namespace {

constexpr int64_t kEvaluations = 5;  // the last ones, in each of which the leader must be ahead
constexpr int64_t kFewest = 10;      // epochs, and a quarter of those planned: more than the beginning
constexpr int64_t kResamples = 1000;

double mean(std::vector<double>::const_iterator begin, std::vector<double>::const_iterator end) {
  return std::accumulate(begin, end, 0.0) / static_cast<double>(end - begin);
}

std::vector<double> curve_of(const metrics::Hits& hits) {
  std::vector<double> curve;
  for (const std::vector<uint8_t>& epoch : hits) {
    curve.push_back(static_cast<double>(std::accumulate(epoch.begin(), epoch.end(), int64_t{0})) /
                    static_cast<double>(epoch.size()));
  }
  return curve;
}

// Least squares over the last half of the curve, per epoch.
double slope(const std::vector<double>& curve) {
  const auto points = std::max(kEvaluations, static_cast<int64_t>(curve.size()) / 2);
  const double middle = static_cast<double>(points - 1) / 2;
  double products = 0, squares = 0;
  for (int64_t i = 0; i < points; ++i) {
    const double x = static_cast<double>(i) - middle;
    products += x * curve[curve.size() - static_cast<size_t>(points - i)];
    squares += x * x;
  }
  return products / squares;
}

// The last evaluations.
metrics::Hits recent(const metrics::Hits& hits) { return {hits.end() - kEvaluations, hits.end()}; }

bool ahead_in_each(const std::vector<double>& leader, const std::vector<double>& other) {
  return std::equal(leader.end() - kEvaluations, leader.end(), other.end() - kEvaluations, std::greater<>());
}

}  // namespace

StopEvidence not_stopped(const std::string& rule, int64_t planned) {
  StopEvidence evidence;
  evidence.rule = rule;
  evidence.of = planned;
  if (rule == "auto") {
    evidence.evaluations = kEvaluations;
    evidence.resamples = kResamples;
  }
  return evidence;
}

std::optional<StopEvidence> settled(const std::vector<std::string>& names, const std::vector<metrics::Hits>& hits,
                                    int64_t planned, const std::string& end_mode, uint64_t seed) {
  const auto epochs = static_cast<int64_t>(hits.front().size());
  if (epochs < std::max(kFewest, (planned + 3) / 4) || epochs >= planned) return std::nullopt;
  std::vector<std::vector<double>> curves;
  std::vector<double> ends, last, trend;
  for (const metrics::Hits& modality : hits) {
    const std::vector<double>& curve = curves.emplace_back(curve_of(modality));
    ends.push_back(aggregate_end(curve, end_mode));
    last.push_back(mean(curve.end() - kEvaluations, curve.end()));
    trend.push_back(slope(curve) * static_cast<double>(planned - epochs));
  }
  const auto leader = static_cast<size_t>(std::max_element(ends.begin(), ends.end()) - ends.begin());
  StopEvidence evidence = not_stopped("auto", planned);
  evidence.stopped_after = epochs;
  evidence.forecast[names[leader]] = last[leader] + std::min(0.0, trend[leader]);
  for (size_t m = 0; m < names.size(); ++m) {
    if (m == leader) continue;
    evidence.forecast[names[m]] = last[m] + std::max(0.0, trend[m]);
    if (evidence.forecast[names[m]] >= evidence.forecast[names[leader]]) return std::nullopt;
    if (!ahead_in_each(curves[leader], curves[m])) return std::nullopt;
  }
  for (size_t m = 0; m < names.size(); ++m) {  // last, as it takes the longest
    if (m == leader) continue;
    const Difference lead = metrics::paired_bootstrap(recent(hits[m]), recent(hits[leader]), kResamples, seed);
    if (lead.low <= 0) return std::nullopt;
    evidence.leads[names[m]] = {lead.low, lead.high};
  }
  return evidence;
}

}  // namespace pdmp::analysis

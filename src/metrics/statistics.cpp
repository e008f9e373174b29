#include "metrics/statistics.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "pdmp/random.h"

namespace pdmp::metrics {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

// difference[s * samples + i]: 1 where only `other` is right, -1 where only `reference` is, else 0.
std::vector<int32_t> differences(const Hits& reference, const Hits& other) {
  std::vector<int32_t> result;
  for (size_t s = 0; s < reference.size(); ++s) {
    for (size_t i = 0; i < reference[s].size(); ++i) result.push_back(int32_t{other[s][i]} - int32_t{reference[s][i]});
  }
  return result;
}

// `probability` between the values of `sorted`, linear (NumPy's default).
double percentile(const std::vector<int64_t>& sorted, double probability) {
  const double position = probability * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(position);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  const double part = position - static_cast<double>(below);
  return static_cast<double>(sorted[below]) * (1 - part) + static_cast<double>(sorted[above]) * part;
}

// Indices of the values that are numbers, sorted by `before`.
template <class Before>
std::vector<size_t> order_of(const std::vector<double>& values, Before before) {
  std::vector<size_t> order;
  for (size_t i = 0; i < values.size(); ++i) {
    if (!std::isnan(values[i])) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return before(values[a], values[b]); });
  return order;
}

}  // namespace

MeanSd mean_sd(const std::vector<double>& values) {
  const double n = static_cast<double>(values.size());
  MeanSd result{std::accumulate(values.begin(), values.end(), 0.0) / n, 0};
  if (values.size() < 2) return result;
  double squares = 0;
  for (const double value : values) squares += (value - result.mean) * (value - result.mean);
  result.sd = std::sqrt(squares / (n - 1));
  return result;
}

Difference paired_bootstrap(const Hits& reference, const Hits& other, int64_t resamples, uint64_t seed) {
  const size_t seeds = reference.size(), samples = reference.at(0).size();
  const std::vector<int32_t> difference = differences(reference, other);
  const auto total = static_cast<double>(seeds * samples);
  RandomStream random = random_stream(seed, "bootstrap");
  std::vector<int64_t> sums;  // of the differences of each resample
  std::vector<int32_t> column(samples);
  for (int64_t r = 0; r < resamples; ++r) {
    // First the seeds: what a sample then counts is one number, however many seeds there are.
    std::fill(column.begin(), column.end(), 0);
    for (size_t k = 0; k < seeds; ++k) {
      const int32_t* drawn =
          &difference[samples * static_cast<size_t>(random.integer(0, static_cast<int64_t>(seeds) - 1))];
      for (size_t i = 0; i < samples; ++i) column[i] += drawn[i];
    }
    int64_t sum = 0;
    for (size_t k = 0; k < samples; ++k) {
      sum += column[static_cast<size_t>(random.integer(0, static_cast<int64_t>(samples) - 1))];
    }
    sums.push_back(sum);
  }
  std::sort(sums.begin(), sums.end());
  const auto not_above = std::upper_bound(sums.begin(), sums.end(), 0) - sums.begin();
  const auto not_below = sums.end() - std::lower_bound(sums.begin(), sums.end(), 0);
  const double n = static_cast<double>(resamples);
  Difference result;
  result.mean = static_cast<double>(std::accumulate(difference.begin(), difference.end(), int64_t{0})) / total;
  result.low = percentile(sums, 0.025) / total;
  result.high = percentile(sums, 0.975) / total;
  result.p = std::clamp(2 * static_cast<double>(std::min(not_above, not_below)) / n, 1 / n, 1.0);
  return result;
}

McNemar mcnemar(const std::vector<uint8_t>& reference, const std::vector<uint8_t>& other) {
  McNemar result;
  for (size_t i = 0; i < reference.size(); ++i) {
    result.only_reference += reference[i] > other[i] ? 1 : 0;
    result.only_other += other[i] > reference[i] ? 1 : 0;
  }
  const auto n = static_cast<double>(result.only_reference + result.only_other);
  const auto fewer = static_cast<double>(std::min(result.only_reference, result.only_other));
  // P(X <= fewer) for X ~ Binomial(n, 1/2), its largest term first; logarithms, since 2^-n alone may be nothing.
  double log_term = -n * std::log(2.0);
  for (double k = 1; k <= fewer; ++k) log_term += std::log((n - k + 1) / k);
  double term = 1, sum = 0;
  for (double k = fewer; k >= 0; --k) {
    sum += term;
    term *= k / (n - k + 1);
  }
  result.p = std::min(1.0, 2 * std::exp(log_term) * sum);
  return result;
}

std::vector<double> holm(const std::vector<double>& p) {
  std::vector<double> adjusted(p.size(), kMissing);
  const std::vector<size_t> order = order_of(p, std::less<>());
  double largest = 0;
  for (size_t k = 0; k < order.size(); ++k) {
    largest = std::max(largest, std::min(1.0, static_cast<double>(order.size() - k) * p[order[k]]));
    adjusted[order[k]] = largest;
  }
  return adjusted;
}

std::vector<double> ranks(const std::vector<double>& values) {
  std::vector<double> result(values.size(), kMissing);
  const std::vector<size_t> order = order_of(values, std::greater<>());
  for (size_t first = 0, last = 0; first < order.size(); first = last) {
    while (last < order.size() && values[order[last]] == values[order[first]]) ++last;
    // Places first + 1 to last; their mean.
    for (size_t k = first; k < last; ++k) result[order[k]] = static_cast<double>(first + 1 + last) / 2;
  }
  return result;
}

}  // namespace pdmp::metrics

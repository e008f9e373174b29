#include "data/features/resample.h"

#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/zeros.h>
#include <algorithm>
#include <cmath>
#include <cstring>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <memory>
#include <mutex>
#include <numbers>
#include <numeric>
#include <utility>
#include <vector>

#include "data/features/avx2.h"
#include "pdmp/error.h"
#include "pdmp/tensor.h"

namespace pdmp::data {
namespace {

// kaiser_best: zero crossings a wing, table entries a crossing, cut-off relative to Nyquist, window shape.
constexpr int64_t kCrossings = 50, kPerCrossing = 8192;
constexpr double kRolloff = 0.917347, kBeta = 12.9846;
constexpr size_t kLanes = 8;

// Modified Bessel function of the first kind, order 0, by its power series.
double bessel_i0(double x) {
  double sum = 1, term = 1;
  for (int k = 1; term > 1e-17 * sum; ++k) {
    term *= (x / (2 * k)) * (x / (2 * k));
    sum += term;
  }
  return sum;
}

// Right half of the windowed sinc, centre first.
const std::vector<double>& half_filter() {
  static const std::vector<double> filter = [] {
    constexpr int64_t kLast = kCrossings * kPerCrossing;
    std::vector<double> h(kLast + 1);
    const double scale = 1 / bessel_i0(kBeta);
    for (int64_t k = 0; k <= kLast; ++k) {
      const double u = std::numbers::pi * kRolloff * static_cast<double>(k) / kPerCrossing;
      const double position = static_cast<double>(k) / static_cast<double>(kLast);
      const double window = bessel_i0(kBeta * std::sqrt(1 - position * position)) * scale;
      h[static_cast<size_t>(k)] = kRolloff * (k == 0 ? 1 : std::sin(u) / u) * window;
    }
    return h;
  }();
  return filter;
}

// Output t lies at input time t * stride / phases: whole part n, phase p = t * stride mod phases. The taps of a phase
// weigh x[n - left + 1] ... x[n + right]; `width` = left + right, rounded up to whole lanes with zeros.
struct Taps {
  int64_t phases, stride, left, width;
  std::vector<float> weights;  // phases x width

  const float* at(int64_t phase) const { return weights.data() + phase * width; }
};

// One wing's weights, nearest sample first; `fraction` = distance of that sample in units of scaled crossings.
std::vector<double> wing(double fraction, double gain, int64_t step) {
  const std::vector<double>& h = half_filter();
  const int64_t size = static_cast<int64_t>(h.size());
  const double position = fraction * kPerCrossing;
  const int64_t offset = static_cast<int64_t>(position);
  const double between = position - static_cast<double>(offset);
  std::vector<double> weights;
  for (int64_t i = 0; i < (size - offset) / step; ++i) {
    const size_t k = static_cast<size_t>(offset + i * step);
    const double slope = k + 1 < h.size() ? h[k + 1] - h[k] : 0;
    weights.push_back(gain * (h[k] + between * slope));
  }
  return weights;
}

std::shared_ptr<const Taps> make_taps(int64_t from, int64_t to) {
  const int64_t divisor = std::gcd(from, to);
  auto taps = std::make_shared<Taps>();
  taps->phases = to / divisor;
  taps->stride = from / divisor;
  const double scale = std::min(1.0, static_cast<double>(to) / static_cast<double>(from));
  const int64_t step = static_cast<int64_t>(scale * kPerCrossing);
  if (step < 1) {
    throw Error(ErrorKind::data,
                fmt::format("cannot resample from {} Hz to {} Hz: at most a factor of {} downwards is possible", from,
                            to, kPerCrossing));
  }
  const int64_t reach = kCrossings * kPerCrossing / step + 1;  // of a wing, at its longest
  constexpr int64_t kLaneCount = kLanes;
  taps->left = reach;
  taps->width = (2 * reach + kLaneCount - 1) / kLaneCount * kLaneCount;
  taps->weights.assign(static_cast<size_t>(taps->phases * taps->width), 0);
  for (int64_t phase = 0; phase < taps->phases; ++phase) {
    float* row = taps->weights.data() + phase * taps->width;
    const double fraction = scale * static_cast<double>(phase) / static_cast<double>(taps->phases);
    const std::vector<double> before = wing(fraction, scale, step), after = wing(scale - fraction, scale, step);
    for (size_t i = 0; i < before.size(); ++i) row[reach - 1 - static_cast<int64_t>(i)] = static_cast<float>(before[i]);
    for (size_t i = 0; i < after.size(); ++i) row[reach + static_cast<int64_t>(i)] = static_cast<float>(after[i]);
  }
  return taps;
}

std::shared_ptr<const Taps> find_taps(int64_t from, int64_t to) {
  static std::mutex mutex;
  static std::map<std::pair<int64_t, int64_t>, std::shared_ptr<const Taps>> cache;
  // Every data set has a handful of rates; one whose headers are damaged may have any, of millions of weights each.
  static size_t kept = 0;
  constexpr size_t kMostKept = size_t{1} << 24;
  const std::lock_guard lock(mutex);
  const auto found = cache.find({from, to});
  if (found != cache.end()) return found->second;
  auto taps = make_taps(from, to);
  if (kept + taps->weights.size() > kMostKept) {
    cache.clear();
    kept = 0;
  }
  kept += taps->weights.size();
  return cache[{from, to}] = std::move(taps);
}

using Lanes = float __attribute__((vector_size(kLanes * sizeof(float))));

// Independent partial sums: a single float sum may not be reordered into vector registers.
PDMP_INLINE float dot(const float* a, const float* b, int64_t count) {
  Lanes sums = {};
  for (int64_t i = 0; i < count; i += static_cast<int64_t>(kLanes)) {
    Lanes left, right;
    std::memcpy(&left, a + i, sizeof(left));
    std::memcpy(&right, b + i, sizeof(right));
    sums += left * right;
  }
  float total = 0;
  for (size_t lane = 0; lane < kLanes; ++lane) total += sums[lane];
  return total;
}

// x[n - left + 1] of the samples is in[n + 1].
PDMP_INLINE void filter(const float* in, float* out, int64_t count, const Taps& taps) {
  const int64_t whole = taps.stride / taps.phases, rest = taps.stride % taps.phases;
  int64_t n = 0, phase = 0;
  for (int64_t t = 0; t < count; ++t) {
    out[t] = dot(in + n + 1, taps.at(phase), taps.width);
    n += whole;
    phase += rest;
    if (phase < taps.phases) continue;
    phase -= taps.phases;
    ++n;
  }
}

void filter_anywhere(const float* in, float* out, int64_t count, const Taps& taps) { filter(in, out, count, taps); }
PDMP_AVX2 void filter_avx2(const float* in, float* out, int64_t count, const Taps& taps) {
  filter(in, out, count, taps);
}

}  // namespace

Tensor resample(const Tensor& samples, int64_t from, int64_t to) {
  if (from < 1 || to < 1 || samples.dim() != 1) {
    throw Error(ErrorKind::data,
                fmt::format("cannot resample ({}) from {} Hz to {} Hz: expected mono samples and rates above 0",
                            fmt::join(samples.sizes(), ", "), from, to));
  }
  if (from == to) return samples;
  const auto taps = find_taps(from, to);
  const int64_t count = samples.size(0);
  const int64_t filtered = count * to / from, wanted = (count * to + from - 1) / from;
  // Samples beyond the ends do not count in the filter's sums: zeros there say the same.
  const Tensor padded = at::constant_pad_nd(samples.to(at::kFloat), {taps->left, taps->width}).contiguous();
  Tensor result = at::zeros({wanted}, at::kFloat);
  const auto filter_all = has_avx2() ? filter_avx2 : filter_anywhere;
  filter_all(padded.data_ptr<float>(), result.data_ptr<float>(), filtered, *taps);
  return result;
}

}  // namespace pdmp::data

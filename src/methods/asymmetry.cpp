#include "methods/asymmetry.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace pdmp {
namespace {

constexpr double kSmall = 1e-8;
constexpr double kInsideLog = 1e-16;
constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

// Values over their sum, equal where that is 0.
std::vector<double> shares_of(std::vector<double> values) {
  const double sum = std::accumulate(values.begin(), values.end(), 0.0);
  for (double& value : values) value = sum > 0 ? value / sum : 1 / static_cast<double>(values.size());
  return values;
}

std::vector<double> softmax(std::vector<double> values) {
  const double largest = *std::max_element(values.begin(), values.end());
  for (double& value : values) value = std::exp(value - largest);
  return shares_of(std::move(values));
}

// Of the modalities that are there.
struct Measured {
  std::vector<double> dependency, entropy, inverse_entropy;
};

void measure(const Tensor& logits, Measured& into) {
  const Tensor wide = logits.detach().to(torch::kFloat64);
  const Tensor probability = wide.softmax(1);
  const Tensor entropy = (probability * (probability + kInsideLog).log()).sum(1).neg().clamp_min(0);
  into.dependency.push_back(wide.abs().mean(0).sum().item<double>());
  into.entropy.push_back(entropy.mean().item<double>());
  into.inverse_entropy.push_back((entropy + kSmall).reciprocal().mean().item<double>());
}

std::vector<double> weights(const Measured& measured, const std::vector<double>& share,
                            const std::vector<double>& certainty, const AsymmetryRule& rule) {
  const double others = static_cast<double>(share.size()) - 1;
  if (others < 1) return {kNothing};
  std::vector<double> exponents;
  for (size_t m = 0; m < share.size(); ++m) {
    const double factor =
        rule.ratio == Ratio::other_share ? (1 - share[m]) / others : 1 / (measured.dependency[m] + kSmall);
    exponents.push_back(rule.temperature * certainty[m] * factor);
  }
  return softmax(std::move(exponents));
}

}  // namespace

std::vector<double> inverse_shares(const std::vector<double>& entropies, double floor) {
  std::vector<double> shares = shares_of(entropies);
  for (double& share : shares) share = 1 / std::max({share, floor, kSmall});
  return shares_of(std::move(shares));
}

Asymmetry asymmetry(const std::vector<Tensor>& logits, const Tensor& present, const AsymmetryRule& rule) {
  const std::vector<double> nothing(logits.size(), kNothing);
  Asymmetry result = {nothing, nothing, nothing, nothing, nothing};
  std::vector<size_t> there;
  Measured measured;
  for (size_t m = 0; m < logits.size(); ++m) {
    const Tensor rows = present.select(1, static_cast<int64_t>(m)).nonzero().flatten();
    if (rows.size(0) == 0) continue;
    there.push_back(m);
    measure(logits[m].index_select(0, rows), measured);
  }
  if (there.empty()) return result;
  const std::vector<double> share = shares_of(measured.dependency);
  const double floor = rule.floor * 2 / static_cast<double>(there.size());
  const std::vector<double> certainty = rule.variance == Variance::entropy_share
                                            ? inverse_shares(measured.entropy, floor)
                                            : shares_of(measured.inverse_entropy);
  const std::vector<double> weight = weights(measured, share, certainty, rule);
  for (size_t i = 0; i < there.size(); ++i) {
    result.dependency[there[i]] = measured.dependency[i];
    result.share[there[i]] = share[i];
    result.entropy[there[i]] = measured.entropy[i];
    result.certainty[there[i]] = certainty[i];
    result.weight[there[i]] = weight[i];
  }
  return result;
}

}  // namespace pdmp

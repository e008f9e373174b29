#include "methods/gradient_volume.h"

#include <cmath>
#include <numeric>

namespace pdmp {
namespace {

constexpr double kTiny = 1e-30;  // probabilities inside a logarithm
constexpr double kLeastBelief = 0.1;
constexpr double kNoBelief = 0.5;

// Of the symmetric matrix [[aa, ab, ac], [ab, bb, bc], [ac, bc, cc]].
double determinant(double aa, double ab, double bb, double ac, double bc, double cc) {
  return aa * (bb * cc - bc * bc) - ab * (ab * cc - bc * ac) + ac * (ab * bc - bb * ac);
}

double total(const std::vector<Tensor>& values) {
  return values.empty() ? 0 : torch::stack(values).sum().item<double>();
}

Tensor unit(const Tensor& vector) {
  const Tensor flat = vector.detach().flatten().to(torch::kFloat64);
  const double length = flat.norm().item<double>();
  return length > 0 ? flat / length : flat;
}

}  // namespace

GradientMoments gradient_moments(const std::vector<Tensor>& u, const std::vector<Tensor>& s) {
  const torch::NoGradGuard no_gradients;
  std::vector<Tensor> uu, us, ss, u_sum, s_sum;
  const auto dot = [](const Tensor& a, const Tensor& b) { return (a * b).sum(torch::kFloat64); };
  for (size_t t = 0; t < u.size(); ++t) {
    if (u[t].defined()) {
      uu.push_back(dot(u[t], u[t]));
      u_sum.push_back(u[t].sum(torch::kFloat64));
    }
    if (s[t].defined()) {
      ss.push_back(dot(s[t], s[t]));
      s_sum.push_back(s[t].sum(torch::kFloat64));
    }
    if (u[t].defined() && s[t].defined()) us.push_back(dot(u[t], s[t]));
  }
  return {total(uu), total(us), total(ss), total(u_sum), total(s_sum)};
}

double surrogate_volume(const GradientMoments& other, const GradientMoments& own) {
  return std::sqrt(
      std::abs(determinant(other.uu, other.us, other.ss, other.u_sum * own.s_sum, other.s_sum * own.s_sum, own.ss)));
}

double unit_volume(const Tensor& a, const Tensor& b, const Tensor& c) {
  if (!a.defined() || !b.defined() || !c.defined()) return 0;
  const Tensor rows = torch::stack({unit(a), unit(b), unit(c)});
  const Tensor gram = rows.matmul(rows.t()).cpu();
  const auto g = gram.accessor<double, 2>();
  return std::sqrt(std::abs(determinant(g[0][0], g[0][1], g[1][1], g[0][2], g[1][2], g[2][2])));
}

Damping damping(const std::vector<double>& volumes, double threshold) {
  const double sum = std::accumulate(volumes.begin(), volumes.end(), 0.0);
  Damping result;
  for (const double volume : volumes) {
    const double share = sum > 0 ? volume / sum : 1 / static_cast<double>(volumes.size());
    result.share.push_back(share);
    result.factor.push_back(volume < threshold ? 1 : 1 - std::tanh(share));
  }
  return result;
}

Tensor alignment_loss(const std::vector<Tensor>& logits, const Tensor& present) {
  std::vector<Tensor> logarithms, there;
  Tensor mean;
  for (size_t m = 0; m < logits.size(); ++m) {
    there.push_back(present.select(1, static_cast<int64_t>(m)).unsqueeze(1));
    logarithms.push_back(torch::where(there[m], logits[m], torch::zeros_like(logits[m])).log_softmax(1));
    const Tensor probability = logarithms[m].exp() * there[m];
    mean = mean.defined() ? mean + probability : probability;
  }
  const Tensor count = present.sum(1, /*keepdim=*/true).clamp_min(1).to(mean.scalar_type());
  mean = mean / count;
  const Tensor log_mean = mean.clamp_min(kTiny).log();
  Tensor divergence;
  for (size_t m = 0; m < logits.size(); ++m) {
    const Tensor own = (mean * (log_mean - logarithms[m])).sum(1, /*keepdim=*/true) * there[m];
    divergence = divergence.defined() ? divergence + own : own;
  }
  return (divergence / count).mean();
}

Tensor belief(const Tensor& logits, double gain) {
  const Tensor evidence = torch::softplus(logits.detach());
  const Tensor certain = (evidence / (evidence + 1).sum(1, /*keepdim=*/true)).mean(0) * gain;
  return torch::where(certain < kLeastBelief, torch::full_like(certain, kNoBelief), certain);
}

}  // namespace pdmp

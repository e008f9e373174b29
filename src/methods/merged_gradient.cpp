#include "methods/merged_gradient.h"

#include <algorithm>
#include <cmath>

namespace pdmp {
namespace {

// Weights where an end of the segment is its shortest vector: not quite 1 and 0, as in the release.
constexpr double kNearlyAll = 0.999;
constexpr double kNearlyNone = 0.001;

struct Products {
  double ff = 0, fo = 0, oo = 0;
};

Products products(const std::vector<Tensor>& fused, const std::vector<Tensor>& own) {
  std::vector<Tensor> ff, fo, oo;
  const auto dot = [](const Tensor& a, const Tensor& b) { return (a * b).sum(at::kDouble); };
  for (size_t t = 0; t < fused.size(); ++t) {
    if (fused[t].defined()) ff.push_back(dot(fused[t], fused[t]));
    if (own[t].defined()) oo.push_back(dot(own[t], own[t]));
    if (fused[t].defined() && own[t].defined()) fo.push_back(dot(fused[t], own[t]));
  }
  const auto total = [](const std::vector<Tensor>& values) {
    return values.empty() ? 0.0 : at::stack(values).sum().item<double>();
  };
  return {total(ff), total(fo), total(oo)};
}

// a that makes |a f + (1 - a) o| smallest.
double shortest(const Products& p) {
  if (p.fo >= p.ff) return kNearlyAll;
  if (p.fo >= p.oo) return kNearlyNone;
  return (p.oo - p.fo) / (p.ff + p.oo - 2 * p.fo);
}

// a f + b o
Tensor combine(const Tensor& f, double a, const Tensor& o, double b) {
  if (!f.defined() && !o.defined()) return {};
  if (!o.defined()) return f * a;
  return f.defined() ? (f * a).add_(o, b) : o * b;
}

Tensor length(const Tensor& x) { return at::linalg_vector_norm(x, 2, at::OptionalIntArrayRef(), false, at::kDouble); }

// long / short, 1 where there is nothing to stretch.
Tensor stretch(const Tensor& longer, const Tensor& shorter) {
  return at::where(shorter > 0, longer / shorter, at::ones_like(shorter)).clamp_min(1);
}

// Multiplies the tensors by gamma and by what gives them back the length of f + o.
void restore_length(MergedGradient& merged, const std::vector<Tensor>& fused, const std::vector<Tensor>& own,
                    double gamma, Rescale rescale) {
  std::vector<Tensor> before, after;
  for (size_t t = 0; t < fused.size(); ++t) {
    if (!merged.tensors[t].defined()) continue;
    before.push_back(length(combine(fused[t], 1, own[t], 1)));
    after.push_back(length(merged.tensors[t]));
  }
  if (before.empty()) return;
  Tensor longer = at::stack(before), shorter = at::stack(after);
  const int64_t count = longer.size(0);
  if (rescale == Rescale::per_encoder) {
    longer = length(longer).expand({count});
    shorter = length(shorter).expand({count});
  }
  const Tensor factors = stretch(longer, shorter);
  merged.stretch = factors.mean();
  int64_t next = 0;
  for (Tensor& tensor : merged.tensors) {
    if (tensor.defined()) tensor.mul_(factors[next++] * gamma);
  }
}

}  // namespace

MergedGradient merge_gradients(const std::vector<Tensor>& fused, const std::vector<Tensor>& own, double gamma,
                               Rescale rescale) {
  const torch::NoGradGuard no_gradients;
  const Products p = products(fused, own);
  MergedGradient merged;
  merged.cosine = p.fo / std::max(std::sqrt(p.ff) * std::sqrt(p.oo), 1e-8);
  merged.conflict = p.fo <= 0 && std::isfinite(p.ff) && std::isfinite(p.oo);
  if (merged.conflict) merged.weight = shortest(p);
  for (size_t t = 0; t < fused.size(); ++t)
    merged.tensors.push_back(combine(fused[t], 2 * merged.weight, own[t], 2 * (1 - merged.weight)));
  if (merged.conflict) {
    restore_length(merged, fused, own, gamma, rescale);
  } else if (gamma != 1) {
    for (Tensor& tensor : merged.tensors) {
      if (tensor.defined()) tensor.mul_(gamma);
    }
  }
  return merged;
}

}  // namespace pdmp

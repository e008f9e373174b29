#include "methods/purity.h"

#include <algorithm>
#include <limits>

namespace pdmp {
namespace {

constexpr int64_t kIterations = 300;
constexpr double kRounding = 1e-6;   // of its largest value: a column that differs by no more is constant
constexpr double kTolerance = 1e-4;  // of the mean variance of a column

// Rows to cluster, and what every distance needs of them.
struct Points {
  Tensor x;        // (N, d)
  Tensor squares;  // (N, 1): |x|^2
};

struct Clustering {
  Tensor clusters;  // (N)
  double inertia = std::numeric_limits<double>::infinity();
};

// (N, K) squared distances: a matrix product does nearly all of the work.
Tensor squared_distances(const Points& points, const Tensor& centers) {
  const Tensor lengths = centers.square().sum(1).unsqueeze(0);
  return torch::addmm(lengths, points.x, centers.t(), 1, -2).add_(points.squares).clamp_min_(0);
}

// A row by weight; any row where all weights are 0 (fewer different rows than clusters).
int64_t draw(const Tensor& weights, RandomStream& random) {
  const Tensor sums = weights.to(at::kCPU, at::kDouble).cumsum(0);
  const double* begin = sums.const_data_ptr<double>();
  const double* end = begin + sums.size(0);
  const double total = *(end - 1);
  if (!(total > 0)) return random.integer(0, sums.size(0) - 1);
  const double* found = std::upper_bound(begin, end, random.uniform() * total);
  return std::min<int64_t>(found - begin, sums.size(0) - 1);
}

// k-means++: each next center is a row, the likelier the farther from the centers so far.
Tensor seeds(const Points& points, int64_t clusters, RandomStream& random) {
  std::vector<Tensor> centers = {points.x[random.integer(0, points.x.size(0) - 1)]};
  Tensor nearest = squared_distances(points, centers[0].unsqueeze(0)).squeeze(1);
  while (static_cast<int64_t>(centers.size()) < clusters) {
    centers.push_back(points.x[draw(nearest, random)]);
    nearest = torch::minimum(nearest, squared_distances(points, centers.back().unsqueeze(0)).squeeze(1));
  }
  return torch::stack(centers);
}

// Means of the clusters' rows. `nearest` (N): squared distance of each row to its center.
Tensor means(const Points& points, const Tensor& clusters, const Tensor& nearest, int64_t count) {
  const Tensor numbers = torch::arange(count, clusters.options());
  const Tensor members = clusters.unsqueeze(1).eq(numbers).to(points.x.scalar_type());
  const Tensor sizes = members.sum(0);
  Tensor centers = members.t().matmul(points.x) / sizes.clamp_min(1).unsqueeze(1);
  const Tensor empty = sizes.eq(0).nonzero().flatten();
  if (empty.size(0) == 0) return centers;
  const Tensor farthest = std::get<1>(nearest.topk(empty.size(0)));
  return centers.index_copy(0, empty, points.x.index_select(0, farthest));
}

Clustering lloyd(const Points& points, Tensor centers, double tolerance) {
  for (int64_t i = 0; i < kIterations; ++i) {
    const auto [nearest, clusters] = squared_distances(points, centers).min(1);
    const Tensor moved = means(points, clusters, nearest, centers.size(0));
    const double shift = (moved - centers).square().sum().item<double>();
    centers = moved;
    if (shift <= tolerance) break;
  }
  const auto [nearest, clusters] = squared_distances(points, centers).min(1);
  return {clusters, nearest.sum(at::kDouble).item<double>()};
}

}  // namespace

Tensor scale_columns(const Tensor& x) {
  const Tensor low = x.amin(0, /*keepdim=*/true), range = x.amax(0, /*keepdim=*/true) - low;
  const Tensor varies = range > kRounding * x.abs().amax(0, /*keepdim=*/true);
  return torch::where(varies, (x - low) * 2 / range, torch::zeros_like(x)) - 1;
}

Tensor k_means(const Tensor& x, int64_t clusters, RandomStream& random, int64_t starts) {
  const torch::NoGradGuard no_gradients;
  const Points points = {x, x.square().sum(1, /*keepdim=*/true)};
  const double tolerance = kTolerance * x.var(0, /*unbiased=*/false).mean().item<double>();
  Clustering best;
  for (int64_t start = 0; start < starts; ++start) {
    Clustering found = lloyd(points, seeds(points, clusters, random), tolerance);
    if (start == 0 || found.inertia < best.inertia) best = std::move(found);
  }
  return best.clusters;
}

double purity(const Tensor& clusters, const Tensor& labels) {
  const int64_t rows = clusters.max().item<int64_t>() + 1, columns = labels.max().item<int64_t>() + 1;
  const Tensor counts = torch::bincount(clusters * columns + labels, {}, rows * columns).reshape({rows, columns});
  return counts.amax(1).sum().item<double>() / static_cast<double>(labels.size(0));
}

double feature_purity(const Tensor& features, const Tensor& labels, int64_t classes, int64_t starts) {
  const torch::NoGradGuard no_gradients;
  RandomStream random(0);
  const Tensor x = scale_columns(features.to(at::kFloat));
  return purity(k_means(x, std::min(classes, x.size(0)), random, starts), labels);
}

}  // namespace pdmp

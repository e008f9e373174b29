#include "methods/input_noise.h"

#include <fmt/format.h>

#include "pdmp/random.h"

namespace pdmp {
namespace {

constexpr int64_t kClean = 1;
constexpr int64_t kNothingElse = 11;
constexpr double kLouder = 25.5;
constexpr double kWhite = 255;

bool is_pictures(const ModalityInfo& info) {
  return info.type == "image" || info.type == "frames" || info.type == "flow";
}

// Tensor of one value per channel, to be broadcast over x (B, C, ...).
Tensor per_channel(const std::vector<double>& values, const Tensor& x) {
  std::vector<int64_t> sizes(static_cast<size_t>(x.dim()), 1);
  sizes[1] = static_cast<int64_t>(values.size());
  return at::tensor(values, at::kDouble).to(x.options()).view(sizes);
}

struct Normalisation {
  Tensor mean, deviation;  // in units of white
};

Normalisation normalisation(const ModalityInfo& info, const Tensor& x) {
  if (info.type == "flow") return {per_channel({0.5}, x), per_channel({0.25}, x)};
  if (x.size(1) != 3) return {per_channel({0.5}, x), per_channel({0.5}, x)};
  return {per_channel({0.485, 0.456, 0.406}, x), per_channel({0.229, 0.224, 0.225}, x)};
}

// `level` (n, 1, ...); noise of standard deviation 1.
Tensor disturb(const Tensor& values, const Tensor& level, const Tensor& deviation, const Tensor& noise) {
  const Tensor only = level == static_cast<double>(kNothingElse);
  return at::where(only, noise * deviation * kLouder, values + noise * deviation);
}

}  // namespace

Tensor noise_levels(const Tensor& index, const std::vector<ModalityInfo>& infos, uint64_t seed) {
  const Tensor positions = index.cpu().contiguous();
  const auto modalities = static_cast<int64_t>(infos.size());
  Tensor levels = at::full({positions.size(0), modalities}, kClean, at::kFloat);
  auto rows = levels.accessor<float, 2>();
  for (int64_t i = 0; i < positions.size(0); ++i) {
    RandomStream random = random_stream(seed, fmt::format("noise/{}", positions[i].item<int64_t>()));
    const bool clean = random.bernoulli(0.5);
    for (int64_t m = 0; m < modalities; ++m) {
      const int64_t level = random.integer(kClean, kNothingElse);
      if (!clean && infos[static_cast<size_t>(m)].type != "text") rows[i][m] = static_cast<float>(level);
    }
  }
  return levels.to(index.device());
}

Tensor with_noise(const Tensor& x, const ModalityInfo& info, const Tensor& level) {
  const Tensor rows = level.gt(static_cast<double>(kClean)).nonzero().flatten();
  if (rows.size(0) == 0 || info.type == "text") return x;
  const Tensor chosen = x.index_select(0, rows);
  std::vector<int64_t> sizes(static_cast<size_t>(x.dim()), 1);
  sizes[0] = rows.size(0);
  const Tensor levels = level.index_select(0, rows).to(x.scalar_type()).view(sizes);
  if (!is_pictures(info)) {
    return x.index_copy(0, rows, disturb(chosen, levels, levels, at::randn_like(chosen)));
  }
  const auto [mean, deviation] = normalisation(info, x);
  std::vector<int64_t> one_channel = chosen.sizes().vec();
  one_channel[1] = 1;
  const Tensor noise = at::randn(one_channel, x.options());
  const Tensor grey = disturb((chosen * deviation + mean) * kWhite, levels, levels.square(), noise).clamp(0, kWhite);
  return x.index_copy(0, rows, ((grey / kWhite - mean) / deviation).contiguous());
}

}  // namespace pdmp

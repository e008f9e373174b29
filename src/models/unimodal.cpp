#include "models/unimodal.h"

#include <bit>
#include <fmt/format.h>
#include <limits>
#include <torch/nn/functional/loss.h>
#include <torch/nn/modules/linear.h>

#include "base/table.h"
#include "models/fusion/features.h"
#include "pdmp/error.h"

namespace pdmp::models {
namespace {

constexpr int64_t kAny = std::numeric_limits<int64_t>::max();
constexpr int64_t kMostPlayers = 8;  // 255 passes

std::vector<Tensor> logits_of_fusion(Fusion& fusion, const std::vector<Feature>& features, const Tensor& present) {
  return fusion.unimodal_logits(features, present);
}

const std::vector<UnimodalForm>& unimodal_table() {
  static const std::vector<UnimodalForm> table = {{"fusion", logits_of_fusion, kAny},
                                                  {"masked", masked_logits, kAny},
                                                  {"shapley", shapley_logits, kMostPlayers},
                                                  {"probe", nullptr, kAny}};
  return table;
}

// F(S): bit m of `subset` says whether m is in S.
Tensor fused_logits(Fusion& fusion, const std::vector<Feature>& features, const Tensor& present, size_t subset) {
  std::vector<Feature> some = features;
  Tensor here = present.clone();
  for (size_t m = 0; m < features.size(); ++m) {
    if (contains(subset, m)) continue;
    Feature& feature = some[m];
    if (feature.map.defined()) feature.map = torch::zeros_like(feature.map);
    feature.pooled = torch::zeros_like(feature.pooled);
    here.select(1, static_cast<int64_t>(m)).fill_(false);
  }
  return fusion.forward(some, here);
}

// Factors of F(S) in s_m, |S| = size: for m in S, and for m not in S.
struct ShapleyFactors {
  double member, outsider;
};

ShapleyFactors shapley_factors(int64_t size, int64_t players) {
  double subsets = 1;  // of this size
  for (int64_t i = 0; i < size; ++i) subsets *= static_cast<double>(players - i) / static_cast<double>(i + 1);
  const double outside = static_cast<double>(players - size);
  return {1 / (static_cast<double>(size) * subsets), outside > 0 ? -1 / (outside * subsets) : 0};
}

}  // namespace

std::vector<std::string> unimodal_names() { return row_names(unimodal_table()); }

const UnimodalForm& find_unimodal_form(const std::string& name, int64_t modalities) {
  const UnimodalForm& form = get_row(unimodal_table(), name, "unimodal: unknown value");
  if (modalities <= form.most_modalities) return form;
  throw Error(ErrorKind::usage,
              fmt::format("unimodal: {} takes a pass for each of the 2^M subsets of the modalities and expects at most "
                          "{} of them, found {}; use masked or probe",
                          name, form.most_modalities, modalities));
}

std::vector<Tensor> shapley_values(size_t players, const std::function<Tensor(size_t subset)>& value) {
  std::vector<Tensor> shares(players);
  for (size_t subset = 1; subset < size_t{1} << players; ++subset) {
    const Tensor worth = value(subset);
    const ShapleyFactors factors = shapley_factors(std::popcount(subset), static_cast<int64_t>(players));
    for (size_t m = 0; m < players; ++m) {
      const Tensor share = worth * (contains(subset, m) ? factors.member : factors.outsider);
      shares[m] = shares[m].defined() ? shares[m] + share : share;
    }
  }
  return shares;
}

std::vector<Tensor> shapley_logits(Fusion& fusion, const std::vector<Feature>& features, const Tensor& present) {
  return shapley_logits(fusion, features, present, Tensor());
}

std::vector<Tensor> shapley_logits(Fusion& fusion, const std::vector<Feature>& features, const Tensor& present,
                                   const Tensor& whole) {
  const size_t all = (size_t{1} << features.size()) - 1;
  return shapley_values(features.size(), [&](size_t subset) {
    return subset == all && whole.defined() ? whole : fused_logits(fusion, features, present, subset);
  });
}

Probes::Probes(const std::vector<ModalityInfo>& modalities, const std::vector<int64_t>& widths, int64_t classes) {
  for (size_t m = 0; m < widths.size(); ++m)
    layers_.push_back(register_module(modalities[m].name, torch::nn::Linear(widths[m], classes)));
}

std::vector<Tensor> Probes::logits(const std::vector<Feature>& features) {
  std::vector<Tensor> logits;
  for (size_t m = 0; m < features.size(); ++m) {
    // Outside of the encoders' arithmetic: a step log asks for logits without autocast.
    logits.push_back(layers_[m]->forward(features[m].pooled.detach().to(layers_[m]->weight.scalar_type())));
  }
  return logits;
}

Tensor Probes::loss(const std::vector<Feature>& features, const Tensor& present, const Tensor& labels) {
  const std::vector<Tensor> all = logits(features);
  Tensor total;
  for (size_t m = 0; m < all.size(); ++m) {
    const Tensor rows = present.select(1, static_cast<int64_t>(m)).nonzero().flatten();
    if (rows.size(0) == 0) continue;
    const Tensor loss =
        torch::nn::functional::cross_entropy(all[m].index_select(0, rows), labels.index_select(0, rows));
    total = total.defined() ? total + loss : loss;
  }
  return total;
}

}  // namespace pdmp::models

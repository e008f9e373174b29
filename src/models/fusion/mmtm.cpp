#include "models/fusion/mmtm.h"

#include <fmt/format.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/linear.h>

#include "models/fusion/early_maps.h"
#include "models/fusion/modalities.h"
#include "models/layers/evaluation_mode.h"
#include "models/layers/present_rows.h"
#include "models/layers/residual.h"

namespace pdmp::models {
namespace {

// Channels of a map after layer3 and after layer4.
int64_t late_width(int64_t width, size_t stage) { return width << (2 + stage); }

Tensor run(torch::nn::Sequential& stage, const Tensor& rows) {
  return pass_with_statistics(*stage, rows.size(0), [&] { return stage->forward(rows); });
}

class MmtmOptions : public FusionOptions {
 public:
  void describe(OptionList& list) override {
    fronts_.describe(list);
    list.add("ratio", &settings_.ratio, "Each MMTM squeezes all channels to 2 / ratio of their number.").at_least(1);
    list.add("gate-gain", &settings_.gate_gain, "Factor on the gates' sigmoid.").at_least(1).at_most(2);
    list.add("share-late", &settings_.share_late, "One layer3 and layer4 for all modalities, or one of each for each.");
    list.add("heads", &heads_, "One classifier over all modalities, or one per modality, whose logits are averaged.")
        .one_of({"joint", "branch"});
  }

  std::string encoder(const ModalityInfo& modality, const std::vector<ModalityInfo>& modalities) const override {
    return fronts_.encoder(modality, modalities, 0);
  }

  std::shared_ptr<Fusion> make(const std::vector<int64_t>& widths, int64_t classes) const override {
    fronts_.check("mmtm");
    if (settings_.share_late) expect_equal_widths("mmtm: share-late=true", widths, "mmtm:share-late=false");
    MmtmSettings settings = settings_;
    settings.width = fronts_.width;
    settings.joint_heads = heads_ == "joint";
    return std::make_shared<MmtmFusion>(widths, classes, settings);
  }

 private:
  FrontOptions fronts_;
  MmtmSettings settings_;
  std::string heads_ = "joint";
};

}  // namespace

MmtmFusion::MmtmFusion(const std::vector<int64_t>& widths, int64_t classes, const MmtmSettings& settings)
    : settings_(settings), modalities_(widths.size()) {
  add_late_stages(widths);
  if (modalities_ > 1) add_transfers(widths);
  add_heads(classes);
}

void MmtmFusion::add_late_stages(const std::vector<int64_t>& widths) {
  for (size_t stage = 0; stage < late_.size(); ++stage) {
    const std::string name = fmt::format("layer{}", 3 + stage);
    const int64_t out = late_width(settings_.width, stage);
    const size_t copies = settings_.share_late ? 1 : modalities_;
    for (size_t m = 0; m < copies; ++m) {
      const int64_t in = stage == 0 ? widths[m] : late_width(settings_.width, stage - 1);
      late_[stage].push_back(
          register_module(settings_.share_late ? name : fmt::format("{}_{}", name, m), residual_stage(in, out, 2)));
    }
  }
}

void MmtmFusion::add_transfers(const std::vector<int64_t>& widths) {
  for (size_t i = 0; i <= late_.size(); ++i) {
    const std::vector<int64_t> channels =
        i == 0 ? widths : std::vector<int64_t>(modalities_, late_width(settings_.width, i - 1));
    transfers_.push_back(
        register_module(fmt::format("mmtm{}", i + 1),
                        MultimodalTransfer(channels, settings_.ratio, static_cast<double>(settings_.gate_gain))));
  }
}

void MmtmFusion::add_heads(int64_t classes) {
  const int64_t features = late_width(settings_.width, late_.size() - 1);
  if (settings_.joint_heads) {
    heads_.push_back(register_module("fc", torch::nn::Linear(static_cast<int64_t>(modalities_) * features, classes)));
    return;
  }
  for (size_t m = 0; m < modalities_; ++m) {
    heads_.push_back(register_module(fmt::format("fc_{}", m), torch::nn::Linear(features, classes)));
  }
}

// `rows`: indices of the rows that have m. The others stay zero, touch no BatchNorm and give no gradient.
Tensor MmtmFusion::late(size_t stage, size_t m, const Tensor& map, const Tensor& rows) {
  torch::nn::Sequential& layers = late_[stage][settings_.share_late ? 0 : m];
  if (rows.size(0) == map.size(0)) return run(layers, map);
  if (rows.size(0) == 0) {
    return torch::zeros({map.size(0), late_width(settings_.width, stage), 1, 1}, map.options().requires_grad(false));
  }
  return scatter_rows(run(layers, map.index_select(0, rows)), rows, map.size(0));
}

// M x (B, 8 width), from the early maps.
std::vector<Tensor> MmtmFusion::pooled(std::vector<Tensor> maps, const Tensor& present) {
  for (size_t stage = 0; stage <= late_.size(); ++stage) {
    for (size_t m = 0; stage > 0 && m < modalities_; ++m) {
      const Tensor rows = present.select(1, static_cast<int64_t>(m)).nonzero().flatten();
      maps[m] = late(stage - 1, m, maps[m], rows);
    }
    if (!transfers_.empty()) maps = transfers_[stage]->forward(maps);
  }
  for (Tensor& map : maps) map = map.mean({2, 3});
  return maps;
}

Tensor MmtmFusion::joint_logits(const std::vector<Tensor>& maps, const Tensor& present) {
  return heads_[0]->forward(torch::cat(pooled(maps, present), 1));
}

std::vector<Tensor> MmtmFusion::branch_logits(const std::vector<Feature>& features, const Tensor& present) {
  std::vector<Tensor> logits = pooled(maps_of(features), present);
  for (size_t m = 0; m < modalities_; ++m) {
    logits[m] = heads_[m]->forward(logits[m]) * present.slice(1, static_cast<int64_t>(m), static_cast<int64_t>(m) + 1);
  }
  return logits;
}

Tensor MmtmFusion::mean_of_branches(const std::vector<Tensor>& logits, const Tensor& present) {
  return torch::stack(logits).sum(0) / present.sum(1, /*keepdim=*/true).clamp_min(1);
}

Tensor MmtmFusion::forward(const std::vector<Feature>& features, const Tensor& present) {
  if (settings_.joint_heads) return joint_logits(maps_of(features), present);
  return mean_of_branches(branch_logits(features, present), present);
}

std::vector<Tensor> MmtmFusion::unimodal_logits(const std::vector<Feature>& features, const Tensor& present) {
  if (has_branch_heads()) return branch_logits(features, present);
  const std::vector<Tensor> maps = maps_of(features);
  std::vector<Tensor> logits;
  for (size_t m = 0; m < modalities_; ++m) {
    Tensor counted = torch::ones_like(present);
    counted.select(1, static_cast<int64_t>(m)).copy_(present.select(1, static_cast<int64_t>(m)));
    logits.push_back(joint_logits(only(maps, m), counted));
  }
  return logits;
}

std::optional<int64_t> MmtmFusion::owner(const std::string& name) const {
  for (const char* prefix : {"layer3_", "layer4_", "mmtm1.excite_", "mmtm2.excite_", "mmtm3.excite_", "fc_"}) {
    if (const auto m = numbered_owner(name, prefix)) return m;
  }
  return std::nullopt;
}

bool MmtmFusion::in_encoder(const std::string& name) const { return owner(name) && name.starts_with("layer"); }

std::unique_ptr<FusionOptions> mmtm_options() { return std::make_unique<MmtmOptions>(); }

}  // namespace pdmp::models

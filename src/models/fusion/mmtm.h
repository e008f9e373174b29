// Late halves of ResNet-18, one pass per modality, that gate each other's channels through MMTM (models.md 6). Declared
// here for the methods that look at the gates or hold them (greedy).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/linear.h>
#include <vector>

#include "models/layers/multimodal_transfer.h"
#include "pdmp/model.h"

namespace pdmp::models {

struct MmtmSettings {
  int64_t width = 64;       // of the fronts' first stage: the late stages have 4 width and 8 width channels
  int64_t ratio = 2;        // of each MMTM: 2 sum of C_m / ratio hidden units
  int64_t gate_gain = 1;    // factor on its sigmoid
  bool share_late = true;   // one layer3 and layer4 for all modalities (as released), or one of each for each
  bool joint_heads = true;  // one linear layer over all modalities; false: one per modality, averaged
};

// map m -> mmtm1 -> layer3 -> mmtm2 -> layer4 -> mmtm3 -> mean over positions -> logits. With one modality there is
// nothing to transfer: no MMTM, what remains is a ResNet-18.
//
// A row that lacks modality m: its map stays zero all the way, and neither the late stages nor a branch head see it.
class MmtmFusion : public Fusion {
 public:
  MmtmFusion(const std::vector<int64_t>& widths, int64_t classes, const MmtmSettings& settings);

  Tensor forward(const std::vector<Feature>& features, const Tensor& present) override;
  // Joint head: the pass with the other modalities' early maps zero, which go through the late stages all the same.
  // Branch heads: branch_logits.
  std::vector<Tensor> unimodal_logits(const std::vector<Feature>& features, const Tensor& present) override;
  // excite_m of each MMTM and branch head fc_m are m's; so are layer3_m and layer4_m, as parts of its encoder.
  std::optional<int64_t> owner(const std::string& name) const override;
  bool in_encoder(const std::string& name) const override;

  bool has_branch_heads() const { return !settings_.joint_heads; }
  // M x (B, C), branch heads only: the logits of each branch in the one joint pass, zero in rows that lack the
  // modality. `forward` is their mean over the modalities a row has.
  std::vector<Tensor> branch_logits(const std::vector<Feature>& features, const Tensor& present);
  static Tensor mean_of_branches(const std::vector<Tensor>& logits, const Tensor& present);

  // mmtm1, mmtm2, mmtm3; empty with one modality. Their gates can be read and fixed.
  std::vector<MultimodalTransfer> transfers() const { return transfers_; }

 private:
  void add_late_stages(const std::vector<int64_t>& widths);
  void add_transfers(const std::vector<int64_t>& widths);
  void add_heads(int64_t classes);
  Tensor late(size_t stage, size_t m, const Tensor& map, const Tensor& rows);
  std::vector<Tensor> pooled(std::vector<Tensor> maps, const Tensor& present);
  Tensor joint_logits(const std::vector<Tensor>& maps, const Tensor& present);

  MmtmSettings settings_;
  size_t modalities_;
  std::array<std::vector<torch::nn::Sequential>, 2> late_;  // layer3, layer4: of all modalities, or of each
  std::vector<MultimodalTransfer> transfers_;
  std::vector<torch::nn::Linear> heads_;  // one, or one per modality
};

}  // namespace pdmp::models

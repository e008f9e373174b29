#include "base/table.h"

#include "pdmp/model.h"

namespace pdmp {

namespace models {
std::unique_ptr<FusionOptions> concat_options();
std::unique_ptr<FusionOptions> sum_options();
std::unique_ptr<FusionOptions> film_options();
std::unique_ptr<FusionOptions> film_bilinear_options();
std::unique_ptr<FusionOptions> film_symmetric_options();
std::unique_ptr<FusionOptions> gated_options();
std::unique_ptr<FusionOptions> gated_symmetric_options();
std::unique_ptr<FusionOptions> attention_options();
std::unique_ptr<FusionOptions> se_fusion_options();
std::unique_ptr<FusionOptions> mmtm_options();
std::unique_ptr<FusionOptions> mmformer_options();
}  // namespace models

std::string FusionOptions::encoder(const ModalityInfo& modality, const std::vector<ModalityInfo>&) const {
  return default_encoder(modality);
}

namespace {

Registry<FusionInfo>& rows() {
  static Registry<FusionInfo> table = {
      {"concat", "one linear layer over all features side by side; a block of it belongs to each modality",
       models::concat_options, "Eq. 3 of PDMP (Wei et al.), and most of the methods it is compared with"},
      {"sum", "a linear layer per modality; their logits are added up", models::sum_options,
       "late fusion as in OGM-GE (Peng et al., CVPR 2022)"},
      {"film", "the first of two modalities scales and shifts the feature of the second", models::film_options,
       "Perez et al., FiLM, AAAI 2018; as in OGM-GE (Peng et al., CVPR 2022)"},
      {"film_bilinear",
       "a linear layer over all products of two modalities' features, called FiLM in places; 512 MiB at width 512",
       models::film_bilinear_options, "code released with GDL and ARL by authors of PDMP, there under the name FiLM"},
      {"film_symmetric", "every modality's feature is scaled and shifted by the others, then concatenated",
       models::film_symmetric_options, "pdmp; film for any number of modalities, none of them in front"},
      {"gated", "the first of two modalities opens a gate for the feature of the second", models::gated_options,
       "Kiela et al., Efficient Large-Scale Multi-Modal Classification, AAAI 2018; as in OGM-GE"},
      {"gated_symmetric", "every modality's feature passes a gate that the others open, then concatenated",
       models::gated_symmetric_options, "pdmp; gated for any number of modalities, none of them in front"},
      {"attention",
       "a weighted mean of the projected features; weights by attention over the modalities that are there",
       models::attention_options,
       "pooling of Ilse et al., Attention-based Deep Multiple Instance Learning, ICML 2018, over modalities"},
      {"se_fusion", "the modalities' early maps side by side, and one late half of a ResNet-18 over the stack",
       models::se_fusion_options, "Zhang et al., CASIA-SURF, CVPR 2019"},
      {"mmtm", "a late half of ResNet-18 for each modality; between the stages they gate each other's channels",
       models::mmtm_options, "Joze et al., MMTM: Multimodal Transfer Module for CNN Fusion, CVPR 2020"},
      {"mmformer", "tokens of every modality's map attend to each other, then to those of all modalities",
       models::mmformer_options, "Zhang et al., mmFormer, MICCAI 2022; its encoders and a classifier, for pictures"},
  };
  return table;
}

}  // namespace

const Registry<FusionInfo>& fusion_table() { return rows(); }

void register_fusion(FusionInfo row) { add_row(rows(), std::move(row), "fusion"); }

}  // namespace pdmp

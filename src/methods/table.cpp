#include <fmt/format.h>

#include "methods/methods.h"
#include "pdmp/error.h"

namespace pdmp {

const std::vector<MethodInfo>& method_table() {
  static const std::vector<MethodInfo> table = {
      {"joint", "Plain joint training: every encoder learns at the same rate.", "baseline", make_joint_options},
      {"mmcosine", "Sums cosines of features and class weights: no modality wins by magnitude.",
       "MMCosine, ICASSP 2023", make_mmcosine_options},
      {"mmpareto", "A loss per modality; an encoder descends where neither its own nor the fused loss suffers.",
       "MMPareto, ICML 2024", make_mmpareto_options},
      {"dgl", "Encoders learn from losses of their own only, the fusion from the fused loss only.",
       "Disentangled gradient learning, ICCV 2025", make_dgl_options},
      {"pdmp", "Lets the modality that is best on its own lead: its encoder learns faster, constantly.",
       "PDMP, Performance-Dominant Modality Prioritization", make_pdmp_options},
      {"cggm",
       "Largest gradient for the encoder whose own classifier improved least; pulls the head towards all of them.",
       "Classifier-guided gradient modulation, NeurIPS 2024", make_cggm_options},
      {"gmml", "A loss per modality; gradients of whoever lags behind grow, of whoever leads shrink.",
       "Improving Multimodal Learning with Multi-Loss Gradient Modulation, BMVC 2024", make_gmml_options},
      {"uniform_lr", "Another learning rate for everything or for whole modalities, head included; else joint.",
       "PDMP, ablation in the discussion", make_uniform_lr_options},
      {"ogm", "Slows the encoder down that is surer of the true class, step by step.",
       "Balanced Multimodal Learning via On-the-fly Gradient Modulation (CVPR 2022)", make_ogm_options},
      {"ogm_ge", "ogm, and Gaussian noise on the gradients of every encoder.",
       "Balanced Multimodal Learning via On-the-fly Gradient Modulation (CVPR 2022)", make_ogm_ge_options},
      {"agm", "Holds a modality back that is further ahead than usual, in its Shapley share of the fused logits.",
       "Boosting Multi-modal Model Performance with Adaptive Gradient Modulation (ICCV 2023)", make_agm_options},
  };
  return table;
}

const MethodInfo& find_method(const std::string& name) {
  std::vector<std::string> names;
  for (const MethodInfo& info : method_table()) {
    if (name == info.name) return info;
    names.emplace_back(info.name);
  }
  throw Error(ErrorKind::usage, fmt::format("unknown method '{}'{}", name, suggestion(name, names)));
}

}  // namespace pdmp

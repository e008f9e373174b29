// The smallest program that uses pdmp as an installed library: two modalities of numbers, one forward pass.
#include <cstdio>
#include <pdmp/pdmp.h>

int main() {
  const std::vector<pdmp::ModalityInfo> modalities = {{"left", "vector", {5}}, {"right", "vector", {7}}};
  pdmp::Model model(modalities, 3, pdmp::ModelOptions(), 0);
  pdmp::Batch batch;
  batch.inputs = {torch::zeros({4, 5}), torch::ones({4, 7})};
  batch.present = torch::ones({4, 2}, torch::kBool);
  const pdmp::Outputs outputs = model.forward(batch, true);
  std::printf("fused logits %d x %d, unimodal logits %d\n", static_cast<int>(outputs.fused.size(0)),
              static_cast<int>(outputs.fused.size(1)), static_cast<int>(outputs.unimodal.size()));
}

// The release makes a pass of the whole model for each subset of the modalities. In evaluation mode what an encoder
// makes of its input depends on nothing else, so each encoder runs twice here, on its input and on zeros, and only the
// fusion once for each subset. Zeros are the same for every row: one row of them is enough.
#include "methods/masked_inputs.h"

#include "models/layers/evaluation_mode.h"
#include "models/layers/present_rows.h"
#include "models/unimodal.h"

namespace pdmp {
namespace {

// One row at `rows` of `size` rows, zeros elsewhere.
Tensor repeated(const Tensor& row, const Tensor& rows, int64_t size) {
  if (!row.defined()) return {};
  std::vector<int64_t> sizes = row.sizes().vec();
  sizes[0] = rows.size(0);
  return scatter_rows(row.expand(sizes), rows, size);
}

// What zeros in the place of modality m's input are encoded to.
Feature blank_feature(Model& model, const Batch& batch, int64_t m) {
  const Tensor zeros = torch::zeros_like(batch.inputs[static_cast<size_t>(m)].slice(0, 0, 1));
  const Feature one = model.encode(m, zeros, torch::ones({1}, batch.present.options()));
  const Tensor rows = batch.present.select(1, m).nonzero().flatten();
  return {repeated(one.map, rows, batch.size()), repeated(one.pooled, rows, batch.size())};
}

}  // namespace

std::vector<Tensor> shapley_logits_of_inputs(Model& model, const Batch& batch, const Tensor& whole) {
  const EvaluationMode evaluation(model);
  std::vector<Feature> seen, blank;
  for (int64_t m = 0; m < model.modalities(); ++m) {
    seen.push_back(model.encode(m, batch.inputs[static_cast<size_t>(m)], batch.present.select(1, m)));
    blank.push_back(blank_feature(model, batch, m));
  }
  const size_t all = (size_t{1} << seen.size()) - 1;
  return shapley_values(seen.size(), [&](size_t subset) {
    if (subset == all) return whole;
    std::vector<Feature> features;
    for (size_t m = 0; m < seen.size(); ++m) features.push_back(contains(subset, m) ? seen[m] : blank[m]);
    return model.fuse(features, batch.present);
  });
}

}  // namespace pdmp

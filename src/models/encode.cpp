// Encoders on whole batches.
#include "models/encode.h"

#include "models/layers/evaluation_mode.h"
#include "models/layers/present_rows.h"

namespace pdmp::models {
namespace {

Feature encode_rows(Encoder& encoder, const Tensor& x) {
  return pass_with_statistics(encoder, x.size(0), [&] { return encoder.forward(x); });
}

// Features of a batch in which nobody has the modality. Their shape is asked from one row of zeros, with nothing
// learnt.
Feature absent_feature(Encoder& encoder, const Tensor& x) {
  const torch::NoGradGuard no_grad;
  const EvaluationMode evaluation(encoder);
  const Feature one = encoder.forward(torch::zeros_like(x.slice(0, 0, 1)));
  return {one.map.defined() ? zeros_like_row(one.map, x.size(0)) : Tensor(), zeros_like_row(one.pooled, x.size(0))};
}

}  // namespace

Feature encode_batch(Encoder& encoder, const Tensor& x, const Tensor& present) {
  const Tensor rows = present.nonzero().flatten();
  if (rows.size(0) == x.size(0)) return encode_rows(encoder, x);
  if (rows.size(0) == 0) return absent_feature(encoder, x);
  const Feature seen = encode_rows(encoder, x.index_select(0, rows));
  return {scatter_rows(seen.map, rows, x.size(0)), scatter_rows(seen.pooled, rows, x.size(0))};
}

}  // namespace pdmp::models

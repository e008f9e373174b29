#include "train/step/beginning.h"

#include "base/files/sha256.h"

namespace pdmp::training {
namespace {

void add_values(Sha256& hash, const Tensor& tensor) {
  const Tensor values = tensor.detach().cpu().contiguous();
  hash.add({static_cast<const char*>(values.const_data_ptr()), values.nbytes()});
}

}  // namespace

NameMap encoder_hashes(Model& model) {
  NameMap hashes;
  for (int64_t m = 0; m < model.modalities(); ++m) {
    Sha256 hash;
    for (const Tensor& parameter : model.encoder(m).parameters()) add_values(hash, parameter);
    hashes[model.infos()[static_cast<size_t>(m)].name] = hash.hex();
  }
  return hashes;
}

std::string hash_of_batches(const std::string& before, const Tensor& index) {
  Sha256 hash;
  hash.add(before);
  add_values(hash, index);
  return hash.hex();
}

}  // namespace pdmp::training

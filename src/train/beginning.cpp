#include "train/beginning.h"

#include "base/file.h"

namespace pdmp {
namespace {

void append_bytes(std::string& bytes, const Tensor& tensor) {
  const Tensor values = tensor.detach().cpu().contiguous();
  bytes.append(static_cast<const char*>(values.const_data_ptr()), values.nbytes());
}

}  // namespace

NameMap encoder_hashes(Model& model) {
  NameMap hashes;
  for (int64_t m = 0; m < model.modalities(); ++m) {
    std::string bytes;
    for (const Tensor& parameter : model.encoder(m).parameters()) append_bytes(bytes, parameter);
    hashes[model.infos()[static_cast<size_t>(m)].name] = sha256_hex(bytes);
  }
  return hashes;
}

std::string hash_of_batches(const std::string& before, const Tensor& index) {
  std::string bytes = before;
  append_bytes(bytes, index);
  return sha256_hex(bytes);
}

}  // namespace pdmp

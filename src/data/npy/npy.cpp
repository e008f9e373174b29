// .npy and .npz files as tensors.
#include "data/npy/npy.h"

#include <ATen/ops/empty.h>
#include <string>

#include "data/files/media_file.h"
#include "data/npy/npy_format.h"
#include "data/npy/npz.h"
#include "pdmp/tensor.h"

namespace pdmp::data {
namespace {

// Of the .npy file, also where it is the one in a .npz.
std::string read_bytes(const std::filesystem::path& path, const FileLimits& limits) {
  const FileReading reading(path, limits);
  std::string bytes = read_media(reading, kNpyExpected);
  return is_npz(bytes) ? unpack_npz(reading, bytes) : bytes;
}

}  // namespace

std::vector<int64_t> read_npy_shape(const std::filesystem::path& path, const FileLimits& limits) {
  return parse_npy_header(path, read_bytes(path, limits)).shape;
}

Tensor read_npy(const std::filesystem::path& path, const FileLimits& limits) {
  const std::string bytes = read_bytes(path, limits);
  const NpyHeader header = parse_npy_header(path, bytes);
  Tensor values = at::empty(header.shape, at::kFloat);
  copy_npy_values(path, bytes, header, values.data_ptr<float>());
  return values;
}

}  // namespace pdmp::data

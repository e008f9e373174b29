#include "data/types/npy.h"

#include <string>

#include "data/decode/media_file.h"
#include "data/types/npy_format.h"

namespace pdmp {

std::vector<int64_t> read_npy_shape(const std::filesystem::path& path, const FileLimits& limits) {
  return parse_npy_header(path, read_media(FileReading(path, limits), kNpyExpected)).shape;
}

Tensor read_npy(const std::filesystem::path& path, const FileLimits& limits) {
  const std::string bytes = read_media(FileReading(path, limits), kNpyExpected);
  const NpyHeader header = parse_npy_header(path, bytes);
  Tensor values = torch::empty(header.shape, torch::kFloat32);
  copy_npy_values(path, bytes, header, values.data_ptr<float>());
  return values;
}

}  // namespace pdmp

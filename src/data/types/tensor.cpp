// A .npy file -> its values as float32, all of one shape.
#include "pdmp/tensor.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "data/files/media_file.h"
#include "data/npy/npy.h"
#include "data/types/cell_paths.h"
#include "data/types/known_shape.h"
#include "data/types/settings.h"
#include "data/types/types.h"
#include "pdmp/error.h"

namespace pdmp::data {
namespace {

class TensorType : public ModalityType {
 public:
  explicit TensorType(const ModalityEntry& entry) : TensorType(Settings(entry)) {}

  std::vector<int64_t> shape(const Cell* first_cell) const override {
    return shape_.get([&] {
      if (first_cell == nullptr) {
        throw Error(
            ErrorKind::data,
            where_ + ": expected a file to read the shape from, every cell is empty; give \"shape\" in dataset.json");
      }
      return read_npy_shape(cell_path(*first_cell), first_cell->limits());
    });
  }

  Tensor load(const Cell& cell, RandomStream*) const override {
    const std::filesystem::path path = cell_path(cell);
    Tensor values = read_npy(path, cell.limits());
    const std::vector<int64_t> expected = shape_.get([&] { return values.sizes().vec(); });
    if (values.sizes() != expected) {
      refuse_media(path, fmt::format("shape ({}) as the other samples", fmt::join(expected, ", ")),
                   fmt::format("({})", fmt::join(values.sizes(), ", ")), "cut or pad the array");
    }
    return values;
  }

  std::vector<std::filesystem::path> files(const Cell& cell) const override { return {cell_path(cell)}; }

 private:
  explicit TensorType(Settings source) : where_(source.where()), shape_(source.sizes("shape")) { source.finish(); }

  std::string where_;
  KnownShape shape_;
};

}  // namespace

std::unique_ptr<ModalityType> make_tensor_type(const ModalityEntry& entry) {
  return std::make_unique<TensorType>(entry);
}

}  // namespace pdmp::data
